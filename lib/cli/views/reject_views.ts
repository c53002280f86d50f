/**
 * What is in reject, as text and as documents; see docs/operating.md.
 *
 * @module
 */
import type { RejectedEntry } from "../../spool/mod.ts";
import {
  age,
  type Column,
  counted,
  isoTime,
  localTime,
  pairs,
  tableOf,
} from "./table.ts";

/** Messages with one reason and signer. */
export interface RejectGroup {
  readonly reason: string;
  readonly signer: string | undefined;
  count: number;
  bytes: number;
  oldest: number;
  newest: number;
}

/** Counts messages, by reason and signer. */
export class RejectGroups {
  readonly #groups = new Map<string, RejectGroup>();
  total = 0;
  bytes = 0;

  add({ reason, signer, bytes, since, last }: RejectedEntry): void {
    const key = JSON.stringify([reason, signer]);
    const group = this.#groups.get(key) ?? {
      ...{ reason, signer, count: 0, bytes: 0 },
      ...{ oldest: since, newest: last },
    };
    this.#groups.set(key, group);
    group.count++;
    group.bytes += bytes;
    group.oldest = Math.min(group.oldest, since);
    group.newest = Math.max(group.newest, last);
    this.total++;
    this.bytes += bytes;
  }

  /** The largest first. */
  list(): RejectGroup[] {
    return [...this.#groups.values()].sort((a, b) =>
      b.count - a.count || b.newest - a.newest ||
      (a.reason < b.reason ? -1 : 1)
    );
  }
}

/** The document of `ssm reject list`. */
export function rejectDocument(
  path: string,
  groups: RejectGroups,
  messages?: readonly RejectedEntry[],
): Record<string, unknown> {
  return {
    reject: {
      path,
      total: groups.total,
      bytes: groups.bytes,
      groups: groups.list().map(({ signer = null, ...group }) => ({
        ...group,
        signer,
        oldest: isoTime(group.oldest),
        newest: isoTime(group.newest),
      })),
      ...(messages && { messages: messages.map(entryDocument) }),
    },
  };
}

/** A message as a part of documents. */
export function entryDocument(entry: RejectedEntry): Record<string, unknown> {
  const { id, since, last, count, bytes, reason, locked } = entry;
  return {
    id,
    since: isoTime(since),
    last: isoTime(last),
    count,
    bytes,
    reason,
    signer: entry.signer ?? null,
    sender_id: entry.senderId ?? null,
    judged_again: entry.waits,
    locked_since: locked === undefined ? null : isoTime(locked),
  };
}

const GROUP_COLUMNS: readonly Column<RejectGroup>[] = [
  { heading: "COUNT", text: ({ count }) => `${count}`, align: "right" },
  { heading: "NEWEST", text: ({ newest }) => localTime(newest) },
  { heading: "SIGNER", text: ({ signer = "not known" }) => signer },
  { heading: "REASON", text: ({ reason }) => reason },
];

const ENTRY_COLUMNS: readonly Column<RejectedEntry>[] = [
  { heading: "ID", text: ({ id }) => id },
  { heading: "SINCE", text: ({ since }) => localTime(since) },
  { heading: "TIMES", text: ({ count }) => `${count}`, align: "right" },
  { heading: "BYTES", text: ({ bytes }) => `${bytes}`, align: "right" },
  { heading: "SIGNER", text: ({ signer = "not known" }) => signer },
  { heading: "REASON", text: ({ reason }) => reason },
];

/** The first line of a list. */
export function summaryLine(
  path: string,
  { total, bytes }: RejectGroups,
): string {
  return `${counted(total, "message")}, ${counted(bytes, "byte")}, in ${path}`;
}

/** The lines of groups, headings first. */
export function groupLines(groups: RejectGroups): string[] {
  return tableOf(GROUP_COLUMNS, groups.list());
}

/** The lines of messages, headings first. */
export function entryLines(entries: readonly RejectedEntry[]): string[] {
  return tableOf(ENTRY_COLUMNS, entries);
}

/** The lines about one message. */
export function entryDetails(entry: RejectedEntry): string[] {
  const { since, last, count, bytes, locked } = entry;
  return pairs({
    id: entry.id,
    "sender's id": entry.senderId,
    since: `${localTime(since)}, ${age(since)} ago`,
    came: count > 1
      ? `${counted(count, "time")}, last ${localTime(last)}`
      : undefined,
    size: counted(bytes, "byte"),
    reason: entry.reason,
    "signer then": entry.signer,
    "judged again": entry.waits
      ? "by itself, when what is missing is there"
      : undefined,
    locked: locked === undefined
      ? undefined
      : `by another process, since ${localTime(locked)}`,
  });
}
