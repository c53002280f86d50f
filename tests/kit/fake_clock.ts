import type { Clock } from "../../lib/stomp/mod.ts";

/** A clock on which every wait ends at once and moves the time by its length. */
export class FakeClock implements Clock {
  #now = 0;
  /** Lengths of all waits so far, in ms. */
  readonly slept: number[] = [];

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.now());
  }

  after(ms: number, callback: () => void): () => void {
    let cancelled = false;
    queueMicrotask(() => {
      if (cancelled) return;
      this.slept.push(ms);
      this.#now += ms;
      callback();
    });
    return () => cancelled = true;
  }
}
