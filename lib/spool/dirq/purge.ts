/**
 * Clearing away what others left in a QueueSimple.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { spoolError } from "../disk/errors.ts";
import { removeIfEmpty, subdirectories } from "../disk/files.ts";
import { DIRECTORY_NAME, ELEMENT_NAME } from "./names.ts";

/** Ages at which things are taken for left behind, in ms; 0 = never. */
export interface PurgeLimits {
  readonly maxTempMs: number;
  readonly maxLockMs: number;
  readonly clock: Clock;
}

/**
 * Removes half-written elements, stale locks and drained directories as dirq's
 * `purge` does. What cannot be cleared away does not stop the rest; the first such
 * error is thrown in the end.
 *
 * @throws {SsmError} `SPOOL`.
 */
export async function purge(path: string, limits: PurgeLimits): Promise<void> {
  const directories = directoriesOf(path);
  const last = directories.at(-1);
  const failures: unknown[] = [];
  for (const name of directories) {
    const directory = `${path}/${name}`;
    try {
      await removeOldFiles(directory, limits);
      if (name !== last) removeIfEmpty(directory);
    } catch (error) {
      failures.push(spoolError("tidy", directory, error));
    }
  }
  if (failures.length > 0) throw failures[0];
}

function directoriesOf(path: string): string[] {
  try {
    const names = subdirectories(path);
    return names.filter((name) => DIRECTORY_NAME.test(name)).sort();
  } catch (error) {
    throw spoolError("tidy", path, error);
  }
}

async function removeOldFiles(
  directory: string,
  limits: PurgeLimits,
): Promise<void> {
  for (const name of await namesIn(directory)) {
    const limitMs = limitOf(name, limits);
    if (limitMs === 0) continue;
    const time = limits.clock.date().getTime() - limitMs;
    removeIfOlder(`${directory}/${name}`, time);
  }
}

/** What is in a directory; nothing when it is gone, or is for others: `list` tells of that. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(directory));
    return entries.map(({ name }) => name);
  } catch (error) {
    if (isErrno(error, "ENOENT", "EACCES")) return [];
    throw error;
  }
}

function limitOf(name: string, { maxTempMs, maxLockMs }: PurgeLimits): number {
  if (!ELEMENT_NAME.test(name.slice(0, -4))) return 0;
  if (name.endsWith(".tmp")) return maxTempMs;
  return name.endsWith(".lck") ? maxLockMs : 0;
}

/** Synchronous, since nothing may come between the look at the age and the removal. */
function removeIfOlder(path: string, time: number): void {
  try {
    const { isFile, mtime } = Deno.lstatSync(path);
    const modified = mtime?.getTime() ?? Infinity;
    if (isFile && modified < time) Deno.removeSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw spoolError("remove", path, error);
  }
}
