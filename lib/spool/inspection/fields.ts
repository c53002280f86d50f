/**
 * Reading of what other programs may have written as well.
 *
 * @module
 */
import { Skipped, type SkippedEntries } from "../disk/skipped.ts";

import { systemClock } from "../../time/mod.ts";

/** dirq and SSM1 are younger than this, in ms since 1970: an earlier time in a name is none. */
const EARLIEST_MS = Date.UTC(2009, 0);

/** The time that a name tells, if it can be one; else the other. */
export function timeOrElse(told: number, otherwise: () => number): number {
  const now = systemClock.date().getTime();
  return told >= EARLIEST_MS && told <= now ? told : otherwise();
}

/** The first line of a text, without blanks around it; `undefined` when there is none. */
export function firstLine(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const [line = ""] = new TextDecoder().decode(bytes).trim().split(/[\r\n]/);
  return line.trim() || undefined;
}

/** The DN in a field `signer`, which says "Not available." where there is none. */
export function knownSigner(bytes: Uint8Array | undefined): string | undefined {
  const line = firstLine(bytes);
  return line?.startsWith("/") ? line : undefined;
}

/** What a look found besides files to be sent. */
export function wordsOf(skipped: SkippedEntries): string[] {
  const words: string[] = [];
  new Skipped((message) => words.push(message)).tell(skipped);
  return words;
}
