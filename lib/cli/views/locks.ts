/**
 * Whose a lock in outgoing is, and whether it may be taken away.
 *
 * @module
 */
import { holderOf, type KnownSender } from "../../spool/mod.ts";
import { age, timeNow } from "./table.ts";

/** How the owner of a lock is called. */
export function holderWords(
  locked: number,
  senders: readonly KnownSender[],
): string {
  const holder = holderOf(locked, senders);
  const since = `${age(locked)} ago`;
  if (!holder) return `by an unknown program, ${since}`;
  const state = holder.alive ? "which runs" : "which does not run any more";
  return `by process ${holder.pid} on ${holder.host}, ${state}, ${since}`;
}

/** A judgement on a lock. */
export interface LockJudgement {
  /** Whose it is, and since when. */
  readonly words: string;
  /** Why it stays; `undefined` when it may be taken away. */
  readonly fault: string | undefined;
}

/** Whether a lock made at that time, in ms since 1970, may be taken away. */
export function unlockFault(
  locked: number,
  senders: readonly KnownSender[],
  { maxLockMs, insists }: { maxLockMs: number; insists: boolean },
): LockJudgement {
  const holder = holderOf(locked, senders);
  const words = `locked ${holderWords(locked, senders)}`;
  const isOld = maxLockMs > 0 && timeNow() - locked > maxLockMs;
  const fault = holder?.alive
    ? `${words}: stop that sender first`
    : holder || isOld || insists
    ? undefined
    : `${words}; if no program sends from here, say it with --yes`;
  return { words, fault };
}
