/**
 * Counts what `deno test` did, from its output.
 *
 * @module
 */

import { type Part, partsNeeded } from "../peers/parts.ts";

/** What became of the tests. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** How many tests were skipped for want of each part. */
  readonly wanting: ReadonlyMap<Part, number>;
  /** Deno's own summary line; `undefined` if it never came to that. */
  readonly summary: string | undefined;
}

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/;
// deno-lint-ignore no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Reads the output of `deno test` line by line. */
export class TallyReader {
  readonly #wanting = new Map<Part, number>();
  #summary: string | undefined;

  /** Takes one line, with or without colours. */
  read(line: string): void {
    const plain = line.replace(COLOURS, "");
    // A test may print such a line too; the last one is Deno's.
    if (SUMMARY.test(plain)) this.#summary = plain;
    const skipped = /^(.*) \.\.\. ignored \(/.exec(plain);
    for (const part of partsNeeded(skipped?.[1] ?? "")) {
      this.#wanting.set(part, (this.#wanting.get(part) ?? 0) + 1);
    }
  }

  /**
   * The result, once Deno has ended.
   *
   * @param success whether Deno itself was content; if not, something failed,
   *   even if no test got as far as being counted
   */
  tally(success: boolean): Tally {
    const [, passed, failed, ignored] = SUMMARY.exec(this.#summary ?? "") ?? [];
    const failures = Number(failed ?? 0);
    return {
      passed: Number(passed ?? 0),
      failed: success ? failures : Math.max(failures, 1),
      skipped: Number(ignored ?? 0),
      wanting: this.#wanting,
      summary: this.#summary,
    };
  }
}
