/**
 * Work that is done side by side and finished in order.
 *
 * @module
 */

/** A place in an {@linkcode Order}. */
export interface Turn {
  /** Settles when all turns before have been passed on. */
  readonly before: Promise<void>;
  /** Lets the next one go on. Idempotent. */
  pass(): void;
}

/** Gives turns, in the order of the calls. */
export class Order {
  #last: Promise<void> = Promise.resolve();

  /** The next turn. It must be passed on, whatever happens. */
  take(): Turn {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    return { before, pass: resolve };
  }
}
