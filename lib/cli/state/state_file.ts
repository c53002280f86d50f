/**
 * Keeps the state file of a process.
 *
 * Each process has its own, `.ssm-state/<role>-<random>.json` in its spool directory;
 * others take neither the directory nor what is in it for messages. While the process
 * lives it holds a lock of the system on the file (flock), which ends with the process
 * however that ends: so a file without an end that is not locked is that of a process
 * that was killed.
 *
 * @module
 */
import { isErrno, reason } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { lookInto, STATE_DIRECTORY, stateFiles } from "./state_directory.ts";

/** Settings of a {@linkcode StateFile}. */
export interface StateFileOptions {
  /** The spool directory. Where there is none, nothing is written. */
  readonly spool: string;
  /** Begins the name of the file. */
  readonly role: string;
  /** Mode of the file, whatever the umask. @default {0o640} */
  readonly fileMode?: number;
  /** Mode of the directory, whatever the umask. @default {0o750} */
  readonly directoryMode?: number;
  readonly clock: Clock;
  /** What is written. */
  readonly document: () => unknown;
  /** Is told, once as long as it is so, that nothing can be written. */
  readonly warn: (message: string) => void;
}

/** Changes within this time are written together, in ms. */
const GATHER_MS = 200;

/** So many writes may follow each other at once; further ones at this distance, in ms. */
const BURST = 3;
const DISTANCE_MS = 20_000;

/** What is half written for so long was left by a process that was killed, in ms. */
const UNFINISHED_MS = 600_000;

/** Writes anew, in one step, some time after something changed. */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #directory: string;
  readonly #name: string;
  /** Holds the lock. */
  #file: Deno.FsFile | undefined;
  /** When the next write would be, if none had been ahead of its time. */
  #nextEven = -Infinity;
  #cancel: (() => void) | undefined;
  #isFailing = false;
  #ended = false;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#directory = `${options.spool}/${STATE_DIRECTORY}`;
    this.#name = `${options.role}-${crypto.randomUUID()}`;
    this.#attempt(() => {
      this.#write();
      this.#sweep({ spareNewest: true });
    });
  }

  /** Something is different from what is written. */
  changed(): void {
    if (this.#cancel || this.#ended) return;
    const { clock } = this.#options;
    const due = Math.max(
      clock.now(),
      this.#nextEven - (BURST - 1) * DISTANCE_MS,
    );
    this.#cancel = clock.after(due - clock.now() + GATHER_MS, () => {
      this.#cancel = undefined;
      this.#attempt(() => this.#write());
    });
  }

  /** Writes for the last time, and lets the file go. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel?.();
    this.#attempt(() => {
      this.#write();
      this.#sweep({ spareNewest: false });
    });
    this.#file?.close();
    this.#file = undefined;
  }

  /** That nobody can be told must not stop the work. */
  #attempt(work: () => void): void {
    const { spool, warn } = this.#options;
    try {
      work();
      this.#isFailing = false;
    } catch (error) {
      if (this.#isFailing) return;
      this.#isFailing = true;
      warn(
        `Cannot write the state for ssm status into ${spool}: ${reason(error)}`,
      );
    }
  }

  #write(): void {
    const { clock, document, fileMode = 0o640 } = this.#options;
    this.#nextEven = Math.max(clock.now(), this.#nextEven) + DISTANCE_MS;
    if (!this.#makeDirectory()) return;
    const path = `${this.#directory}/${this.#name}`;
    const draft = `${path}.tmp`;
    let file: Deno.FsFile | undefined;
    try {
      Deno.writeTextFileSync(draft, `${JSON.stringify(document())}\n`, {
        mode: fileMode,
      });
      Deno.chmodSync(draft, fileMode);
      // Open for reading: it would keep a disk from being made read-only otherwise.
      file = Deno.openSync(draft);
      lockIfPossible(file);
      Deno.renameSync(draft, `${path}.json`);
    } catch (error) {
      file?.close();
      this.#withdraw(draft);
      throw error;
    }
    this.#file?.close();
    this.#file = file;
  }

  /** A full disk needs the space for messages. */
  #withdraw(draft: string): void {
    try {
      unlink(draft);
      Deno.removeSync(this.#directory);
    } catch {
      // There are others in it; or nothing can be removed, either.
    }
  }

  /** `false` when there is no spool. */
  #makeDirectory(): boolean {
    const { directoryMode = 0o750 } = this.#options;
    try {
      Deno.mkdirSync(this.#directory, { mode: directoryMode });
      Deno.chmodSync(this.#directory, directoryMode);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      if (!isErrno(error, "EEXIST")) throw error;
    }
    return true;
  }

  /** Removes the files of earlier processes of this role, and what they left half written. */
  #sweep({ spareNewest }: { spareNewest: boolean }): void {
    const { role, clock } = this.#options;
    const others = stateFiles(this.#directory).filter(({ name }) =>
      name.startsWith(`${role}-`) && !name.startsWith(this.#name)
    ).sort((a, b) => b.modified - a.modified);
    const ended = others.filter(({ name, path }) =>
      name.endsWith(".json") && lookInto(path)?.held === false
    );
    // Another process may be about to lock its own.
    const left = others.filter(({ name, modified }) =>
      name.endsWith(".tmp") &&
      modified < clock.date().getTime() - UNFINISHED_MS
    );
    for (const { path } of [...ended.slice(spareNewest ? 1 : 0), ...left]) {
      unlink(path);
    }
  }
}

function unlink(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Not every file system has locks, or has them for readers; then the process counts as dead. */
function lockIfPossible(file: Deno.FsFile): void {
  try {
    file.lockSync(true);
  } catch {
    // As said.
  }
}
