/**
 * How the refusals of the file system are recognised and told.
 *
 * @module
 */
import { quoted, reason, SsmError } from "../../errors.ts";

/** Whether `error` is a refusal of the operating system with one of these codes (`ENOENT`, …). */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && codes.includes(error.code);
}

/** `Cannot <action> "<path>": <what the system said>`; an {@linkcode SsmError} passes unchanged. */
export function spoolError(
  action: string,
  path: string,
  cause: unknown,
): SsmError {
  if (cause instanceof SsmError) return cause;
  // Deno repeats the operation and its paths after the words of the system.
  const words = reason(cause).replace(/ \(os error \d+\).*$/s, "");
  const state = words.slice(0, 1).toLowerCase() + words.slice(1);
  return new SsmError("SPOOL", `Cannot ${action} ${quoted(path)}: ${state}`, {
    cause,
    ...(isErrno(cause, "ENOSPC", "EDQUOT")
      ? { hint: "Make room on the disk; nothing was lost" }
      : {}),
  });
}
