/**
 * Who sends from an outgoing directory: what tells whose its locks are.
 *
 * The locks of dirq, and the claims on plain files, have a time and no owner. So each
 * sender keeps a file `.ssm-senders/<random>` in the directory while it runs, with its
 * process id, its host and its start in one line of JSON, and holds a lock of the
 * system on it (flock), which ends with the process however that ends. Programs that
 * read the directory pass over names that begin with a dot.
 *
 * @module
 */
import { systemClock } from "../../time/mod.ts";
import { isErrno } from "../../errors.ts";
import {
  lookAt,
  makeDirectory,
  readHead,
  removeIfEmpty,
  unlink,
} from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";

/** A sender, as it says itself. */
export interface Sender {
  readonly pid: number;
  readonly host: string;
  /** When it began, in ms since 1970. */
  readonly since: number;
}

/** A sender of which there is a trace in the directory. */
export interface KnownSender extends Sender {
  /** Whether it runs. */
  readonly alive: boolean;
}

const DIRECTORY = ".ssm-senders";

/** For so long the trace of a sender that was killed is kept, in ms: as its locks are. */
const KEEP_MS = 600_000;

/**
 * Leaves a trace of a sender until it is disposed. Where none can be left, there is
 * none: nothing but the knowledge whose the locks are depends on it.
 */
export function announceSender(path: string, sender: Sender): Disposable {
  const directory = `${path}/${DIRECTORY}`;
  const trace = `${directory}/${crypto.randomUUID()}`;
  const file = leaveTrace(path, trace, sender);
  return {
    [Symbol.dispose]: () => {
      if (!file) return;
      removeTrace(directory, trace);
      file.close();
    },
  };
}

function leaveTrace(
  path: string,
  trace: string,
  { pid, host, since }: Sender,
): Deno.FsFile | undefined {
  const directory = `${path}/${DIRECTORY}`;
  try {
    makeDirectory(directory, 0o750);
    removeOld(directory);
    const begun = new Date(since).toISOString();
    const text = JSON.stringify({ pid, host, since: begun });
    Deno.writeTextFileSync(trace, `${text}\n`, {
      createNew: true,
      mode: 0o640,
    });
    return locked(trace, { read: true }) ?? locked(trace, { write: true });
  } catch {
    removeTrace(directory, trace);
    return undefined;
  }
}

/** A lock on a file, as long as it is open; `undefined` when there can be none in this way. */
function locked(
  path: string,
  options: { readonly read?: boolean; readonly write?: boolean },
): Deno.FsFile | undefined {
  // Open for writing, it would keep its disk from being made read-only. On NFS a lock
  // needs that.
  const file = Deno.openSync(path, options);
  try {
    // At once, or when somebody who looked whether it is locked has seen it.
    file.lockSync(true);
    return file;
  } catch {
    file.close();
    return undefined;
  }
}

function removeTrace(directory: string, trace: string): void {
  try {
    unlink(trace);
    removeIfEmpty(directory);
  } catch {
    // The disk has become read-only: the lock ends all the same.
  }
}

function removeOld(directory: string): void {
  const limit = systemClock.date().getTime() - KEEP_MS;
  for (const { name } of Deno.readDirSync(directory)) {
    const path = `${directory}/${name}`;
    const info = lookAt(path);
    if (info && modified(info) < limit && !isLocked(path)) {
      unlink(path);
    }
  }
}

/** All senders of which there is a trace in an outgoing directory, the latest first. */
export function sendersOf(path: string): KnownSender[] {
  const senders: KnownSender[] = [];
  const directory = `${path}/${DIRECTORY}`;
  try {
    for (const { name, isFile } of Deno.readDirSync(directory)) {
      if (!isFile) continue;
      const sender = parseSender(readHead(`${directory}/${name}`, 4096));
      if (!sender) continue;
      senders.push({ ...sender, alive: isLocked(`${directory}/${name}`) });
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT", "EACCES")) throw error;
  }
  return senders.sort((a, b) => b.since - a.since);
}

/**
 * Whose a lock is, as far as can be told: of the senders that had begun when it was made,
 * the last that runs, or else the last that does not.
 */
export function holderOf(
  locked: number,
  senders: readonly KnownSender[],
): KnownSender | undefined {
  const candidates = senders.filter(({ since }) => since <= locked + SKEW_MS);
  return candidates.find(({ alive }) => alive) ?? candidates[0];
}

/** File systems date a file by the last tick of their clock, or by that of their server. */
const SKEW_MS = 2000;

function parseSender(bytes: Uint8Array | undefined): Sender | undefined {
  try {
    const { pid, host, since } = JSON.parse(new TextDecoder().decode(bytes));
    const time = Date.parse(since);
    return Number.isSafeInteger(pid) && typeof host === "string" && time >= 0
      ? { pid, host, since: time }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process holds it; also where that cannot be told. */
function isLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { write: true });
    return !file.tryLockSync(true);
  } catch (error) {
    return !isErrno(error, "ENOENT");
  }
}
