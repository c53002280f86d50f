import { type Clock, systemClock } from "../../lib/time/mod.ts";

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
