/**
 * Pulls messages, hands them out, acknowledges what is saved: for months.
 *
 * A subscription has one place and no leases: a second pull brings the same messages
 * again until they are acknowledged. So the next pull begins when the last one is
 * filed. What is slow about a message is writing it, and of that many are under way.
 *
 * @module
 */
import { isAmsError, type PulledMessage } from "../../../ams/mod.ts";
import { isSsmError, reason, type SsmError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import { backoff, sleep } from "../../../time/mod.ts";
import type { Delivery } from "../../carrier.ts";
import { untilAborted } from "../../stopping.ts";
import { Lingering } from "../lingering.ts";
import type { AmsSubscription } from "../service.ts";
import { Batch } from "./batch.ts";
import { BrokenRecord } from "./broken_record.ts";
import { deliveryOf } from "./delivery.ts";
import { Position } from "./position.ts";
import { type Pull, Puller, type PullerOptions } from "./puller.ts";
import { PullSize } from "./pull_size.ts";
import { SavedOffsets } from "./saved_offsets.ts";
import { Survey } from "./survey.ts";
import { Trouble } from "./trouble.ts";

/** Settings of a {@linkcode Reception}. */
export interface ReceptionOptions extends PullerOptions {
  readonly subscription: AmsSubscription;
  /** The subscription's name, for the log. */
  readonly destination: string;
  readonly log: Logger;
  /** Bytes of messages that one pull should bring at most. */
  readonly pullBytes: number;
  /** How long a stop waits for messages at hand to be filed and acknowledged, in ms. */
  readonly stopGraceMs: number;
  /** Whether to go past messages that the service cannot read itself, which loses them. */
  readonly skipBroken: boolean;
}

/** What part of the time for confirming may pass before what is saved is confirmed. */
const HURRY = 0.7;

/** What part of a stop's time is for filing; the rest is for the acknowledgement. */
const FILING_SHARE = 0.75;

/** One life of a receiver. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #size: PullSize;
  readonly #saved = new SavedOffsets();
  readonly #position: Position;
  readonly #survey: Survey;
  readonly #trouble: Trouble;
  readonly #puller: Puller;
  /** Acknowledgements in a row that came to nothing. */
  #vainAcks = 0;

  constructor(options: ReceptionOptions) {
    const { pullMessages, pullBytes } = options;
    const size = new PullSize({ messages: pullMessages, bytes: pullBytes });
    const saved = this.#saved;
    const position = new Position({ ...options, saved });
    const survey = new Survey({ ...options, position });
    const trouble = new Trouble(options);
    const broken = new BrokenRecord({
      ...options,
      position,
      offsets: () => survey.offsets(),
    });
    this.#options = options;
    this.#size = size;
    this.#position = position;
    this.#survey = survey;
    this.#trouble = trouble;
    this.#puller = new Puller(options, {
      ...{ size, saved, position, survey, trouble, broken },
    });
  }

  /** Messages until the signal is aborted. */
  async *deliveries(): AsyncGenerator<Delivery> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        const pull = await this.#puller.pull();
        if (pull) yield* this.#handOut(pull);
      } catch (error) {
        await this.#trouble.met(error);
      }
    }
  }

  async *#handOut({ messages, askedAt }: Pull): AsyncGenerator<Delivery> {
    const { clock, signal, destination } = this.#options;
    const batch = new Batch(
      messages,
      (message) => this.#saved.has(message),
      (last) => this.#acknowledge(last),
    );
    const { unsaved } = batch;
    const { deadlineMs } = this.#survey;
    const hurryAt = askedAt + deadlineMs * HURRY;
    const cancelHurry = clock.after(
      Math.max(0, hurryAt - clock.now()),
      () => batch.hurry(),
    );
    try {
      for (const message of unsaved) {
        if (signal.aborted) break;
        batch.handOut();
        yield deliveryOf(message, destination, {
          saved: () => {
            this.#saved.add(message);
            batch.saved(message);
          },
          abandoned: () => batch.abandoned(),
        });
      }
      await this.#filed(batch);
      this.#size.filed({
        messages: unsaved.length,
        largestBytes: Math.max(0, ...unsaved.map(sizeOf)),
        tookMs: clock.now() - askedAt,
        deadlineMs,
      });
    } finally {
      cancelHurry();
      await this.#confirm(batch, clock.now() - askedAt);
    }
  }

  /** Waits for what was handed out; after a stop not for ever. */
  async #filed(batch: Batch): Promise<void> {
    const { signal, stopGraceMs, clock } = this.#options;
    using grace = new Lingering(signal, stopGraceMs * FILING_SHARE, clock);
    await untilAborted(grace.signal, batch.filed);
  }

  async #confirm(batch: Batch, tookMs: number): Promise<void> {
    const { signal, log } = this.#options;
    try {
      await batch.acknowledge();
    } catch (error) {
      if (signal.aborted && isSsmError(error)) {
        log.warning(
          `What is saved could not be acknowledged, and will be recognised when it comes again: ${
            reason(error)
          }`,
        );
      } else if (isAmsError(error, "not pending")) {
        await this.#cameToNothing(error, tookMs);
      } else throw error;
    }
  }

  async #acknowledge({ offset, ackId }: PulledMessage): Promise<void> {
    const { subscription, signal, stopGraceMs, clock } = this.#options;
    const graceMs = stopGraceMs * (1 - FILING_SHARE);
    using call = new Lingering(signal, graceMs, clock);
    if (offset !== undefined) this.#position.saved(offset);
    await subscription.acknowledge(ackId, call.signal);
    if (offset !== undefined) this.#position.acknowledged(offset);
    this.#vainAcks = 0;
    this.#trouble.over();
  }

  /** The service waits for another acknowledgement: all is pulled again, and what is saved is known. */
  async #cameToNothing(error: SsmError, tookMs: number): Promise<void> {
    const { log, clock, signal, random } = this.#options;
    log.debug(`Pulling again: ${reason(error)}`);
    this.#vainAcks++;
    if (tookMs > this.#survey.deadlineMs) {
      // Too late, then. Perhaps because somebody has made the time shorter.
      this.#survey.repeat();
    } else if (this.#vainAcks > 1) {
      this.#position.sayCompetition(
        "acknowledgements in time are refused, as if somebody else pulled in between",
      );
    }
    const pauseMs = backoff(this.#vainAcks - 1, random ? { random } : {});
    if (pauseMs > 0) await sleep(clock, pauseMs, signal);
  }
}

function sizeOf({ data }: PulledMessage): number {
  return "bytes" in data ? data.bytes.length : data.raw.length;
}
