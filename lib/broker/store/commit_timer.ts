/**
 * When a store commits what waits: as soon as possible, or as late as is good.
 *
 * @module
 */

import type { Clock } from "../../time/mod.ts";

/** Calls for commits. */
export class CommitTimer {
  readonly #clock: Clock;
  readonly #commit: () => boolean;
  #due: ReturnType<typeof setImmediate> | undefined;
  /** What cancels the commits of what is in no hurry, by how long that may wait. */
  readonly #later = new Map<number, () => void>();

  /** @param commit commits what waits, if anything does; tells whether more is to be committed at once */
  constructor(clock: Clock, commit: () => boolean) {
    this.#clock = clock;
    this.#commit = commit;
  }

  /**
   * Commits as soon as everything that came in along with this was looked at:
   * so the more is going on, the more shares one sync of the disk.
   */
  soon(): void {
    this.#due ??= setImmediate(() => {
      this.#due = undefined;
      if (this.#commit()) this.soon();
    });
  }

  /** As {@linkcode soon}, but not before something else needs it or the time is up. */
  within(ms: number): void {
    if (this.#later.has(ms)) return;
    const cancel = this.#clock.after(ms, () => {
      this.#later.delete(ms);
      this.soon();
    });
    this.#later.set(ms, cancel);
  }

  /** Calls for no more. */
  stop(): void {
    clearImmediate(this.#due);
    for (const cancel of this.#later.values()) cancel();
  }
}
