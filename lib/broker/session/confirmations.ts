/**
 * Which frames of a client are understood and not yet confirmed.
 *
 * @module
 */
import { type Frame, makeFrame } from "../../stomp/mod.ts";
import type { Work } from "./conversation.ts";

/** What confirmations work with. */
export interface ConfirmationsOptions {
  /** Writes a RECEIPT; not awaited, for the way out keeps the order and the measure. */
  readonly write: (receipt: Frame) => void;
  /** Called when a frame cannot be done, with what was thrown. */
  readonly refuse: (error: unknown, frame: Frame) => void;
  /** Called when a frame is done with, one way or the other. */
  readonly onDone: () => void;
}

/** Does the work that frames ask for, and confirms it to those who ask for that. */
export class Confirmations {
  readonly #options: ConfirmationsOptions;
  readonly #waiting = new Set<Promise<void>>();
  #bytes = 0;

  constructor(options: ConfirmationsOptions) {
    this.#options = options;
  }

  /** Nothing waits. */
  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Bodies of the frames that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Settles when all that waits is done with. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#waiting);
  }

  /**
   * Begins the work of a frame, at once. It is confirmed when the work is done,
   * or sooner if the work says so.
   *
   * @returns what settles when the frame is done with; it does not reject
   */
  begin(frame: Frame, work: Work): Promise<void> {
    const done = this.#do(frame, work);
    this.#waiting.add(done);
    this.#bytes += frame.body.length;
    return done.finally(() => {
      this.#waiting.delete(done);
      this.#bytes -= frame.body.length;
      this.#options.onDone();
    });
  }

  /** Sends the receipt of a frame, if it asks for one. */
  confirm({ headers }: Frame): void {
    const id = headers.get("receipt");
    if (id === undefined) return;
    this.#options.write(makeFrame("RECEIPT", { "receipt-id": id }));
  }

  async #do(frame: Frame, work: Work): Promise<void> {
    let confirmed = false;
    const confirm = () => {
      if (!confirmed) this.confirm(frame);
      confirmed = true;
    };
    try {
      await work(confirm);
    } catch (error) {
      this.#options.refuse(error, frame);
      return;
    }
    confirm();
  }
}
