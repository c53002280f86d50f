/**
 * Files that an administrator replaces while the program runs.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { reason } from "../errors.ts";
import type { Logger } from "../log/mod.ts";

/** Settings of a {@linkcode Renewal}. */
export interface RenewalOptions {
  readonly log: Logger;
  /** How often the files are looked at, at most, in ms. @default {1000} */
  readonly lookEveryMs?: number;
  /** A file that changed more recently than this may be half written, in ms. @default {1000} */
  readonly quietMs?: number;
}

/**
 * How often files that are of no use are tried again though they look the same,
 * in ms: a certificate that is not valid yet will be one day.
 */
const TRY_AGAIN_MS = 30_000;

/**
 * Tells when files should be read again, and warns of those that are of no use.
 *
 * Several files cannot be replaced at one moment. A certificate whose key has
 * not come yet is as little use as a file that is half written: both are left
 * for a later look, and what was read last stays in use.
 */
export class Renewal {
  readonly #paths: readonly string[];
  readonly #log: Logger;
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
    this.#lookEveryMs = lookEveryMs;
    this.#quietMs = quietMs;
    this.#seen = this.#look().text;
    this.#lookedAt = this.#triedAt = performance.now();
  }

  /**
   * Whether the files should be read now: then follows {@linkcode succeeded} or
   * {@linkcode failed}.
   *
   * @param complete Whether somebody says that they are all there.
   */
  isDue(complete = false): boolean {
    const now = performance.now();
    if (!complete && now - this.#lookedAt < this.#lookEveryMs) return false;
    this.#lookedAt = now;
    const { text, changedAt } = this.#look();
    if (text === this.#seen) {
      return this.#problem !== "" &&
        (complete || now - this.#triedAt >= TRY_AGAIN_MS);
    }
    const age = Math.abs(Date.now() - changedAt);
    if (!complete && age < this.#quietMs) return false;
    this.#seen = text;
    return true;
  }

  /** The files are in use. */
  succeeded(): void {
    this.#problem = "";
  }

  /** The files are of no use; says so once for each reason. */
  failed(error: unknown): void {
    this.#triedAt = performance.now();
    const problem = reason(error).replace(/\.$/, "");
    if (problem !== this.#problem) {
      this.#log.warning(`${problem}. What was read before stays in use.`);
    }
    this.#problem = problem;
  }

  /**
   * What is in the files and who may get at them, and when one was last written,
   * in ms since 1970.
   *
   * The content itself is compared: a file that is rewritten at once, or by a
   * tool that keeps its time, may look the same from outside.
   */
  #look(): { text: string; changedAt: number } {
    let changedAt = 0;
    const looks = this.#paths.map((path) => {
      try {
        const content = createHash("sha256").update(Deno.readFileSync(path));
        const { mode, mtime } = Deno.statSync(path);
        changedAt = Math.max(changedAt, mtime?.getTime() ?? 0);
        return `${content.digest("hex")} ${mode}`;
      } catch (error) {
        return reason(error);
      }
    });
    return { text: looks.join("\n"), changedAt };
  }
}
