/**
 * An outgoing directory of plain files, whatever their names.
 *
 * A file is claimed by renaming it into a directory of its own,
 * `.ssm-claims/<random>/<its name>`: of two senders only one succeeds, the name
 * stays whole however long it is, the file keeps its time and so its place in the
 * order, and the time of the claim is that of the directory around it.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { ClaimedFile, restore } from "./claimed_file.ts";
import { isErrno, spoolError } from "./failure.ts";
import { lookAt, makeDirectory, removeIfEmpty, touchNow } from "./files.ts";
import type { OutgoingSpool, SpoolEntry } from "./spool.ts";

/** Settings of a {@linkcode PlainDirectory}. */
export interface PlainDirectoryOptions {
  /** A file changed more recently than this may still be written to and is left alone, in ms. @default {1000} */
  minAgeMs?: number;
  /** Age at which `tidy` gives a claim back, in ms; 0 = never. @default {600000} */
  maxLockMs?: number;
  /** Mode of the directories that hold claims. @default {0o750} */
  directoryMode?: number;
  /** Hears about files that cannot be sent because of their names. @default nobody */
  warn?: (message: string) => void;
}

/** A directory of files, sent oldest first. */
export class PlainDirectory implements OutgoingSpool {
  readonly #path: string;
  readonly #claims: string;
  readonly #minAgeMs: number;
  readonly #maxLockMs: number;
  readonly #directoryMode: number;
  readonly #warn: (message: string) => void;

  constructor(path: string, options: PlainDirectoryOptions = {}) {
    const {
      minAgeMs = 1000,
      maxLockMs = 600_000,
      directoryMode = 0o750,
      warn = () => {},
    } = options;
    this.#path = path;
    this.#claims = `${path}/.ssm-claims`;
    this.#minAgeMs = minAgeMs;
    this.#maxLockMs = maxLockMs;
    this.#directoryMode = directoryMode;
    this.#warn = warn;
  }

  /**
   * Oldest first; without hidden files, `*.tmp`, files that changed a moment ago,
   * and whatever is not a regular file.
   *
   * @throws {SsmError} `SPOOL` when the directory is missing or cannot be read.
   */
  async list(): Promise<string[]> {
    const times = new Map<string, number>();
    try {
      for await (const { name, isFile } of Deno.readDir(this.#path)) {
        if (!isFile || !isEligible(name)) continue;
        const info = lookAt(`${this.#path}/${name}`);
        if (info === undefined && name.includes("\ufffd")) {
          this.#warn(`Skipping "${this.#path}/${name}": its name is not UTF-8`);
        }
        if (info === undefined || this.#isFresh(info)) continue;
        times.set(name, modified(info));
      }
      for (const claim of await entriesOf(this.#claims)) {
        const directory = `${this.#claims}/${claim}`;
        for (const name of await entriesOf(directory)) {
          const info = lookAt(`${directory}/${name}`);
          if (info === undefined || times.has(name)) continue;
          times.set(name, modified(info));
        }
      }
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
    return [...times].sort(([nameA, timeA], [nameB, timeB]) =>
      timeA - timeB || (nameA < nameB ? -1 : 1)
    ).map(([name]) => name);
  }

  /**
   * @throws {RangeError} when `name` is not one that `list` gives.
   * @throws {SsmError} `SPOOL` when it is not a regular file or cannot be claimed.
   */
  async lock(name: string): Promise<SpoolEntry | undefined> {
    if (!isEligible(name) || name === "" || name.includes("/")) {
      throw new RangeError(`Not the name of a file to be sent: "${name}"`);
    }
    const original = `${this.#path}/${name}`;
    const claim = `${this.#claims}/${crypto.randomUUID()}`;
    let renamed = false;
    try {
      const found = lookAt(original);
      if (found === undefined) return undefined;
      if (!found.isFile) throw notAFile(original);
      if (this.#isFresh(found)) return undefined;
      makeDirectory(this.#claims, this.#directoryMode);
      makeDirectory(claim, this.#directoryMode);
      await Deno.rename(original, `${claim}/${name}`);
      renamed = true;
      // What was renamed may not be what was seen before.
      const claimed = await Deno.lstat(`${claim}/${name}`);
      if (!claimed.isFile) throw notAFile(original);
      return new ClaimedFile(name, this.#path, claim, claimed);
    } catch (error) {
      if (renamed) await restore(`${claim}/${name}`, original);
      else removeIfEmpty(claim);
      if (isErrno(error, "ENOENT")) return undefined;
      throw spoolError("claim", original, error);
    }
  }

  /** Gives stale claims back. */
  async tidy(): Promise<void> {
    if (this.#maxLockMs === 0) return;
    try {
      for (const name of await entriesOf(this.#claims)) {
        await this.#giveBackIfStale(`${this.#claims}/${name}`);
      }
    } catch (error) {
      throw spoolError("tidy", this.#path, error);
    }
  }

  async #giveBackIfStale(stale: string): Promise<void> {
    const info = lookAt(stale);
    if (info === undefined) return;
    if (modified(info) >= Date.now() - this.#maxLockMs) return;
    const claim = `${this.#claims}/${crypto.randomUUID()}`;
    try {
      // Renamed first, so that only one of several gives it back, and only once.
      await Deno.rename(stale, claim);
      touchNow(claim);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return; // another process was faster
      throw error;
    }
    for (const file of await entriesOf(claim)) {
      await restore(`${claim}/${file}`, `${this.#path}/${file}`);
    }
    removeIfEmpty(claim);
  }

  /** A time in the future is a wrong clock, not a file being written. */
  #isFresh(info: Deno.FileInfo): boolean {
    return Math.abs(Date.now() - modified(info)) < this.#minAgeMs;
  }
}

function isEligible(name: string): boolean {
  return !name.startsWith(".") && !name.endsWith(".tmp");
}

function modified(info: Deno.FileInfo): number {
  return info.mtime?.getTime() ?? 0;
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(directory));
    return entries.map(({ name }) => name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

function notAFile(path: string): SsmError {
  return new SsmError("SPOOL", `Cannot claim "${path}": not a regular file`);
}
