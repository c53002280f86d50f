/**
 * Clocks for tests: waits take no time, or a test moves it, or its date.
 *
 * @module
 */
import { type Clock, systemClock } from "../../lib/time/mod.ts";

/** A clock on which every wait ends at once and moves the time by its length. */
export class InstantClock implements Clock {
  #now = 0;
  readonly #onWait: (count: number) => void;
  #waits = 0;
  /** Lengths of all waits that have ended, in ms. */
  readonly slept: number[] = [];

  /** @param onWait is told of each wait before it begins, with its number from 1 */
  constructor(onWait: (count: number) => void = () => {}) {
    this.#onWait = onWait;
  }

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.now());
  }

  after(ms: number, callback: () => void): () => void {
    this.#onWait(++this.#waits);
    let cancelled = false;
    queueMicrotask(() => {
      if (cancelled) return;
      this.slept.push(ms);
      this.#now += ms;
      callback();
    });
    return () => cancelled = true;
  }

  /** Lets time pass without a wait. */
  skip(ms: number): void {
    this.#now += ms;
  }
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 0;
  #timeOfDay: number | undefined;
  readonly #timers = new Set<{ at: number; callback: () => void }>();
  #armed = Promise.withResolvers<void>();

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.timeOfDay);
  }

  /** What `date` says, in ms since 1970: as `now`, until it is set. */
  get timeOfDay(): number {
    return this.#timeOfDay ?? this.#now;
  }

  set timeOfDay(ms: number) {
    this.#timeOfDay = ms;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    this.#armed.resolve();
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and rings what is due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [due] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (due === undefined || due.at > end) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.callback();
    }
    this.#now = end;
  }

  /** Settles as soon as somebody waits. */
  async awaited(): Promise<void> {
    while (this.#timers.size === 0) {
      this.#armed = Promise.withResolvers();
      await this.#armed.promise;
    }
  }

  /** Lets somebody wait first, and then that much time pass. */
  async step(ms: number): Promise<void> {
    await this.awaited();
    this.advance(ms);
  }
}

/** The clock of the machine, whose date is as far ahead as a test says. */
export class ShiftedClock implements Clock {
  /** In milliseconds. */
  aheadMs = 0;

  now(): number {
    return systemClock.now();
  }

  date(): Date {
    return new Date(systemClock.date().getTime() + this.aheadMs);
  }

  after(ms: number, callback: () => void): () => void {
    return systemClock.after(ms, callback);
  }
}
