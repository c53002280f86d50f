/**
 * Publishes messages in batches, one call at a time, so that each has a fate of its own.
 *
 * What waits while a call is under way makes up the next one. A batch is not atomic:
 * when a call fails, some of it may be stored, and the answer does not say what. Then
 * each of its messages is published alone, again under the same `empaid`, by which a
 * receiver that knows it already tells it from a new one.
 *
 * @module
 */
import { type AmsMessage, isAmsError } from "../../../ams/mod.ts";
import { isSsmError, reason, SsmError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import { type Clock, sleep } from "../../../time/mod.ts";
import { unsendable } from "../../brokers.ts";
import { Lingering } from "../lingering.ts";
import { Patience } from "./patience.ts";
import { waitingMayHelp } from "../refusal.ts";
import type { AmsTopic } from "../service.ts";

/** Settings of a {@linkcode Publisher}. */
export interface PublisherOptions {
  readonly topic: AmsTopic;
  /** How long to go on while nothing gets through, in ms. */
  readonly retryForMs: number;
  /** Aborting it begins no call any more. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Most messages in one call. */
  readonly batchMessages: number;
  /** Most bytes in one call, as they are stored; a single larger message goes alone. */
  readonly batchBytes: number;
  /** How long after a stop a call that is under way may still take, in ms. */
  readonly stopGraceMs: number;
}

/** One message that is to be published. */
export interface Publishable {
  /** How errors name it. */
  readonly name: string;
  readonly message: AmsMessage;
  /** Its size as it is stored, in bytes. */
  readonly storedBytes: number;
}

/** One that waits for its fate. */
interface Waiting extends Publishable, PromiseWithResolvers<string> {
  /** A call that it was part of has failed: the next one is its own. */
  alone: boolean;
}

/** Publishes in the order of the calls, until something fails that concerns all messages. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #patience: Patience;
  readonly #waiting: Waiting[] = [];
  #working = false;
  #over: { readonly error: unknown } | undefined;
  /** Taken for the reason why nothing got through, until the next attempt tells. */
  #suspect: { readonly waiting: Waiting; readonly error: SsmError } | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#patience = new Patience(options);
  }

  /** Whether it has given up: nothing is published any more. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /**
   * Publishes one message.
   *
   * @returns the id that the service gave it
   * @throws {SsmError} `UNSENDABLE` when the service does not want this one; any other
   *   error concerns all of them
   */
  publish(publishable: Publishable): Promise<string> {
    if (this.#over) return Promise.reject(this.#over.error);
    const waiting: Waiting = {
      ...publishable,
      ...Promise.withResolvers<string>(),
      alone: false,
    };
    this.#waiting.push(waiting);
    if (!this.#working) this.#work();
    return waiting.promise;
  }

  async #work(): Promise<void> {
    this.#working = true;
    // What is handed over in one go travels together.
    await undefined;
    while (this.#waiting.length > 0) {
      try {
        await this.#publishNext();
      } catch (error) {
        this.#giveUp(error);
      }
    }
    this.#working = false;
  }

  async #publishNext(): Promise<void> {
    this.#assertGoingOn();
    const batch = this.#nextBatch();
    let ids: readonly string[];
    try {
      ids = await this.#call(batch);
    } catch (error) {
      await this.#failed(batch, error);
      return;
    }
    this.#achieved();
    for (const [index, { resolve }] of batch.entries()) resolve(ids[index]!);
    this.#waiting.splice(0, batch.length);
  }

  /** The longest beginning of what waits that is within the limits. */
  #nextBatch(): Waiting[] {
    const { batchMessages, batchBytes } = this.#options;
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.storedBytes;
      const isFull = batch.length === batchMessages || bytes > batchBytes ||
        waiting.alone || batch[0]?.alone;
      if (batch.length > 0 && isFull) break;
      batch.push(waiting);
    }
    return batch;
  }

  async #call(batch: readonly Waiting[]): Promise<readonly string[]> {
    const { topic, signal, stopGraceMs, clock } = this.#options;
    using call = new Lingering(signal, stopGraceMs, clock);
    const ids = await topic.publish(
      batch.map(({ message }) => message),
      call.signal,
    );
    if (ids.length === batch.length) return ids;
    throw new SsmError(
      "CONNECTION_LOST",
      `Cannot tell what is stored: ${batch.length} messages were published, the answer has ${ids.length} ids`,
    );
  }

  async #failed(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (!isSsmError(error) || !waitingMayHelp(error)) throw error;
    this.#assertGoingOn();
    const isTakenApart = batch.length > 1 && mayBeStored(error);
    if (isTakenApart) { for (const waiting of batch) waiting.alone = true; }
    if (!isAmsError(error, "too large", "invalid")) {
      await this.#wait(error, isTakenApart);
    } else if (batch.length === 1) {
      // The service is there, and speaks of this one message.
      this.#achieved();
      const { name, reject } = this.#waiting.shift()!;
      reject(unsendable(name, error));
    }
  }

  /** Waits before the next attempt, unless the time is up; to take a batch apart is still part of the last one. */
  async #wait(error: SsmError, isTakenApart: boolean): Promise<void> {
    const { log, clock, signal } = this.#options;
    const waitMs = this.#patience.failed(error) ??
      (isTakenApart ? 0 : undefined);
    if (waitMs === undefined) {
      this.#suspectOrThrow(error);
      return;
    }
    log.warning(`Lost connection. ${reason(error)}`);
    log.info(`Trying again in ${Math.ceil(waitMs / 1000)} s.`);
    await sleep(clock, waitMs, signal);
  }

  /**
   * One message that the service can never store must not hold up all others: when the
   * time is up, one attempt is made without it.
   */
  #suspectOrThrow(error: SsmError): void {
    if (this.#suspect || this.#waiting.length === 1 || !mayBeStored(error)) {
      throw this.#suspect?.error ?? error;
    }
    this.#suspect = { waiting: this.#waiting.shift()!, error };
  }

  #achieved(): void {
    this.#patience.restored();
    const suspect = this.#suspect;
    this.#suspect = undefined;
    suspect?.waiting.reject(
      unsendable(suspect.waiting.name, suspect.error),
    );
  }

  #assertGoingOn(): void {
    if (!this.#options.signal.aborted) return;
    throw new SsmError("ABORTED", "Sending was stopped on request");
  }

  #giveUp(error: unknown): void {
    this.#over = { error };
    this.#suspect?.waiting.reject(error);
    this.#suspect = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Answers of a service, or of what is in front of it, that took nothing in. */
const NOT_TAKEN = [429, 503];

/** Whether some of a batch may be stored although the call failed. */
function mayBeStored(error: SsmError): boolean {
  if (isAmsError(error, "unavailable")) {
    return !NOT_TAKEN.includes(error.status ?? 0);
  }
  return error.code !== "CONNECT";
}
