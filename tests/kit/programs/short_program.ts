/**
 * A small program of a test, as a process of its own that can be killed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ObservedProcess } from "../../../lib/cli/process/observed_process.ts";

/** Nothing here takes longer. */
const LIMIT_MS = 60_000;

/** How a program ended. */
export interface ProgramEnd {
  /** Whether it came to its end by itself. */
  readonly success: boolean;
  /** What it has said. */
  readonly lines: readonly string[];
}

/**
 * Runs a Deno program, which must not say anything as an error.
 *
 * @param args what follows `deno run`
 * @param isLast the program is killed as soon as it says such a line. @default none
 */
export async function runProgram(
  args: readonly string[],
  isLast: (line: string) => boolean = () => false,
): Promise<ProgramEnd> {
  const command = [Deno.execPath(), "run", "--no-check", ...args] as const;
  await using program = new ObservedProcess("program", command);
  let seen = 0;
  const saysLast = () => {
    while (seen < program.stdout.length) {
      if (isLast(program.stdout[seen++]!)) return true;
    }
  };
  // It may end without such a line.
  await program.until(saysLast, "its last line", LIMIT_MS).catch(() => {});
  program.kill("SIGKILL");
  const success = await program.end() === 0;
  assert.deepEqual(program.stderr, []);
  return { success, lines: program.stdout };
}
