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
import { Buffer } from "node:buffer";
import { SsmError } from "../../errors.ts";
import { ClaimedFile, restore } from "./claimed_file.ts";
import { isErrno, spoolError } from "../disk/errors.ts";
import {
  lookAt,
  makeDirectory,
  removeIfEmpty,
  touchNow,
} from "../disk/files.ts";
import type { OutgoingSpool, SpoolEntry } from "../spool.ts";

/** Settings of a {@linkcode PlainDirectory}. */
export interface PlainDirectoryOptions {
  /** What is sent first: the file that was changed first, or the one whose name is first, by its bytes in UTF-8. @default {"time"} */
  order?: "time" | "name";
  /** Whether files called `*.tmp` are left alone. @default {true} */
  skipTmp?: boolean;
  /** A file changed more recently than this may still be written to and is left alone, in ms. @default {1000} */
  minAgeMs?: number;
  /** Age at which `tidy` gives a claim back, in ms; 0 = never. @default {600000} */
  maxLockMs?: number;
  /** Mode of the directories that hold claims. @default {0o750} */
  directoryMode?: number;
  /** Hears, once, about what cannot be sent: names that are not UTF-8, and what is not a regular file. @default nobody */
  warn?: (message: string) => void;
}

/** The longest wait for a file that was written a moment ago, in ms. */
const PATIENCE_MS = 2000;

/** A directory of files, sent in the order of their times or names. */
export class PlainDirectory implements OutgoingSpool {
  readonly #path: string;
  readonly #claims: string;
  readonly #order: "time" | "name";
  readonly #skipTmp: boolean;
  readonly #minAgeMs: number;
  readonly #maxLockMs: number;
  readonly #directoryMode: number;
  readonly #warn: (message: string) => void;
  /** What was there at the last look and cannot be sent. */
  #skipped = new Set<string>();

  constructor(path: string, options: PlainDirectoryOptions = {}) {
    const {
      order = "time",
      skipTmp = true,
      minAgeMs = 1000,
      maxLockMs = 600_000,
      directoryMode = 0o750,
      warn = () => {},
    } = options;
    this.#path = path;
    this.#claims = `${path}/.ssm-claims`;
    this.#order = order;
    this.#skipTmp = skipTmp;
    this.#minAgeMs = minAgeMs;
    this.#maxLockMs = maxLockMs;
    this.#directoryMode = directoryMode;
    this.#warn = warn;
  }

  /**
   * In order; without hidden files, `*.tmp`, files that changed a moment ago, and
   * whatever is not a regular file.
   *
   * Where files that changed a moment ago will not be that for long, it waits for
   * them, once: a script that writes a file and then sends means that file, too.
   *
   * @throws {SsmError} `SPOOL` when the directory is missing or cannot be read.
   */
  async list(): Promise<string[]> {
    let { times, freshForMs } = await this.#look();
    if (freshForMs > 0 && freshForMs <= PATIENCE_MS) {
      await new Promise((resolve) => setTimeout(resolve, freshForMs));
      ({ times } = await this.#look());
    }
    return this.#sorted(times);
  }

  /** What is there, and for how long yet there is something too fresh. */
  async #look(): Promise<{ times: Map<string, number>; freshForMs: number }> {
    const times = new Map<string, number>();
    const skipped = new Set<string>();
    let freshForMs = 0;
    try {
      for await (const { name, isFile } of Deno.readDir(this.#path)) {
        if (!this.#isEligible(name)) continue;
        const info = lookAt(`${this.#path}/${name}`);
        if (info === undefined && name.includes("\ufffd")) {
          this.#skip(name, "its name is not UTF-8", skipped);
        } else if (info !== undefined && !isFile) {
          this.#skip(name, "not a regular file", skipped);
        }
        if (info === undefined || !isFile) continue;
        if (this.#isFresh(info)) {
          const since = Math.abs(Date.now() - modified(info));
          freshForMs = Math.max(freshForMs, this.#minAgeMs - since);
        } else times.set(name, modified(info));
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
    this.#skipped = skipped;
    return { times, freshForMs };
  }

  /**
   * @throws {RangeError} when `name` is not one that `list` gives.
   * @throws {SsmError} `SPOOL` when it is not a regular file or cannot be claimed.
   */
  async lock(name: string): Promise<SpoolEntry | undefined> {
    if (!this.#isEligible(name) || name === "" || name.includes("/")) {
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

  #sorted(times: ReadonlyMap<string, number>): string[] {
    if (this.#order === "time") {
      return [...times].sort(([nameA, timeA], [nameB, timeB]) =>
        timeA - timeB || (nameA < nameB ? -1 : 1)
      ).map(([name]) => name);
    }
    return [...times.keys()].map((name) => Buffer.from(name))
      .sort(Buffer.compare).map((bytes) => bytes.toString());
  }

  #isEligible(name: string): boolean {
    return !name.startsWith(".") && !(this.#skipTmp && name.endsWith(".tmp"));
  }

  #skip(name: string, state: string, skipped: Set<string>): void {
    skipped.add(name);
    if (this.#skipped.has(name)) return;
    this.#warn(`Skipping "${this.#path}/${name}": ${state}`);
  }

  /** A time in the future is a wrong clock, not a file being written. */
  #isFresh(info: Deno.FileInfo): boolean {
    return Math.abs(Date.now() - modified(info)) < this.#minAgeMs;
  }
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
