/**
 * The outgoing walk: every file of a spool, sealed, sent, confirmed, removed.
 *
 * While one message waits for its confirmation the next ones are already read
 * and sealed; messages still leave in the spool's order.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import {
  type ListObserver,
  Order,
  type OutgoingSpool,
  type SpoolEntry,
} from "../../spool/mod.ts";
import { isAnswered } from "../answering.ts";
import { Budget } from "../budget.ts";
import type { OutgoingCarrier } from "../carrier.ts";
import type { Sealed, SealingEnvelope } from "../envelope.ts";
import type { RetrySchedule } from "./retry_schedule.ts";

/** Settings of {@linkcode sendAll}. */
export interface SendAllOptions<Message extends Sealed = Sealed> {
  readonly spool: OutgoingSpool;
  readonly envelope: SealingEnvelope<Message>;
  readonly carrier: OutgoingCarrier<Message>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Most unconfirmed messages at a time. @default 1 */
  readonly window?: number;
  /** Most unconfirmed bytes at a time, a single larger message excepted. @default 64 MiB */
  readonly windowBytes?: number;
  /** Larger files are reported and skipped, in bytes. @default 128 MiB */
  readonly maxMessageBytes?: number;
  /** What waits in the spool, where that was looked up already. @default {it is looked up} */
  readonly waiting?: readonly string[];
  /** Tells which messages are to wait after a failure. @default none waits */
  readonly schedule?: RetrySchedule;
  /** Called after each confirmed or skipped message. */
  readonly onProgress?: (report: SendReport) => void;
}

/** What became of the files. */
export interface SendReport {
  /** Elements found when the run began; a directory that cannot be looked into counts as one, and as failed. */
  readonly found: number;
  /** Confirmed and removed. */
  readonly sent: number;
  /** Held by another process; left alone. */
  readonly locked: number;
  /** Could not be sent; still in the spool, and in the log with the reason. */
  readonly failed: number;
}

/** Messages sealed ahead of the window: enough to keep two cores busy signing. */
const AHEAD = 2;

/**
 * Sends everything that waits in the spool, once.
 *
 * A file that cannot be sent is reported, unlocked and skipped.
 *
 * @throws {SsmError} when no broker can be used (any more); what was not
 *   confirmed is in the spool, unlocked.
 */
export async function sendAll<Message extends Sealed>(
  options: SendAllOptions<Message>,
): Promise<SendReport> {
  return await new SendRun(options).run();
}

class SendRun<Message extends Sealed> {
  readonly #options: SendAllOptions<Message>;
  readonly #order = new Order();
  readonly #window: Budget;
  readonly #prepared: Budget;
  readonly #maxMessageBytes: number;
  #report: SendReport = { found: 0, sent: 0, locked: 0, failed: 0 };
  #fatal: { error: unknown } | undefined;
  readonly #hints = new Set<string>();

