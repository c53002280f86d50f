/**
 * The messages of a letter that are under way when the last one leaves.
 *
 * @module
 */

/** Confirmations of messages that only together mean something. */
export class EarlierParts {
  readonly #confirmed: Promise<boolean>[] = [];
  #isGood = true;
  #count = 0;

  /** Whether it makes sense to send what comes after them. */
  get isGood(): boolean {
    return this.#isGood;
  }

  /** How many are confirmed so far. */
  get confirmed(): number {
    return this.#count;
  }

  /**
   * One more is under way.
   *
   * @param confirmed false when the run is over; rejects when it is not wanted
   * @param leave is called when that is known, after `isGood` tells of it
   */
  add(confirmed: Promise<boolean>, leave: () => void): void {
    this.#confirmed.push(confirmed);
    const settle = (good: boolean) => {
      this.#isGood &&= good;
      if (good) this.#count++;
      leave();
    };
    confirmed.then(settle, () => settle(false));
  }

  /** Waits for all. @returns false when the run is over @throws what was thrown first */
  async all(): Promise<boolean> {
    await Promise.allSettled(this.#confirmed);
    return (await Promise.all(this.#confirmed)).every((good) => good);
  }
}
