/**
 * What is in outgoing, as text and as documents; see docs/operating.md.
 *
 * @module
 */
import {
  holderOf,
  type KnownSender,
  type WaitingEntry,
} from "../../spool/mod.ts";
import type { OutgoingStore } from "../wiring/outgoing.ts";
import { holderWords } from "./locks.ts";
import {
  age,
  counted,
  isoTime,
  localTime,
  pairs,
  tableOf,
  timeNow,
} from "./table.ts";

/** What else there is to tell of the directory. */
export interface Surroundings {
  readonly senders: readonly KnownSender[];
  /** What is never sent, in words. */
  readonly skipped: readonly string[];
  /** Each file, where that is wanted. */
  readonly entries?: readonly WaitingEntry[];
}

/** Counts files. */
export class OutgoingTotals {
  files = 0;
  bytes = 0;
  locked = 0;
  oldest = Infinity;

  add({ bytes, since, locked }: WaitingEntry): void {
    this.files++;
    this.bytes += bytes;
    if (locked !== undefined) this.locked++;
    this.oldest = Math.min(this.oldest, since);
  }

  /** The document of `ssm outgoing list`. */
  document(
    { path, type }: Pick<OutgoingStore, "path" | "type">,
    { senders, skipped, entries }: Surroundings,
  ): Record<string, unknown> {
    const { files, bytes, locked, oldest } = this;
    return {
      outgoing: {
        ...{ path, type, files, bytes, locked },
        oldest_seconds: files === 0
          ? null
          : Math.max(0, Math.floor((timeNow() - oldest) / 1000)),
        senders: senders.map(senderDocument),
        skipped,
        ...(entries && {
          messages: entries.map((entry) => waitingDocument(entry, senders)),
        }),
      },
    };
  }

  /** The same for people. */
  lines(
    { path }: Pick<OutgoingStore, "path">,
    senders: readonly KnownSender[],
  ): string[] {
    const { files, bytes, locked, oldest } = this;
    const total = `${counted(files, "file")}, ${
      counted(bytes, "byte")
    }, in ${path}`;
    const running = senders.filter(({ alive }) => alive);
    return [
      total,
      ...(files > 0
        ? [`the oldest from ${localTime(oldest)}, ${age(oldest)} ago`]
        : []),
      ...(locked > 0 ? [`${locked} locked`] : []),
      ...running.map(({ pid, host, since }) =>
        `process ${pid} on ${host} sends, since ${localTime(since)}`
      ),
    ];
  }
}

function senderDocument({ pid, host, since, alive }: KnownSender) {
  return { pid, host, since: isoTime(since), running: alive };
}

/** A file as a part of documents. */
export function waitingDocument(
  { id, bytes, since, locked }: WaitingEntry,
  senders: readonly KnownSender[],
): Record<string, unknown> {
  const holder = locked === undefined ? undefined : holderOf(locked, senders);
  return {
    id,
    bytes,
    since: isoTime(since),
    locked_since: locked === undefined ? null : isoTime(locked),
    locked_by: holder ? senderDocument(holder) : null,
  };
}

/** The lines of files, headings first. */
export function waitingLines(
  entries: readonly WaitingEntry[],
  senders: readonly KnownSender[],
): string[] {
  return tableOf([
    { heading: "ID", text: ({ id }) => id },
    { heading: "SINCE", text: ({ since }) => localTime(since) },
    { heading: "BYTES", text: ({ bytes }) => `${bytes}`, align: "right" },
    {
      heading: "LOCKED",
      text: ({ locked }) =>
        locked === undefined ? "no" : holderWords(locked, senders),
    },
  ], entries);
}

/** The lines about one file. */
export function waitingDetails(
  { id, bytes, since, locked }: WaitingEntry,
  senders: readonly KnownSender[],
): string[] {
  return pairs({
    id,
    since: `${localTime(since)}, ${age(since)} ago`,
    size: counted(bytes, "byte"),
    locked: locked === undefined ? "no" : holderWords(locked, senders),
  });
}