  constructor(options: SendAllOptions<Message>) {
    const { window = 1, windowBytes = 64 << 20, maxMessageBytes = 128 << 20 } =
      options;
    this.#options = options;
    this.#window = new Budget({ messages: window, bytes: windowBytes });
    this.#prepared = new Budget({
      messages: window + AHEAD,
      bytes: windowBytes,
    });
    this.#maxMessageBytes = maxMessageBytes;
  }

  async run(): Promise<SendReport> {
    const { spool, carrier, log, schedule } = this.#options;
    await this.#tidy();
    const waiting = this.#options.waiting ?? await spool.list(this.#observer);
    const names = schedule?.due(waiting) ?? waiting;
    this.#count({ found: this.#report.found + names.length });
    if (names.length === 0) {
      log.info("No messages found to send.");
      return this.#report;
    }
    await carrier.open();
    log.info(`Found ${names.length} messages.`);
    await this.#walk(names);
    if (this.#fatal) throw this.#fatal.error;
    if (this.#report.failed === 0) {
      log.info("Tidying message directory.");
      await this.#tidy();
    }
    return this.#report;
  }

  get #observer(): ListObserver {
    const { log } = this.#options;
    return {
      unreadable: (error) => {
        log.error(`Messages stay in outgoing: ${reason(error)}`);
        this.#hint(error);
        const { found, failed } = this.#report;
        this.#count({ found: found + 1, failed: failed + 1 });
      },
      unfinished: (count) =>
        log.info(`Messages that may still be written to, and wait: ${count}`),
    };
  }

  async #walk(names: readonly string[]): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (const name of names) {
      const entry = await this.#lock(name);
      if (!entry) continue;
      const size = entry.size;
      await this.#prepared.acquire(size);
      if (this.#isOver()) {
        await this.#unlock(entry);
        break;
      }
      const sealed = this.#seal(entry);
      // A rejection is dealt with in the message's turn, not before.
      sealed.catch(() => {});
      const { before, pass } = this.#order.take();
      const done = before
        .then(() => this.#transmit(entry, sealed, pass))
        .finally(() => {
          pass();
          this.#prepared.release(size);
          underWay.delete(done);
        });
      underWay.add(done);
    }
    await Promise.all(underWay);
  }

  /** Whether the rest is to be left for another run. */
  #isOver(): boolean {
    if (this.#options.signal.aborted) {
      const error = new SsmError("ABORTED", "Sending was stopped on request");
      this.#fatal ??= { error };
    }
    return this.#fatal !== undefined;
  }

  async #lock(name: string): Promise<SpoolEntry | undefined> {
    const { spool, log } = this.#options;
    try {
      const entry = await spool.lock(name);
      if (!entry) {
        log.warning(`Message was locked. ${name} will not be sent.`);
        this.#options.schedule?.failed(name);
        this.#count({ locked: this.#report.locked + 1 });
      }
      return entry;
    } catch (error) {
      this.#skip(name, error);
      return undefined;
    }
  }

  async #seal(entry: SpoolEntry): Promise<Message> {
    if (entry.size === 0) throw unsendable(entry, "the file is empty");
    if (entry.size > this.#maxMessageBytes) {
      throw unsendable(
        entry,
        `it has ${entry.size} bytes, the limit is ${this.#maxMessageBytes}`,
      );
    }
    return await this.#options.envelope.seal(await entry.read());
  }

  /** Sends one message in its turn; `handOver` lets the next one go. */
  async #transmit(
    entry: SpoolEntry,
    sealed: Promise<Message>,
    handOver: () => void,
  ): Promise<void> {
    try {
      const message = await sealed;
      const size = message.body.length;
      await this.#window.acquire(size);
      try {
        const sent = await this.#send(entry, message, handOver);
        if (!sent) return;
        this.#options.log.info(sent);
        this.#count({ sent: this.#report.sent + 1 });
        // Within the window: the next message may say that this one is gone.
        await this.#remove(entry);
      } finally {
        this.#window.release(size);
      }
    } catch (error) {
      this.#skip(entry.name, error);
    } finally {
      await this.#unlock(entry);
    }
  }

  /** What the log says of it; `undefined` when the run is over. Throws when only this message cannot be sent. */
  async #send(
    entry: SpoolEntry,
    sealed: Message,
    handOver: () => void,
  ): Promise<string | undefined> {
    const { carrier, log } = this.#options;
    if (this.#isOver()) return undefined;
    await entry.touch();
    log.info(`Sending message: ${entry.name}`);
    const sent = carrier.send(entry.name, sealed).then(
      (more) => `Sent ${entry.name}${more ? `, ${more}` : ""}`,
      (error) => this.#carrierFailed(error),
    );
    log.info("Waiting for broker to accept message.");
    handOver();
    return await sent;
  }

  /** Only what the carrier refuses is the message's own fault. */
  #carrierFailed(error: unknown): undefined {
    if (isSsmError(error, "UNSENDABLE")) throw error;
    this.#fatal ??= { error };
    return undefined;
  }

  async #remove(entry: SpoolEntry): Promise<void> {
    try {
      await entry.remove();
      const { carrier } = this.#options;
      if (isAnswered(carrier)) carrier.removed(entry.name);
    } catch (error) {
      this.#options.log.error(
        `Message ${entry.name} was sent but cannot be removed, so it will be sent again: ${
          reason(error)
        }`,
      );
      this.#fail(entry.name);
    }
  }

  async #unlock(entry: SpoolEntry): Promise<void> {
    try {
      await entry.unlock();
    } catch (error) {
      this.#options.log.error(
        `Message ${entry.name} stays locked: ${reason(error)}`,
      );
    }
  }

  /** That old locks and leftovers stay is no reason not to send. */
  async #tidy(): Promise<void> {
    try {
      await this.#options.spool.tidy();
    } catch (error) {
      this.#options.log.warning(`Tidying failed: ${reason(error)}`);
    }
  }

  #skip(name: string, error: unknown): void {
    this.#options.log.error(
      `Message ${name} was not sent and stays in outgoing: ${reason(error)}`,
    );
    this.#hint(error);
    this.#fail(name);
  }

  /** Says what to do, once: it is the same for many messages. */
  #hint(error: unknown): void {
    const hint = isSsmError(error) ? error.hint : undefined;
    if (hint === undefined || this.#hints.has(hint)) return;
    this.#hints.add(hint);
    this.#options.log.error(`Hint: ${hint}`);
  }

  #fail(name: string): void {
    this.#options.schedule?.failed(name);
    this.#count({ failed: this.#report.failed + 1 });
  }

  #count(change: Partial<SendReport>): void {
    this.#report = { ...this.#report, ...change };
    this.#options.onProgress?.(this.#report);
  }
}

function unsendable(entry: SpoolEntry, state: string): SsmError {
  return new SsmError(
    "UNSENDABLE",
    `Cannot send message "${entry.name}": ${state}`,
  );
}
