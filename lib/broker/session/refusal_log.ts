/**
 * The log of the clients that were refused.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { Clock } from "../../stomp/mod.ts";

/** Enough to see what is going on. */
const LINES_A_MINUTE = 100;
const MINUTE_MS = 60_000;

/**
 * Names the clients that were refused, and why, a bounded number a minute: to be refused costs a
 * stranger nothing, and a flood of it must not fill the disk of the log.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #since = -Infinity;
  #told = 0;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Somebody was refused. */
  tell(remote: string, why: string): void {
    const now = this.#clock.now();
    if (now - this.#since >= MINUTE_MS) this.#begin(now);
    if (++this.#told <= LINES_A_MINUTE) {
      this.#logger.warning(`Refused ${remote}: ${why}`);
    }
    if (this.#told === LINES_A_MINUTE) {
      this.#logger.warning(
        `Refused ${LINES_A_MINUTE} times within a minute: more are only counted.`,
      );
    }
  }

  #begin(now: number): void {
    const untold = this.#told - LINES_A_MINUTE;
    if (untold > 0) {
      this.#logger.warning(`Refused ${untold} times more, not named here.`);
    }
    this.#since = now;
    this.#told = 0;
  }
}
