/**
 * What must not be shown, whatever a peer repeats of it.
 *
 * @module
 */
import type { Subject } from "./subject.ts";

/** A shorter text would be found in many words. */
const MIN_LENGTH = 4;

/** The passwords and tokens of a configuration, and of the files that it names. */
export function secretsOf({ stomp, ams }: Subject): string[] {
  const user = ams?.broker.user;
  return [
    stomp?.broker.passcode,
    firstLine(stomp?.broker.passcodeFile),
    user?.from === "configuration" ? user.token : undefined,
    user?.from === "file" ? firstLine(user.path) : undefined,
  ].filter((secret) => secret !== undefined)
    .filter(({ length }) => length >= MIN_LENGTH);
}

/** That a file cannot be read is told elsewhere. */
function firstLine(path: string | undefined): string | undefined {
  try {
    return path && Deno.readTextFileSync(path).split(/\r?\n/)[0]!.trim();
  } catch {
    return undefined;
  }
}
