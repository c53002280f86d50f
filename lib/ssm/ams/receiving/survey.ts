/**
 * What a receiver wants to know of its subscription, as far as it may.
 *
 * @module
 */
import { type AmsOffsets, isAmsError } from "../../../ams/mod.ts";
import { reason } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import type { Position } from "./position.ts";
import type { AmsSubscription } from "../service.ts";

/** Settings of a {@linkcode Survey}. */
export interface SurveyOptions {
  readonly subscription: Pick<AmsSubscription, "show" | "offsets">;
  readonly destination: string;
  readonly log: Logger;
  readonly position: Position;
  readonly signal: AbortSignal;
}

/** The service's own default, in ms. */
const USUAL_DEADLINE_MS = 10_000;

/** It counts in whole seconds: even with 0 there is one. */
const LEAST_DEADLINE_MS = 1000;

/** Looks once, and again when asked to. */
export class Survey {
  readonly #options: SurveyOptions;
  #isMade = false;
  #deadlineMs = USUAL_DEADLINE_MS;
  /** What was said not to be allowed. */
  readonly #said = new Set<"deadline" | "offsets">();

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** How long after a pull its messages can be acknowledged, in ms. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /** Looks next time again. */
  repeat(): void {
    this.#isMade = false;
  }

  /** @throws {SsmError} when the service cannot be reached */
  async make(): Promise<void> {
    if (this.#isMade) return;
    const { position } = this.#options;
    await this.#readDeadline();
    const isFirst = position.next === undefined;
    const offsets = await this.offsets();
    if (offsets && isFirst) {
      this.#sayBacklog(offsets);
      position.startAt(offsets.current);
    }
    this.#isMade = true;
  }

  /** Where the subscription stands; `undefined` when the service does not say. */
  async offsets(): Promise<AmsOffsets | undefined> {
    const { subscription, signal } = this.#options;
    try {
      return await subscription.offsets(signal);
    } catch (error) {
      this.#sayUnknown(
        "offsets",
        error,
        "how many messages wait, and whether some were missed, cannot be told",
      );
      return undefined;
    }
  }

  async #readDeadline(): Promise<void> {
    const { subscription, signal, log, destination } = this.#options;
    try {
      const { ackDeadlineMs } = await subscription.show(signal);
      this.#deadlineMs = Math.max(ackDeadlineMs, LEAST_DEADLINE_MS);
      if (ackDeadlineMs > 0) return;
      log.warning(
        `The subscription ${destination} has an acknowledgement deadline of 0 s: ` +
          "few messages can be pulled at a time. Have it set to 10 s or more.",
      );
    } catch (error) {
      this.#sayUnknown(
        "deadline",
        error,
        `an acknowledgement deadline of ${
          USUAL_DEADLINE_MS / 1000
        } s is assumed`,
      );
    }
  }

  /** Once, what cannot be known; an answer of the service only, whatever it says. */
  #sayUnknown(
    what: "deadline" | "offsets",
    error: unknown,
    consequence: string,
  ): void {
    if (!isAmsError(error)) throw error;
    // If the whole service is not to be used, the pull says so.
    if (!isAmsError(error, "forbidden") || this.#said.has(what)) return;
    this.#said.add(what);
    this.#options.log.info(`${reason(error)}; ${consequence}.`);
  }

  #sayBacklog({ min, max, current }: AmsOffsets): void {
    const { log, destination } = this.#options;
    if (current > max) {
      log.error(
        `The subscription ${destination} is at offset ${current}, but its last message has ${
          max - 1n
        }: nothing will come. Have it moved to offset ${max} (modifyOffset).`,
      );
      return;
    }
    const first = current < min ? min : current;
    log.info(`Messages that wait in ${destination}: ${max - first}`);
  }
}
