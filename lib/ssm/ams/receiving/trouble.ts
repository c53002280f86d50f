/**
 * What a receiver says and how long it waits when the service fails it.
 *
 * It never gives up: what it is refused today, an administrator may grant tomorrow.
 *
 * @module
 */
import { isSsmError, reason, type SsmError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import {
  backoff,
  type BackoffOptions,
  type Clock,
  sleep,
} from "../../../time/mod.ts";
import { isRefusal, retryAfterMs } from "../refusal.ts";

/** Settings of {@linkcode Trouble}. */
export interface TroubleOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1), to spread the pauses. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Ends every wait. */
  readonly signal: AbortSignal;
}

/** Pauses when somebody has to do something first: from one to ten minutes. */
const PATIENT: BackoffOptions = { firstMs: 60_000, maxMs: 600_000 };

/** Failures in a row, and what was said of them. */
export class Trouble {
  readonly #options: TroubleOptions;
  #failures = 0;
  #isConnected = false;
  /** What was said last that stays as it is until somebody does something. */
  #said: string | undefined;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  /** All is well. */
  over(): void {
    if (!this.#isConnected) this.#options.log.info("Connected.");
    this.#isConnected = true;
    this.#failures = 0;
    this.#said = undefined;
  }

  /**
   * Says that a call failed, and waits.
   *
   * @throws what is not an expected failure
   */
  async met(error: unknown): Promise<void> {
    const { log, signal } = this.#options;
    if (!isSsmError(error)) throw error;
    if (signal.aborted) return;
    if (isRefusal(error)) {
      this.#isConnected = false;
      await this.stuck(reason(error), error.hint, retryAfterMs(error));
      return;
    }
    this.#say(error);
    const waitMs = this.#nextPause({}, retryAfterMs(error));
    log.info(`Trying again in ${Math.ceil(waitMs / 1000)} s.`);
    await this.#pause(waitMs);
  }

  /** Says, once, what does not mend itself, and waits for long. */
  async stuck(words: string, hint?: string, leastMs = 0): Promise<void> {
    const { log } = this.#options;
    if (this.#said !== words) {
      this.#said = words;
      this.#failures = 0;
      log.error(words);
      if (hint !== undefined) log.error(`Hint: ${hint}`);
      log.info("Trying again every few minutes.");
    }
    await this.#pause(this.#nextPause(PATIENT, leastMs));
  }

  #say(error: SsmError): void {
    const { log } = this.#options;
    if (this.#isConnected) {
      log.warning("Connection lost.");
      log.warning(`Connection lost because: ${reason(error)}`);
    } else log.warning(`Failed to connect: ${reason(error)}`);
    if (error.hint !== undefined && this.#said !== error.hint) {
      this.#said = error.hint;
      log.warning(`Hint: ${error.hint}`);
    }
    this.#isConnected = false;
  }

  #nextPause(pauses: BackoffOptions, leastMs: number): number {
    const { random } = this.#options;
    const pause = backoff(++this.#failures, {
      ...pauses,
      ...(random && { random }),
    });
    return Math.max(pause, leastMs);
  }

  async #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    await sleep(clock, ms, signal);
  }
}
