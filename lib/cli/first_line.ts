/**
 * Files with a password on their first line.
 *
 * @module
 */
import { reason, SsmError } from "../errors.ts";

/**
 * The first line, without its end.
 *
 * @param name What an error calls the file.
 * @throws {SsmError} `CONFIG` when it cannot be read.
 */
export function readFirstLine(path: string, name = path): string {
  try {
    return Deno.readTextFileSync(path).split(/\r?\n/)[0]!;
  } catch (cause) {
    throw new SsmError("CONFIG", `Cannot read ${name}: ${reason(cause)}`, {
      cause,
    });
  }
}
