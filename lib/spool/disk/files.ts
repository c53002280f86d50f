/**
 * Operations on files that several spools need.
 *
 * What waits for the disk (reading, writing, syncing) is asynchronous. What only
 * changes or looks up a name takes microseconds, and ten times as long when it is
 * handed to another thread: where it is on the path of every delivery it is
 * synchronous.
 *
 * @module
 */
import { dirname } from "node:path";
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { spoolError } from "./errors.ts";

/** Creates a file that must not exist yet, with exactly this mode, and syncs it. */
export async function writeDurably(
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  using file = Deno.openSync(path, { write: true, createNew: true, mode });
  // The umask of the process has no say: the modes of a spool are configured.
  Deno.chmodSync(path, mode);
  for (let done = 0; done < bytes.length;) {
    done += await file.write(bytes.subarray(done));
  }
  await file.sync();
}

/** Creates a directory with exactly this mode; `false` when it exists already. */
export function makeDirectory(path: string, mode: number): boolean {
  try {
    Deno.mkdirSync(path, { mode });
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
  Deno.chmodSync(path, mode);
  return true;
}

/** Creates a directory and what is missing above it, each with exactly this mode. */
export function makeDirectories(path: string, mode: number): void {
  try {
    makeDirectory(path, mode);
  } catch (error) {
    const parent = dirname(path);
    if (!isErrno(error, "ENOENT") || parent === path) throw error;
    makeDirectories(parent, mode);
    makeDirectory(path, mode);
  }
}

/** The first bytes of a file, at most `limit`; `undefined` when there is none, or it is none. */
export function readHead(path: string, limit: number): Uint8Array | undefined {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(limit);
    let length = 0;
    for (let read: number | null = 1; read && length < limit;) {
      read = file.readSync(bytes.subarray(length));
      length += read ?? 0;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return undefined;
    throw error;
  }
}

/** Deletes a file; that it is gone already is as good. */
export function unlink(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Deletes a directory unless there is something in it. */
export function removeIfEmpty(directory: string): void {
  try {
    Deno.removeSync(directory);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTEMPTY", "ENOTDIR")) throw error;
  }
}

/** What is at `path` itself, links not followed; `undefined` when nothing is. */
export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Names of the directories in `path`; none when it is gone. */
export function subdirectories(path: string): string[] {
  try {
    const entries = Array.from(Deno.readDirSync(path));
    return entries.filter((entry) => entry.isDirectory).map(({ name }) => name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/**
 * Whether there is a directory at `path`.
 *
 * @throws {SsmError} `SPOOL` when that cannot be told.
 */
export async function directoryExists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw spoolError("look at", path, error);
  }
}

/** Sets the times of a file or directory to now; returns that time, in ms. */
export function touchNow(path: string, clock: Clock): number {
  const now = clock.date();
  Deno.utimeSync(path, now, now);
  return now.getTime();
}
