/**
 * Files that an administrator replaces while the program runs.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { reason } from "../errors.ts";
import { fileAgeMs } from "../file_state.ts";
import type { Logger } from "../log/mod.ts";
import { type Clock, systemClock } from "../time/mod.ts";

/** Settings of a {@linkcode Renewal}. */
export interface RenewalOptions {
  readonly log: Logger;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** How often the files are looked at, at most, in ms. @default {1000} */
  readonly lookEveryMs?: number;
  /** A file that changed more recently than this may be half written, in ms. @default {1000} */
  readonly quietMs?: number;
}

/**
 * How often files that cannot be used are tried again although they have not
 * changed, in ms: a certificate that is not valid yet will be one day.
 */
const TRY_AGAIN_MS = 30_000;

/**
 * Tells when files should be read again, and warns of those that cannot be used.
 *
 * Several files cannot be replaced at one moment. A certificate whose key has
 * not come yet can be used as little as a file that is half written: both are
 * left for a later look, and what was read last stays in use.
 */
export class Renewal {
  readonly #paths: readonly string[];
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #lookEveryMs: number;
  readonly #quietMs: number;
  #seen: string;
  #lookedAt: number;
  #triedAt: number;
  #problem = "";

  /** To be made before the files are read for the first time. */
  constructor(paths: readonly string[], options: RenewalOptions) {
    const { log, lookEveryMs = 1000, quietMs = 1000 } = options;
    this.#paths = paths;
    this.#log = log;
    this.#clock = options.clock ?? systemClock;
    this.#lookEveryMs = lookEveryMs;
    this.#quietMs = quietMs;
    this.#seen = this.#look().text;
    this.#lookedAt = this.#triedAt = this.#clock.now();
  }

  /**
   * Whether the files should be read now: then follows {@linkcode succeeded} or
   * {@linkcode failed}.
   *
   * @param complete Whether somebody says that they are all there.
   */
  isDue(complete = false): boolean {
    const now = this.#clock.now();
    if (!complete && now - this.#lookedAt < this.#lookEveryMs) return false;
    this.#lookedAt = now;
    const { text, ageMs } = this.#look();
    if (text === this.#seen) {
      return this.#problem !== "" &&
        (complete || now - this.#triedAt >= TRY_AGAIN_MS);
    }
    if (!complete && ageMs < this.#quietMs) return false;
    this.#seen = text;
    return true;
  }

  /** The files are in use. */
  succeeded(): void {
    this.#problem = "";
  }

  /** The files cannot be used; says so once for each reason. */
  failed(error: unknown): void {
    this.#triedAt = this.#clock.now();
    const problem = reason(error).replace(/\.$/, "");
    if (problem !== this.#problem) {
      this.#log.warning(`${problem}. What was read before stays in use.`);
    }
    this.#problem = problem;
  }

  /**
   * What is in the files and who may get at them, and how long ago one was last
   * written to, in ms.
   *
   * The content itself is compared: a file that is rewritten at once, or by a
   * tool that keeps its time, may look the same from outside.
   */
  #look(): { text: string; ageMs: number } {
    let ageMs = Infinity;
    const looks = this.#paths.map((path) => {
      try {
        const content = createHash("sha256").update(Deno.readFileSync(path));
        const info = Deno.statSync(path);
        ageMs = Math.min(ageMs, fileAgeMs(info, this.#clock.date()));
        return `${content.digest("hex")} ${info.mode}`;
      } catch (error) {
        return reason(error);
      }
    });
    return { text: looks.join("\n"), ageMs };
  }
}
