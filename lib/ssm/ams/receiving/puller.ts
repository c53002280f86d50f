/**
 * Pulls, and knows what to do when nothing comes, or nothing can.
 *
 * @module
 */
import { isAmsError, type PulledMessage } from "../../../ams/mod.ts";
import { isSsmError } from "../../../errors.ts";
import { backoff, type Clock, sleep } from "../../../time/mod.ts";
import type { AmsSubscription } from "../service.ts";
import type { BrokenRecord } from "./broken_record.ts";
import type { Position } from "./position.ts";
import type { PullSize } from "./pull_size.ts";
import type { SavedOffsets } from "./saved_offsets.ts";
import type { Survey } from "./survey.ts";
import type { Trouble } from "./trouble.ts";

/** Settings of a {@linkcode Puller}. */
export interface PullerOptions {
  readonly subscription: Pick<AmsSubscription, "pull">;
  readonly clock: Clock;
  /** Uniform in [0, 1), to spread the pauses. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Ends every wait. */
  readonly signal: AbortSignal;
  /** Most messages in one pull. */
  readonly pullMessages: number;
  /** Longest pause while nothing comes, in ms. */
  readonly pollPauseMs: number;
}

/** What a {@linkcode Puller} tells and asks. */
export interface PullerParts {
  readonly size: PullSize;
  readonly saved: SavedOffsets;
  readonly position: Position;
  readonly survey: Survey;
  readonly trouble: Trouble;
  readonly broken: BrokenRecord;
}

/** What one pull brought. */
export interface Pull {
  readonly messages: readonly PulledMessage[];
  /** When it was asked for: from about then the service counts the time for confirming. */
  readonly askedAt: number;
}

/** The first pause when nothing came, in ms. */
const FIRST_PAUSE_MS = 500;

/** Pulls from one subscription. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #parts: PullerParts;
  /** Pulls in a row that brought nothing new. */
  #vain = 0;
  /** The last pull failed: no more than necessary is asked for. */
  #isTight = false;

  constructor(options: PullerOptions, parts: PullerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * What is there.
   *
   * @returns `undefined` when nothing is to be handed out now
   * @throws {SsmError} when the service fails it
   */
  async pull(): Promise<Pull | undefined> {
    const { subscription, clock, signal } = this.#options;
    const { trouble, position, survey } = this.#parts;
    await survey.make();
    const askedAt = clock.now();
    let messages: readonly PulledMessage[];
    try {
      messages = await subscription.pull(this.#most, signal);
    } catch (error) {
      await this.#failed(error);
      return undefined;
    }
    this.#isTight = false;
    const [first] = messages;
    if (first === undefined) {
      trouble.over();
      await this.#rest();
      return undefined;
    }
    const goesOn = first.offset === undefined ||
      await position.begins(first.offset, () => survey.offsets());
    // Moved back again and again, it would be asked without a pause.
    if (goesOn) this.#vain = 0;
    else await this.#rest();
    return { messages, askedAt };
  }

  /** How many to ask for: what is saved already takes no time, and is confirmed in one go. */
  get #most(): number {
    const { size, saved } = this.#parts;
    const again = Math.min(saved.size, this.#options.pullMessages);
    return this.#isTight ? size.current : Math.max(size.current, again);
  }

  async #failed(error: unknown): Promise<void> {
    const { size, broken, trouble } = this.#parts;
    if (!isSsmError(error) || this.#options.signal.aborted) throw error;
    this.#isTight = true;
    // Both hold up all behind them once they are asked for alone.
    if (isAmsError(error, "broken record", "answer too long")) {
      if (size.halve()) return;
      const blocked = await broken.met(error);
      if (blocked) await trouble.stuck(blocked.words, blocked.hint);
      return;
    }
    // Perhaps so many at a time are too much for the service, or for the line.
    if (isAmsError(error, "not understood") && size.halve()) return;
    if (isSsmError(error, "TIMEOUT") || isSsmError(error, "CONNECTION_LOST")) {
      size.halve();
    }
    throw error;
  }

  /** Waits a little longer each time. */
  async #rest(): Promise<void> {
    const { clock, signal, pollPauseMs, random } = this.#options;
    const pauseMs = backoff(++this.#vain, {
      firstMs: FIRST_PAUSE_MS,
      maxMs: pollPauseMs,
      ...(random && { random }),
    });
    await sleep(clock, Math.min(pauseMs, pollPauseMs), signal);
  }
}
