/**
 * A look through a queue, which takes nothing out of it.
 *
 * @module
 */
import type { Entry } from "./backlog.ts";
import type { Consumer, Feed, Queue } from "./queue.ts";

/** Is shown what waits. */
export interface Viewer extends Consumer {
  /** It has been shown everything. Called once. */
  seen(): void;
}

/** What a browser works with. */
export interface BrowserOptions {
  /** The queue, as long as there is one. */
  readonly queue: () => Queue | undefined;
  /** Number of the last message to be shown: what comes later is not waited for. */
  readonly last: number;
  readonly isExpired: (entry: Entry) => boolean;
}

/**
 * Shows what waits in a queue, in order, as fast as the viewer takes it. What
 * somebody consumes meanwhile is not shown any more; nothing is marked as
 * delivered, nor can it be refused.
 */
export class Browser implements Feed {
  readonly #viewer: Viewer;
  readonly #options: BrowserOptions;
  #shown = 0;
  #ended = false;

  constructor(viewer: Viewer, options: BrowserOptions) {
    this.#viewer = viewer;
    this.#options = options;
  }

  resume(): void {
    const { queue, last, isExpired } = this.#options;
    while (!this.#ended && queue()?.paused !== true) {
      const entry = queue()?.after(this.#shown);
      if (entry === undefined || entry.sequence > last) {
        this.#ended = true;
        this.#viewer.seen();
        return;
      }
      if (!this.#viewer.ready) return;
      this.#shown = entry.sequence;
      if (!isExpired(entry)) this.#viewer.deliver(browsed(entry));
    }
  }

  giveBack(): void {}

  reject(): void {}

  cancel(): void {
    this.#ended = true;
  }
}

/** What is shown: to be done with it changes nothing in the queue or the store. */
function browsed(entry: Entry): Entry {
  const { sequence, size, expires, deliveries, message } = entry;
  return {
    sequence,
    size,
    expires,
    deliveries,
    message,
    failures: 0,
    stored: false,
  };
}
