/**
 * Chance that can be had again: the same for the same seed on every machine.
 *
 * @module
 */

/** A generator of 32 bits of state (mulberry32): small, fast, good enough to choose. */
export class Random {
  readonly seed: number;
  #state: number;

  /** @param seed @default one that nobody knows beforehand */
  constructor(seed: number = crypto.getRandomValues(new Uint32Array(1))[0]!) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  /** From 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From 0 to `limit` - 1; 0 when there is no such number. */
  below(limit: number): number {
    return limit > 0 ? this.next() % limit : 0;
  }

  /** A whole number from `least` to `most`, both included. */
  from(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of `choices`, of which there must be one. */
  pick<T>(choices: ArrayLike<T>): T {
    return choices[this.below(choices.length)]!;
  }

  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[] {
    const left = [...things];
    return things.map(() => left.splice(this.below(left.length), 1)[0]!);
  }

  /** A length that is mostly small and sometimes up to `limit`. */
  length(limit: number): number {
    return this.below(this.oneIn(8) ? limit : Math.min(limit, 16)) + 1;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
