/**
 * Looks from time to time for messages whose time is over, as long as there are
 * any that can expire: the head of a queue shows its age by itself, what is
 * behind it does not.
 *
 * @module
 */
import type { Clock } from "../../stomp/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";

/** What a sweeper works with. */
export interface SweeperOptions {
  readonly clock: Clock;
  readonly limits: Pick<BrokerLimits, "sweepMs">;
  /** Looks; the answer is whether it has to be done again. */
  readonly sweep: () => boolean;
}

/** A timer that runs only while there is something to look for. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** There is something that can expire. */
  arm(): void {
    if (this.#stopped || this.#cancel !== undefined) return;
    const { clock, limits, sweep } = this.#options;
    this.#cancel = clock.after(limits.sweepMs, () => {
      this.#cancel = undefined;
      if (sweep()) this.arm();
    });
  }

  /** Looks no more, for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}
