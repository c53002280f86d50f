/**
 * The order in which deliveries become visible.
 *
 * @module
 */

/** A commit's place in the order of the calls. */
export interface CommitTurn {
  /** Settles when the commit before has become visible, or failed. */
  readonly before: Promise<void>;
  /** Lets the next one become visible. Idempotent. */
  pass(): void;
}

/** Gives turns. Syncs of several commits are shared; only the renames go one after the other. */
export class CommitOrder {
  #last: Promise<void> = Promise.resolve();

  /** The next turn. Whoever takes it must pass it on, whatever happens. */
  take(): CommitTurn {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    return { before, pass: resolve };
  }
}
