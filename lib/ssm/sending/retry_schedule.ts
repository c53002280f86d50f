/**
 * When to try again what could not be sent, in a process that goes on for ever.
 *
 * A file that no receiver accepts, that another process holds, or that cannot be
 * removed must not hold up the others: it comes after them, and less and less often.
 *
 * @module
 */
import { backoff, type Clock } from "../../stomp/mod.ts";

/** Settings of a {@linkcode RetrySchedule}. */
export interface RetryScheduleOptions {
  readonly clock: Clock;
  /** Wait after the first failure of a message, in ms. @default 60000 */
  readonly firstMs?: number;
  /** Longest wait, in ms. @default 3600000 */
  readonly maxMs?: number;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

interface Failure {
  readonly count: number;
  /** On the clock. */
  readonly dueAt: number;
}

/** Remembers failures, as long as their files are there. */
export class RetrySchedule {
  readonly #clock: Clock;
  readonly #waits: { firstMs: number; maxMs: number; random?: () => number };
  readonly #failures = new Map<string, Failure>();

  constructor(options: RetryScheduleOptions) {
    const { clock, firstMs = 60_000, maxMs = 3_600_000, random } = options;
    this.#clock = clock;
    this.#waits = { firstMs, maxMs, ...(random && { random }) };
  }

  /**
   * Which of the waiting messages to send now: first those that never failed, in
   * the given order, then those whose time has come, the longest due first.
   * Failures of messages that are gone are forgotten.
   */
  due(waiting: readonly string[]): string[] {
    const names = new Set(waiting);
    for (const name of [...this.#failures.keys()]) {
      if (!names.has(name)) this.#failures.delete(name);
    }
    const now = this.#clock.now();
    const again = [...this.#failures]
      .filter(([, { dueAt }]) => dueAt <= now)
      .sort(([, a], [, b]) => a.dueAt - b.dueAt)
      .map(([name]) => name);
    return [...waiting.filter((name) => !this.#failures.has(name)), ...again];
  }

  /** A message is still there after it was tried. */
  failed(name: string): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    const dueAt = this.#clock.now() + backoff(count, this.#waits);
    this.#failures.set(name, { count, dueAt });
  }
}
