/**
 * The memory of acts of signing: what was signed once is delivered once, even if
 * other bytes are around it.
 *
 * Entries share a directory with those of the messages' keys. There are two kinds:
 *
 * - the *mark* of a signing, whose text says which delivery it led to;
 * - the *places* of a statement that its signer may make again. With RSA as most
 *   programs use it, equal files that are signed within one second have the same
 *   signature; only the MIME boundary, which is not signed, tells them from copies
 *   of one. So their number is limited, and the time in which they must come. Each
 *   has a place, whose text says when it came first and which mark it has.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../time/mod.ts";
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import type { Signing } from "../spool.ts";
import { Ledger } from "./ledger.ts";

/** How long after the first of them equal files may come: they were sent within one second, and wait in one queue. */
const TOGETHER_MS = 600_000;

/** How many equal files may come with one statement: as many as a program signs in one second. */
const MOST_TOGETHER = 100;

/** 128 bits; two of them with a text in between are still no disk block. */
const MARK_DIGITS = 32;

/** Entries that one message has, at most. */
const ENTRIES_PER_MESSAGE = 2;

/** Settings of {@linkcode Signings}. */
export interface SigningsOptions {
  /** Messages that are remembered, at most. */
  readonly capacity: number;
  readonly directoryMode: number;
  readonly syncer: DirectorySyncer;
  readonly clock: Clock;
}

/** Which acts of signing led to deliveries. */
export class Signings {
  /** The marks, by the names that `markOf` gives; places are beside them. */
  readonly marks: Ledger;
  readonly #clock: Clock;

  constructor(path: string, { capacity, ...options }: SigningsOptions) {
    this.#clock = options.clock;
    this.marks = new Ledger(path, {
      ...options,
      digits: MARK_DIGITS,
      capacity: capacity * ENTRIES_PER_MESSAGE,
    });
  }

  /** The name of a signing's mark. */
  static markOf({ statement, variant }: Signing): string {
    return digest(["mark", statement, variant ?? null]);
  }

  /**
   * Gives a signing a place among those of its statement; the same one, if it has
   * one. A signing whose statement is unique needs none.
   *
   * @returns why there is none for it: then it is a replay, as far as can be told
   */
  admit(signing: Signing): string | undefined {
    if (signing.variant === undefined) return undefined;
    const mark = Signings.markOf(signing);
    const now = this.#clock.date().getTime();
    for (let i = 0; i < MOST_TOGETHER; i++) {
      const place = digest(["place", signing.statement, i]);
      const text = this.marks.claim(place, `${now.toString(16)}.${mark}`);
      const [since = "", owner] = text.split(".");
      if (owner === mark) return undefined;
      const first = parseInt(since, 16);
      if (Math.abs(now - first) > TOGETHER_MS) {
        return `what is signed came before, on ${
          new Date(first).toISOString()
        }, in another message`;
      }
    }
    return `what is signed came before, in ${MOST_TOGETHER} other messages`;
  }

  /** Marks a signing whose message had been delivered before, as `text` says; durable when this returns. */
  async remember(signing: Signing, text: string): Promise<void> {
    const mark = Signings.markOf(signing);
    if (
      this.marks.read(mark) === undefined && this.admit(signing) === undefined
    ) {
      this.marks.claim(mark, text);
    }
    await this.marks.sync();
  }
}

/** Parts of known number and kind, in one reading only. */
function digest(parts: readonly (string | number | null)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex")
    .slice(0, MARK_DIGITS);
}
