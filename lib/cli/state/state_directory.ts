/**
 * The directory of the state files, as those see it that look into it.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { RunState } from "./run_state.ts";

/** Its name in the spool directory. */
export const STATE_DIRECTORY = ".ssm-state";

/** Larger files are none of ours. */
const MAX_BYTES = 1 << 20;

/** A file in the directory. */
export interface StateFileEntry {
  readonly name: string;
  readonly path: string;
  /** In ms since 1970. */
  readonly modified: number;
}

/** What a process has told, and whether it lives. */
export interface KnownRun {
  readonly state: RunState;
  readonly running: boolean;
}

/** What is in the directory; nothing where there is none. */
export function stateFiles(directory: string): StateFileEntry[] {
  try {
    return Array.from(Deno.readDirSync(directory))
      .filter(({ isFile }) => isFile)
      .flatMap(({ name }) => {
        const path = `${directory}/${name}`;
        const modified = modifiedOf(path);
        return modified === undefined ? [] : [{ name, path, modified }];
      });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

function modifiedOf(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).mtime?.getTime() ?? 0;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** A look at one of the files. */
interface Look {
  /** Whether a process has it locked. */
  readonly held: boolean;
  readonly text: string;
}

/** `undefined` when it is gone, or cannot be read. */
export function lookInto(path: string): Look | undefined {
  for (;;) {
    try {
      using file = Deno.openSync(path);
      // Others may have this kind of lock at the same time.
      const held = !file.tryLockSync(false);
      const { ino, size } = file.statSync();
      // Its writer lets go of a file that it has replaced.
      if (!held && Deno.lstatSync(path).ino !== ino) continue;
      return { held, text: size > MAX_BYTES ? "" : readAll(file, size) };
    } catch {
      return undefined;
    }
  }
}

function readAll(file: Deno.FsFile, size: number): string {
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let read: number | null = 1; read && length < size;) {
    read = file.readSync(bytes.subarray(length));
    length += read ?? 0;
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/**
 * What the processes of a spool have told, first those that run, then the latest.
 * What cannot be read or understood is passed over.
 *
 * @throws when the directory cannot be read
 */
export function knownRuns(spool: string): KnownRun[] {
  const runs: KnownRun[] = [];
  for (const { name, path } of stateFiles(`${spool}/${STATE_DIRECTORY}`)) {
    if (!name.endsWith(".json")) continue;
    const look = lookInto(path);
    const state = look && parseState(look.text);
    if (state) {
      runs.push({ state, running: look.held && state.ended === null });
    }
  }
  return runs.sort((a, b) =>
    Number(b.running) - Number(a.running) ||
    (a.state.started < b.state.started ? 1 : -1)
  );
}

function parseState(text: string): RunState | undefined {
  try {
    const state = JSON.parse(text);
    return isRunState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** As far as what shows it relies on. */
function isRunState(value: RunState | null): value is RunState {
  return typeof value === "object" && value?.format === 1 &&
    typeof value.role === "string" && Number.isSafeInteger(value.pid) &&
    [value.started, value.written].every(isTime) &&
    (value.ended === null || isTime(value.ended)) &&
    typeof value.counts === "object" && Array.isArray(value.unsent);
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && Number.isFinite(Date.parse(value));
}
