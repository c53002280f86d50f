/**
 * The outgoing walk over and over, for a process that stays.
 *
 * @module
 */
import { isSsmError, reason, type SsmError } from "../../errors.ts";
import type { SpoolWatch } from "../../spool/mod.ts";
import { backoff, type Clock, sleep } from "../../stomp/mod.ts";
import type { Sealed } from "../envelope.ts";
import { RetrySchedule } from "./retry_schedule.ts";
import { sendAll, type SendAllOptions } from "./sender.ts";

/** Settings of {@linkcode keepSending}. */
export interface KeepSendingOptions<Message extends Sealed = Sealed>
  extends Omit<SendAllOptions<Message>, "schedule" | "onProgress" | "waiting"> {
  readonly clock: Clock;
  /** How often to look for new messages, in ms. */
  readonly checkEveryMs: number;
  /** Tells of new messages before it is time to look. @default nothing does */
  readonly watch?: SpoolWatch;
  /** How long a connection is kept that nothing is sent on, in ms. @default for ever */
  readonly maxIdleMs?: number;
}

/**
 * Sends what waits, and what comes, until the signal is aborted. When no broker
 * or no receiver can be used it waits and tries again; what waits, waits in the
 * spool.
 */
export async function keepSending<Message extends Sealed>(
  options: KeepSendingOptions<Message>,
): Promise<void> {
  await new Keeper(options).run();
}

/**
 * How soon to look again after a change, in ms: the system does not tell of the first
 * file in a new directory, nor that a file is not written to any more.
 */
const SECOND_LOOK_MS = 1000;

/** However much changes, looks follow each other at these distances, in ms. */
const MIN_DISTANCE_MS = 100;
const MAX_DISTANCE_MS = 1000;

/** Between these, looking may take one of so many parts of the time. */
const LOOKS_SHARE = 5;

class Keeper<Message extends Sealed> {
  readonly #options: KeepSendingOptions<Message>;
  readonly #schedule: RetrySchedule;
  #failures = 0;
  /** When something was sent last, or tried; `undefined` when there is no connection since. */
  #lastWork: number | undefined;
  /** What could not be looked into at the last look. */
  #unreadable = new Set<string>();
  /** When the next look may be. */
  #nextLook = 0;

  constructor(options: KeepSendingOptions<Message>) {
    this.#options = options;
    this.#schedule = new RetrySchedule({ clock: options.clock });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    let soon = false;
    while (!signal.aborted) {
      const unfinished = await this.#turn();
      if (signal.aborted) return;
      soon = await this.#wait(soon || unfinished);
    }
  }

  /** Looks, and sends what is there; whether something may still be written to. */
  async #turn(): Promise<boolean> {
    const { log, signal } = this.#options;
    let unfinished = false;
    try {
      const waiting = await this.#look(() => unfinished = true);
      // Looked first, so that nothing to do is not worth a line every second.
      if (this.#schedule.due(waiting).length > 0) await this.#send(waiting);
      else await this.#restIfIdle();
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return false;
      this.#failures++;
      log.error(`Error processing outgoing messages: ${reason(error)}`);
      if (isSsmError(error) && error.hint) log.error(`Hint: ${error.hint}`);
    }
    return unfinished;
  }

  /** What waits; what cannot be looked into is said once, as long as it is so. */
  async #look(unfinished: () => void): Promise<string[]> {
    const { spool, log, clock } = this.#options;
    const errors: SsmError[] = [];
    const began = clock.now();
    const waiting = await spool.list({
      unreadable: (error) => errors.push(error),
      unfinished,
    });
    const ended = clock.now();
    const distance = Math.max(MIN_DISTANCE_MS, (ended - began) * LOOKS_SHARE);
    this.#nextLook = ended + Math.min(distance, MAX_DISTANCE_MS);
    for (const { message, hint } of errors) {
      if (this.#unreadable.has(message)) continue;
      log.error(`Messages stay in outgoing: ${message}`);
      if (hint !== undefined) log.error(`Hint: ${hint}`);
    }
    this.#unreadable = new Set(errors.map(({ message }) => message));
    return waiting;
  }

  async #send(waiting: readonly string[]): Promise<void> {
    const { clock } = this.#options;
    try {
      await sendAll({ ...this.#options, waiting, schedule: this.#schedule });
    } finally {
      this.#lastWork = clock.now();
    }
  }

  /** Lets the connection go that nothing was sent on for long. */
  async #restIfIdle(): Promise<void> {
    const { clock, carrier, log, maxIdleMs = Infinity } = this.#options;
    if (this.#lastWork === undefined) return;
    if (clock.now() - this.#lastWork < maxIdleMs) return;
    this.#lastWork = undefined;
    log.info("Nothing to send: closing the connection.");
    await carrier.close();
  }

  /**
   * Waits until it is time to look again.
   *
   * @param soon whether there may be something that the watch will not tell of
   * @returns whether something has changed
   */
  async #wait(soon: boolean): Promise<boolean> {
    const { clock, signal, checkEveryMs, watch } = this.#options;
    const pause = backoff(this.#failures);
    if (!watch) {
      await sleep(clock, Math.max(checkEveryMs, pause), signal);
      return false;
    }
    if (pause > 0) {
      // Without a broker new messages change nothing.
      await sleep(clock, pause, signal);
      return false;
    }
    const enough = new AbortController();
    const over = AbortSignal.any([signal, enough.signal]);
    let changed = false;
    await Promise.race([
      watch.changed(over).then(() => changed = !over.aborted),
      sleep(clock, soon ? SECOND_LOOK_MS : checkEveryMs, over),
    ]);
    enough.abort();
    const tooEarlyMs = this.#nextLook - clock.now();
    if (changed && tooEarlyMs > 0) await sleep(clock, tooEarlyMs, signal);
    return changed;
  }
}
