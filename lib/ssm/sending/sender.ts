/**
 * The outgoing walk: every file of a spool, sealed, sent, confirmed, removed.
 *
 * While one message waits for its confirmation the next ones are already read
 * and sealed; messages still leave in the spool's order. A file that is sent as
 * several messages is removed when the last of them is confirmed.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
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
import { EarlierParts } from "./earlier_parts.ts";
import { type Letter, type Splitting, writeLetter } from "./letter.ts";
import {
  SendJournal,
  type SendJournalOptions,
  type SendReport,
} from "./send_report.ts";

/** Settings of {@linkcode sendAll}. */
export interface SendAllOptions<Message extends Sealed = Sealed>
  extends SendJournalOptions {
  readonly spool: OutgoingSpool;
  readonly envelope: SealingEnvelope<Message>;
  readonly carrier: OutgoingCarrier<Message>;
  readonly signal: AbortSignal;
  /** Most unconfirmed messages at a time. @default 1 */
  readonly window?: number;
  /** Most unconfirmed bytes at a time, a single larger message excepted. @default 64 MiB */
  readonly windowBytes?: number;
  /** Larger files are split, or reported and skipped, in bytes. @default 128 MiB */
  readonly maxMessageBytes?: number;
  /**
   * What to do with them, and with those that the carrier would not take.
   *
   * @default "no", and nobody is told that there is another way
   */
  readonly split?: Splitting;
  /** What waits in the spool, where that was looked up already. @default {it is looked up} */
  readonly waiting?: readonly string[];
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

/** A message that is confirmed, and what the carrier says of it. */
interface Sent {
  readonly note: string | void;
}

class SendRun<Message extends Sealed> {
  readonly #options: SendAllOptions<Message>;
  readonly #order = new Order();
  readonly #window: Budget;
  readonly #prepared: Budget;
  readonly #journal: SendJournal;
  #fatal: { error: unknown } | undefined;

  constructor(options: SendAllOptions<Message>) {
    const { window = 1, windowBytes = 64 << 20 } = options;
    this.#options = options;
    this.#journal = new SendJournal(options);
    this.#window = new Budget({ messages: window, bytes: windowBytes });
    this.#prepared = new Budget({
      messages: window + AHEAD,
      bytes: windowBytes,
    });
  }

  async run(): Promise<SendReport> {
    const { spool, carrier, log, schedule } = this.#options;
    await this.#tidy();
    const waiting = this.#options.waiting ?? await spool.list(this.#observer);
    const names = schedule?.due(waiting) ?? waiting;
    this.#journal.found(names.length);
    if (names.length === 0) {
      log.info("No messages found to send.");
      return this.#journal.report;
    }
    await carrier.open();
    log.info(`Found ${names.length} messages.`);
    await this.#walk(names);
    if (this.#fatal) throw this.#fatal.error;
    if (this.#journal.report.failed === 0) {
      log.info("Tidying message directory.");
      await this.#tidy();
    }
    return this.#journal.report;
  }

  get #observer(): ListObserver {
    const { log } = this.#options;
    return {
      unreadable: (error) => this.#journal.unreadable(error),
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
      const letter = this.#write(entry);
      // A rejection is dealt with in the message's turn, not before.
      letter.catch(() => {});
      const { before, pass } = this.#order.take();
      const done = before
        .then(() => this.#transmit(entry, letter, pass))
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
    try {
      const entry = await this.#options.spool.lock(name);
      if (!entry) this.#journal.locked(name);
      return entry;
    } catch (error) {
      this.#journal.skipped(name, error);
      return undefined;
    }
  }

  #write(entry: SpoolEntry): Promise<Letter<Message>> {
    const { envelope, carrier } = this.#options;
    const { maxMessageBytes = 128 << 20, split } = this.#options;
    const { maxBodyBytes = Infinity } = carrier;
    return writeLetter(entry, {
      ...{ envelope, maxMessageBytes, maxBodyBytes, split },
    });
  }

  /** Sends one file in its turn; `handOver` lets the next one go. */
  async #transmit(
    entry: SpoolEntry,
    writing: Promise<Letter<Message>>,
    handOver: () => void,
  ): Promise<void> {
    const earlier = new EarlierParts();
    let isSent = false;
    try {
      const letter = await writing;
      if (letter.count > 1) this.#journal.split(entry, letter.count);
      for (const { id, sealed, isLast } of letter.messages()) {
        const message = await sealed;
        const size = message.body.length;
        await this.#window.acquire(size);
        const leave = () => this.#window.release(size);
        if (!isLast && earlier.isGood) {
          await this.#sendEarlier(entry, { id, message }, { earlier, leave });
          continue;
        }
        try {
          const last = earlier.isGood
            ? await this.#send(entry, { id, message }, handOver)
            : undefined;
          if (!await earlier.all() || !last) return;
          isSent = true;
          this.#journal.sent(entry.name, last.note);
          // Within the window: the next message may say that this one is gone.
          await this.#remove(entry);
        } finally {
          leave();
        }
      }
    } catch (error) {
      await earlier.all().catch(() => {});
      this.#journal.skipped(entry.name, error);
    } finally {
      if (!isSent) this.#journal.sentInPart(entry.name, earlier.confirmed);
      await this.#unlock(entry);
    }
  }

  /** Settles when a message that is not the letter's last has left. */
  async #sendEarlier(
    entry: SpoolEntry,
    part: { id: string; message: Message },
    { earlier, leave }: { earlier: EarlierParts; leave: () => void },
  ): Promise<void> {
    const left = Promise.withResolvers<void>();
    const confirmed = this.#send(entry, part, left.resolve).then((sent) => {
      if (sent?.note) this.#journal.partSent(part.id, sent.note);
      return sent !== undefined;
    });
    earlier.add(confirmed, leave);
    await Promise.race([left.promise, confirmed]);
  }

  /** `undefined` when the run is over; throws when only this message cannot be sent. */
  async #send(
    entry: SpoolEntry,
    { id, message }: { id: string; message: Message },
    handOver: () => void,
  ): Promise<Sent | undefined> {
    const { carrier, log } = this.#options;
    if (this.#isOver()) return undefined;
    await entry.touch();
    log.info(`Sending message: ${id}`);
    const sent = carrier.send(id, message).then(
      (note) => ({ note }),
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
      this.#journal.notRemoved(entry.name, error);
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
}
