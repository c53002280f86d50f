/**
 * How long a sender goes on while nothing gets through.
 *
 * @module
 */
import type { SsmError } from "../../../errors.ts";
import { backoff, type Clock } from "../../../time/mod.ts";
import { retryAfterMs } from "../refusal.ts";

/** Settings of {@linkcode Patience}. */
export interface PatienceOptions {
  /** How long to go on from the first failure on, in ms; all of it is there again after a success. */
  readonly retryForMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1), to spread the pauses. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** The account of failures since the last success. */
export class Patience {
  readonly #options: PatienceOptions;
  #failures = 0;
  #since = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** Something was achieved. */
  restored(): void {
    this.#failures = 0;
  }

  /** @returns how long to wait before the next attempt, in ms; `undefined` when the time is up */
  failed(error: SsmError): number | undefined {
    const { clock, retryForMs, random } = this.#options;
    const now = clock.now();
    if (this.#failures++ === 0) this.#since = now;
    const waitMs = Math.max(
      backoff(this.#failures, random ? { random } : {}),
      retryAfterMs(error),
    );
    return now + waitMs > this.#since + retryForMs ? undefined : waitMs;
  }
}
