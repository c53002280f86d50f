/**
 * The life of one process, from start to death.
 *
 * @module
 */
import { Running, ssmCommand } from "../../../kit/programs/program.ts";
import type { Death } from "./deaths.ts";
import { type DeathOrder, markReached } from "./ordered_death.ts";

/** Longer than the longest wait for a broker that is coming back. */
const MAX_LIFE_MS = 120_000;

/** Nothing comes any more, or not soon: a client that lost its broker again and again waits for a minute. */
const LONG_LIFE_MS = 6000;

/** The status of a process that SIGKILL has ended. */
const KILLED = 128 + 9;

/** Starts ssm with those arguments, to die as ordered. */
function victim(order: DeathOrder, args: readonly string[]): Running {
  return new Running(
    ssmCommand(
      [JSON.stringify(order), ...args],
      new URL("victim.ts", import.meta.url),
    ),
    { timeoutMs: MAX_LIFE_MS },
  );
}

/** Starts ssm with those arguments, to live. */
export function live(args: readonly string[]): Running {
  return victim({}, args);
}

/**
 * Runs ssm with those arguments to its death; whether it came as told: the
 * process may have ended before, or had to be killed because its mark did not come.
 */
export async function dies(
  { order, afterMs }: Death,
  args: readonly string[],
): Promise<boolean> {
  await using process = victim(order, args);
  const timer = setTimeout(
    () => process.kill("SIGKILL"),
    afterMs ?? LONG_LIFE_MS,
  );
  try {
    const { status, stdout } = await process.end();
    if (status !== KILLED) return false;
    return afterMs !== undefined || markReached(stdout) !== undefined;
  } finally {
    clearTimeout(timer);
  }
}
