/**
 * What waits to be sent.
 *
 * @module
 */
import {
  holderOf,
  type KnownSender,
  sendersOf,
  type WaitingEntry,
} from "../../spool/mod.ts";
import type { Unsent } from "../state/run_state.ts";
import { OutgoingTotals } from "../views/outgoing_views.ts";
import type { OutgoingStore } from "../wiring/outgoing.ts";
import {
  type LockGroup,
  type OutgoingStatus,
  secondsSince,
} from "./document.ts";

/**
 * Looks once at each file.
 *
 * @param unsent what the last process could not send
 */
export async function outgoingPart(
  { path, type, waiting }: Pick<OutgoingStore, "path" | "type" | "waiting">,
  unsent: readonly Unsent[],
  now: number,
): Promise<OutgoingStatus> {
  const totals = new OutgoingTotals();
  const senders = sendersOf(path);
  const locks = new Locks(senders, now);
  for await (const entry of waiting.entries()) {
    totals.add(entry);
    locks.add(entry);
  }
  const { files, bytes, locked, oldest } = totals;
  const left: Unsent[] = [];
  for (const one of unsent) {
    if (await waiting.entry(one.id)) left.push(one);
  }
  return {
    ...{ path, type, files, bytes },
    oldest_seconds: files === 0 ? null : secondsSince(oldest, now),
    locked,
    locks: locks.list(),
    unsent: left,
    skipped: await waiting.skipped(),
  };
}

/** Groups locks by their owners. */
class Locks {
  readonly #senders: readonly KnownSender[];
  readonly #now: number;
  readonly #groups = new Map<
    KnownSender | undefined,
    { files: number; oldest: number }
  >();

  constructor(senders: readonly KnownSender[], now: number) {
    this.#senders = senders;
    this.#now = now;
  }

  add({ locked }: WaitingEntry): void {
    if (locked === undefined) return;
    const holder = holderOf(locked, this.#senders);
    const group = this.#groups.get(holder) ?? { files: 0, oldest: Infinity };
    this.#groups.set(holder, group);
    group.files++;
    group.oldest = Math.min(group.oldest, locked);
  }

  list(): LockGroup[] {
    return Array.from(this.#groups, ([holder, { files, oldest }]) => ({
      pid: holder?.pid ?? null,
      host: holder?.host ?? null,
      running: holder?.alive ?? null,
      files,
      oldest_seconds: secondsSince(oldest, this.#now),
    }));
  }
}
