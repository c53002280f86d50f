/**
 * How the refusals of the file system are told.
 *
 * @module
 */
import { isErrno, quoted, reason, SsmError } from "../../errors.ts";

/** `Cannot <action> "<path>": <what the system said>`; an {@linkcode SsmError} passes unchanged. */
export function spoolError(
  action: string,
  path: string,
  cause: unknown,
): SsmError {
  if (cause instanceof SsmError) return cause;
  // Deno repeats the operation and its paths after the words of the system, and
  // Node.js its code before them, too.
  const words = reason(cause).replace(/ \(os error \d+\).*$/s, "")
    .replace(/^E[A-Z0-9]+: ([^,]+), \w+\b.*$/s, "$1");
  const state = words.slice(0, 1).toLowerCase() + words.slice(1);
  const hint = hintFor(cause);
  return new SsmError("SPOOL", `Cannot ${action} ${quoted(path)}: ${state}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintFor(cause: unknown): string | undefined {
  if (isErrno(cause, "ENOSPC", "EDQUOT")) {
    return "Make room on the disk (df, df -i); nothing was lost";
  }
  if (isErrno(cause, "EACCES", "EPERM")) {
    return "the user that runs ssm must be able to read the files, and to write into their directories";
  }
  return undefined;
}
