/**
 * Pulls messages, hands them out, acknowledges what is saved: for months.
 *
 * A subscription has one place and no leases: a second pull brings the same messages
 * again until they are acknowledged. So the next pull begins when the last one is
 * filed. What is slow about a message is writing it, and of that many are under way.
 *
 * @module
 */
import { isAmsError, type PulledMessage } from "../../ams/mod.ts";
import { isSsmError, reason, type SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { backoff, type Clock, sleep } from "../../time/mod.ts";
import type { Delivery } from "../carrier.ts";
import { untilAborted } from "../stopping.ts";
import { Batch } from "./batch.ts";
import { BrokenRecord } from "./broken_record.ts";
import { deliveryOf } from "./delivery.ts";
import { Lingering } from "./lingering.ts";
import { Position } from "./position.ts";
import { PullSize } from "./pull_size.ts";
import { ReceivingTrouble } from "./receiving_trouble.ts";
import { SavedOffsets } from "./saved_offsets.ts";
import type { AmsSubscription } from "./service.ts";
import { Survey } from "./survey.ts";

/** Settings of a {@linkcode Reception}. */
export interface ReceptionOptions {
  readonly subscription: AmsSubscription;
  /** The subscription's name, for the log. */
  readonly destination: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1), to spread the pauses. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Aborting it pulls no more. */
  readonly signal: AbortSignal;
  /** Most messages in one pull. */
  readonly pullMessages: number;
  /** Bytes of messages that one pull should bring at most. */
  readonly pullBytes: number;
  /** Longest pause while nothing comes, in ms. */
  readonly pollPauseMs: number;
  /** How long a stop waits for messages at hand to be filed and acknowledged, in ms. */
  readonly stopGraceMs: number;
  /** Whether to go past messages that the service cannot read itself, which loses them. */
  readonly skipBroken: boolean;
}

/** What one pull brought. */
interface Pull {
  readonly messages: readonly PulledMessage[];
  /** When it was asked for: from about then the service counts the time for confirming. */
  readonly askedAt: number;
}

/** The first pause when nothing came, in ms. */
const FIRST_POLL_PAUSE_MS = 500;

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
  readonly #trouble: ReceivingTrouble;
  readonly #broken: BrokenRecord;
  /** Pulls in a row that brought nothing new. */
  #emptyPulls = 0;
  /** Acknowledgements in a row that came to nothing. */
  #vainAcks = 0;

  constructor(options: ReceptionOptions) {
    const { pullMessages, pullBytes } = options;
    this.#options = options;
    this.#size = new PullSize({ messages: pullMessages, bytes: pullBytes });
    this.#position = new Position({ ...options, saved: this.#saved });
    this.#survey = new Survey({ ...options, position: this.#position });
    this.#trouble = new ReceivingTrouble(options);
    this.#broken = new BrokenRecord({
      ...options,
      position: this.#position,
      offsets: () => this.#survey.offsets(),
    });
  }

  /** Messages until the signal is aborted. */
  async *deliveries(): AsyncGenerator<Delivery> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#survey.make();
        const pull = await this.#pull();
        if (pull) yield* this.#handOut(pull);
      } catch (error) {
        await this.#trouble.met(error);
      }
    }
  }

  /** What is there; `undefined` when nothing is to be handed out now. */
  async #pull(): Promise<Pull | undefined> {
    const { subscription, clock, signal } = this.#options;
    const askedAt = clock.now();
    let messages: readonly PulledMessage[];
    try {
      messages = await subscription.pull(this.#size.current, signal);
    } catch (error) {
      await this.#pullFailed(error);
      return undefined;
    }
    const [first] = messages;
    if (first === undefined) {
      this.#trouble.over();
      await this.#rest();
      return undefined;
    }
    const goesOn = first.offset === undefined ||
      await this.#position.begins(first.offset, () => this.#survey.offsets());
    // Moved back again and again, it would be asked without a pause.
    if (goesOn) this.#emptyPulls = 0;
    else await this.#rest();
    return { messages, askedAt };
  }

  async #pullFailed(error: unknown): Promise<void> {
    if (!isSsmError(error) || this.#options.signal.aborted) throw error;
    if (isAmsError(error, "broken record")) {
      if (this.#size.halve()) return;
      const blocked = await this.#broken.met(error);
      if (blocked) await this.#trouble.stuck(blocked.words, blocked.hint);
      return;
    }
    // Perhaps so many at a time are too much for the line, or for the limits.
    if (
      isAmsError(error, "not understood") ||
      isSsmError(error, "TIMEOUT") || isSsmError(error, "CONNECTION_LOST")
    ) this.#size.halve();
    throw error;
  }

  async *#handOut({ messages, askedAt }: Pull): AsyncGenerator<Delivery> {
    const { clock, signal, destination } = this.#options;
    const batch = new Batch(
      messages,
      (message) => this.#saved.has(message),
      (last) => this.#acknowledge(last),
    );
    const { deadlineMs } = this.#survey;
    const hurryAt = askedAt + deadlineMs * HURRY;
    const cancelHurry = clock.after(
      Math.max(0, hurryAt - clock.now()),
      () => batch.hurry(),
    );
    const { unsaved } = batch;
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

  async #acknowledge(last: PulledMessage): Promise<void> {
    const { subscription, signal, stopGraceMs, clock } = this.#options;
    using call = new Lingering(
      signal,
      stopGraceMs * (1 - FILING_SHARE),
      clock,
    );
    if (last.offset !== undefined) this.#position.saved(last.offset);
    await subscription.acknowledge(last.ackId, call.signal);
    if (last.offset !== undefined) this.#position.acknowledged(last.offset);
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
    await sleep(clock, pauseMs, signal);
  }

  /** Nothing is there: waits a little longer each time. */
  async #rest(): Promise<void> {
    const { clock, signal, pollPauseMs, random } = this.#options;
    const pauseMs = backoff(++this.#emptyPulls, {
      firstMs: FIRST_POLL_PAUSE_MS,
      maxMs: pollPauseMs,
      ...(random && { random }),
    });
    await sleep(clock, Math.min(pauseMs, pollPauseMs), signal);
  }
}

function sizeOf({ data }: PulledMessage): number {
  return "bytes" in data ? data.bytes.length : data.raw.length;
}
