/**
 * What lies in a spool and is not sent, and telling of it once.
 *
 * @module
 */

import type { Clock } from "../../time/mod.ts";

/** A lock this far in the future was made by a clock that is wrong, in ms. */
const FUTURE_MS = 60_000;

/** Tells of each entry once, as long as it is there, and of those with the same reason together. */
export class Skipped {
  readonly #warn: (message: string) => void;
  /** What was there at the last look. */
  #known: ReadonlySet<string> = new Set();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Ends a look: tells what is new. */
  tell(entries: SkippedEntries): void {
    for (const [why, paths] of entries.byReason) {
      const fresh = paths.filter((path) => !this.#known.has(path));
      const [first] = fresh;
      if (first === undefined) continue;
      const others = fresh.length > 1 ? ` and ${fresh.length - 1} more` : "";
      this.#warn(`Skipping "${first}"${others}: ${why}`);
    }
    this.#known = new Set([...entries.byReason.values()].flat());
  }
}

/** What one look at a directory found. */
export class SkippedEntries {
  readonly byReason = new Map<string, string[]>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param why what is wrong with it, and what to do */
  add(path: string, why: string): void {
    const paths = this.byReason.get(why) ?? [];
    this.byReason.set(why, paths);
    paths.push(path);
  }

  /** Adds a lock or claim if its time is so far in the future that it will never count as old. */
  addIfFromFuture(path: string, time: number): void {
    if (time < this.#clock.date().getTime() + FUTURE_MS) return;
    this.add(
      path,
      "it is a lock whose time is in the future; if no sender is running, remove it",
    );
  }
}

/** Why an entry that is named like a file to be sent is skipped. */
export function notAFile({ isSymlink }: Pick<Deno.DirEntry, "isSymlink">) {
  return isSymlink
    ? "not a regular file but a symbolic link, which is not followed; move the file itself here"
    : "not a regular file";
}
