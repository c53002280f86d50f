/**
 * Small text files besides the configuration: passwords, users, rules.
 *
 * @module
 */
import { reason, SsmError } from "../../errors.ts";

/** A line that says something, and where it is. */
export interface Entry {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * The first line, without its end.
 *
 * @param name What an error calls the file.
 * @throws {SsmError} `CONFIG` when it cannot be read.
 */
export function readFirstLine(path: string, name = path): string {
  return readLines(path, name)[0]!;
}

/**
 * The lines that are neither blank nor begin with `#`.
 *
 * @throws {SsmError} `CONFIG` when the file cannot be read.
 */
export function readEntries(path: string): Entry[] {
  return readLines(path, path)
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => text.trim() !== "" && !text.startsWith("#"));
}

function readLines(path: string, name: string): string[] {
  try {
    return Deno.readTextFileSync(path).replace(/^\ufeff/, "").split(/\r?\n/);
  } catch (cause) {
    throw new SsmError("CONFIG", `Cannot read ${name}: ${reason(cause)}`, {
      cause,
    });
  }
}
