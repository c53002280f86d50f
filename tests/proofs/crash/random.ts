/**
 * Chance that can be had again.
 *
 * @module
 */

/** A stream of numbers that its seed determines (mulberry32). */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number = crypto.getRandomValues(new Uint32Array(1))[0]!) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  /** A whole number from `least` to `most`, both included. */
  from(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  /** `true` once in so many times. */
  oneIn(times: number): boolean {
    return this.from(1, times) === 1;
  }

  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[] {
    const left = [...things];
    return things.map(() => left.splice(this.from(0, left.length - 1), 1)[0]!);
  }

  #next(): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  }
}
