/**
 * Work that must not overlap with other work for the same key.
 *
 * @module
 */

/** Runs the work for each key in the order of the calls, and different keys at once. */
export class PerKey {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` after all that was asked for before under this key, failed or not. */
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const mine = (this.#last.get(key) ?? Promise.resolve())
      .then(work, work)
      .finally(() => {
        if (this.#last.get(key) === mine) this.#last.delete(key);
      });
    this.#last.set(key, mine);
    return mine;
  }
}
