/**
 * Small text files besides the configuration: passwords, users, rules.
 *
 * @module
 */
import { quoted, reason, SsmError } from "../../errors.ts";

/** A line that says something, and where it is. */
export interface Entry {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * The first line, without its end.
 *
 * @param key The key of a configuration that names the file.
 * @throws {SsmError} `CONFIG` when it cannot be read.
 */
export function readFirstLine(path: string, key?: string): string {
  return readLines(path, key)[0]!;
}

/**
 * The lines that are neither blank nor begin with `#`.
 *
 * @throws {SsmError} `CONFIG` when the file cannot be read.
 */
export function readEntries(path: string): Entry[] {
  return readLines(path)
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => text.trim() !== "" && !text.startsWith("#"));
}

function readLines(path: string, key?: string): string[] {
  const name = key === undefined ? quoted(path) : `${key} ${quoted(path)}`;
  try {
    return Deno.readTextFileSync(path).replace(/^\ufeff/, "").split(/\r?\n/);
  } catch (cause) {
    throw new SsmError("CONFIG", `Cannot read ${name}: ${reason(cause)}`, {
      cause,
    });
  }
}
