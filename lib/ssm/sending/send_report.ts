/**
 * What became of the files of a run: counted, and in the log.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { SpoolEntry } from "../../spool/mod.ts";
import type { RetrySchedule } from "./retry_schedule.ts";

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

/** What became of one file. */
export interface SendOutcome {
  readonly name: string;
  /** `failed`: it stays. */
  readonly outcome: "sent" | "failed";
  /** Why it stays. */
  readonly reason?: string;
}

/** Who hears of it. */
export interface SendJournalOptions {
  readonly log: Logger;
  /** Tells which messages are to wait after a failure. @default none waits */
  readonly schedule?: RetrySchedule;
  /** Called after each confirmed or skipped message. */
  readonly onProgress?: (report: SendReport) => void;
  /** Called with what became of each file. */
  readonly onOutcome?: ((outcome: SendOutcome) => void) | undefined;
}

/** Keeps the report of a run, and says what goes wrong. */
export class SendJournal {
  readonly #options: SendJournalOptions;
  readonly #hints = new Set<string>();
  #report: SendReport = { found: 0, sent: 0, locked: 0, failed: 0 };

  constructor(options: SendJournalOptions) {
    this.#options = options;
  }

  /** As of now. */
  get report(): SendReport {
    return this.#report;
  }

  /** So many files wait. */
  found(count: number): void {
    this.#count({ found: this.#report.found + count });
  }

  /** A part of the spool could not be looked into. */
  unreadable(error: unknown): void {
    this.#options.log.error(`Messages stay in outgoing: ${reason(error)}`);
    this.#hint(error);
    const { found, failed } = this.#report;
    this.#count({ found: found + 1, failed: failed + 1 });
  }

  /** Somebody else has a file. */
  locked(name: string): void {
    this.#options.log.warning(
      `Message was locked. ${name} will not be sent.`,
    );
    this.#options.schedule?.failed(name);
    this.#count({ locked: this.#report.locked + 1 });
  }

  /** A file leaves as several messages. */
  split({ name, size }: SpoolEntry, messages: number): void {
    this.#options.log.info(
      `Message ${name} has ${size} bytes, too many for one message: it is sent as ${messages} messages.`,
    );
  }

  /** A file is confirmed; `note` is what the carrier says of it. */
  sent(name: string, note: string | void): void {
    this.#options.log.info(`Sent ${name}${note ? `, ${note}` : ""}`);
    this.#count({ sent: this.#report.sent + 1 });
    this.#options.onOutcome?.({ name, outcome: "sent" });
  }

  /** A message is confirmed that is not all of its file. */
  partSent(id: string, note: string): void {
    this.#options.log.info(`Sent ${id}, ${note}`);
  }

  /** A file cannot be sent. */
  skipped(name: string, error: unknown): void {
    this.#options.log.error(
      `Message ${name} was not sent and stays in outgoing: ${reason(error)}`,
    );
    this.#hint(error);
    this.#fail(name, reason(error));
  }

  /** Of a file that stays, so many messages are with the receiver, or will be. */
  sentInPart(name: string, messages: number): void {
    if (messages === 0) return;
    this.#options.log.warning(
      `Message ${name} was sent in part, and all of it will be sent again: confirmed messages of it: ${messages}`,
    );
  }

  /** A file was confirmed, but is there still. */
  notRemoved(name: string, error: unknown): void {
    this.#options.log.error(
      `Message ${name} was sent but cannot be removed, so it will be sent again: ${
        reason(error)
      }`,
    );
    this.#fail(name, `sent, but it cannot be removed: ${reason(error)}`);
  }

  /** Says what to do, once: it is the same for many messages. */
  #hint(error: unknown): void {
    const hint = isSsmError(error) ? error.hint : undefined;
    if (hint === undefined || this.#hints.has(hint)) return;
    this.#hints.add(hint);
    this.#options.log.error(`Hint: ${hint}`);
  }

  #fail(name: string, why: string): void {
    this.#options.schedule?.failed(name);
    this.#count({ failed: this.#report.failed + 1 });
    this.#options.onOutcome?.({ name, outcome: "failed", reason: why });
  }

  #count(change: Partial<SendReport>): void {
    this.#report = { ...this.#report, ...change };
    this.#options.onProgress?.(this.#report);
  }
}
