/**
 * Time, as the connection and the client see it.
 *
 * @module
 */

/** A source of time and timers; tests bring their own. */
export interface Clock {
  /** Milliseconds since some fixed moment, never going back. */
  now(): number;
  /** Calls `callback` once after `ms`; returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
