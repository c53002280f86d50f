/**
 * Files that were changed a moment ago, and may still be written to.
 *
 * @module
 */

import { fileAgeMs } from "../../file_state.ts";
import { type Clock, sleep } from "../../time/mod.ts";

/** The longest wait for such files, in ms. */
const PATIENCE_MS = 2000;

/** When a file was last written to, in ms. */
export function modified(info: Deno.FileInfo): number {
  return info.mtime?.getTime() ?? 0;
}

/** For how much longer a file is fresh, in ms; 0 = it is not. */
export function freshForMs(
  info: Deno.FileInfo,
  { minAgeMs, now }: { minAgeMs: number; now: Date },
): number {
  return Math.max(0, minAgeMs - fileAgeMs(info, now));
}

/** What a look at files that may be fresh found. */
export interface FreshLook {
  /** How many were fresh. */
  readonly fresh: number;
  /** How long it is worth to wait for them, in ms. */
  readonly waitMs: number;
}

/** Counts what is fresh. */
export class FreshFiles implements FreshLook {
  fresh = 0;
  waitMs = 0;

  /** @param forMs for how much longer a file is fresh, in ms */
  add(forMs: number): void {
    this.fresh++;
    if (forMs <= PATIENCE_MS) this.waitMs = Math.max(this.waitMs, forMs);
  }
}

/**
 * Looks, and where what is fresh will not be that for long, waits and looks again,
 * once: a script that writes a file and then sends means that file, too.
 */
export async function patiently<Look extends FreshLook>(
  clock: Clock,
  look: () => Promise<Look>,
): Promise<Look> {
  const first = await look();
  if (first.waitMs === 0) return first;
  await sleep(clock, first.waitMs);
  return await look();
}
