/**
 * Files with secrets, or with rules, that others on the machine can get at.
 *
 * @module
 */
import { SsmError } from "../errors.ts";

/** A file that is to be kept from others. */
export interface Guarded {
  readonly path: string;
  /** How a message calls it: `Key file`. */
  readonly what: string;
  /** What others can do once they can get at it. */
  readonly danger: string;
}

/** Anything for others, writing for the group: many sites give a group of daemons the right to read. */
const EXPOSED = 0o027;

/**
 * Warns of a file that others can get at, and says what to do.
 *
 * @param required Whether the file must not be open to others.
 * @throws {SsmError} `KEY` instead of the warning when it must not be
 */
export function checkExposure(
  { path, what, danger }: Guarded,
  warn: (message: string) => void,
  required = false,
): void {
  const mode = permissionsOf(path);
  if ((mode & EXPOSED) === 0) return;
  const rights = mode.toString(8).padStart(4, "0");
  const words = `${what} ${path} is open to others (mode ${rights}): ${danger}`;
  const hint = `chmod g-w,o= ${path}`;
  if (required) throw new SsmError("KEY", words, { hint });
  warn(`${words}; ${hint}`);
}

/** Permission bits of a file; none when it cannot be looked at, which is told when it is read. */
function permissionsOf(path: string): number {
  try {
    return (Deno.statSync(path).mode ?? 0) & 0o777;
  } catch {
    return 0;
  }
}
