/**
 * Small text files besides the configuration: passwords, users, rules.
 *
 * @module
 */
import { checkExposure } from "../../credentials/mod.ts";
import { quoted, reason, SsmError } from "../../errors.ts";

/** A line that says something, and where it is. */
export interface Entry {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A file with a password in it. */
export interface PasswordFile {
  readonly path: string;
  /** What it is called, as a sentence begins. */
  readonly what: string;
  /** What others can do if they can read it. */
  readonly danger: string;
  /** The key of a configuration that names it. */
  readonly key?: string;
}

/**
 * The first line, without its end; `warn` hears of a file that is open to others.
 *
 * @throws {SsmError} `CONFIG` when it cannot be read.
 */
export function readPassword(
  { key, ...file }: PasswordFile,
  warn: (words: string) => void,
): string {
  checkExposure(file, warn);
  return readLines(file.path, key)[0]!;
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
