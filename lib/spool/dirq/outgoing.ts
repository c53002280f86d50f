/**
 * The outgoing directory as dirq's QueueSimple keeps it: one file per element.
 *
 * Names, locks and clean-up are those of Directory::Queue::Simple, so that
 * producers and consumers in Python, Perl, C and Java may use the same directory
 * at the same time.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { isErrno, spoolError } from "../disk/errors.ts";
import {
  lookAt,
  makeDirectories,
  removeIfEmpty,
  touchNow,
  unlink,
  writeDurably,
} from "../disk/files.ts";
import { LockedFile } from "./locked_file.ts";
import {
  DIRECTORY_NAME,
  ELEMENT_NAME,
  ELEMENT_PATH,
  ElementNames,
  hex,
} from "./names.ts";
import type { OutgoingSpool, SpoolEntry } from "../spool.ts";

/** Settings of a {@linkcode DirqSimple}. */
export interface DirqSimpleOptions {
  /** Age at which `tidy` removes a half-written element, in ms; 0 = never. @default {300000} */
  maxTempMs?: number;
  /** Age at which `tidy` removes a lock, in ms; 0 = never. @default {600000} */
  maxLockMs?: number;
  /** `add` starts a new directory at most this often, in seconds. @default {60} */
  granularitySeconds?: number;
  /** Mode of the files that `add` creates. @default {0o640} */
  fileMode?: number;
  /** Mode of the directories that `add` creates. @default {0o750} */
  directoryMode?: number;
  /** Hears about entries that look like elements and are not. @default nobody */
  warn?: (message: string) => void;
}

/** A dirq QueueSimple directory. */
export class DirqSimple implements OutgoingSpool {
  readonly #path: string;
  readonly #maxTempMs: number;
  readonly #maxLockMs: number;
  readonly #granularity: number;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  readonly #warn: (message: string) => void;
  readonly #names = new ElementNames();
  readonly #syncer = new DirectorySyncer();

  constructor(path: string, options: DirqSimpleOptions = {}) {
    const {
      maxTempMs = 300_000,
      maxLockMs = 600_000,
      granularitySeconds = 60,
      fileMode = 0o640,
      directoryMode = 0o750,
      warn = () => {},
    } = options;
    this.#path = path;
    this.#maxTempMs = maxTempMs;
    this.#maxLockMs = maxLockMs;
    this.#granularity = Math.max(1, granularitySeconds);
    this.#fileMode = fileMode;
    this.#directoryMode = directoryMode;
    this.#warn = warn;
  }

  /** @throws {SsmError} `SPOOL` when the directory is missing or cannot be read. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    for (const directory of await this.#directories()) {
      const elements: string[] = [];
      for (const entry of await this.#entries(directory)) {
        if (!ELEMENT_NAME.test(entry.name)) continue;
        if (entry.isFile) elements.push(`${directory}/${entry.name}`);
        else this.#warnOf(`${directory}/${entry.name}`);
      }
      names.push(...elements.sort());
    }
    return names;
  }

  /**
   * @throws {RangeError} when `name` is not the name of an element.
   * @throws {SsmError} `SPOOL` when it is not a regular file or cannot be locked.
   */
  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async lock(name: string): Promise<SpoolEntry | undefined> {
    if (!ELEMENT_PATH.test(name)) {
      throw new RangeError(`Not the name of a dirq element: "${name}"`);
    }
    const element = `${this.#path}/${name}`;
    const lock = `${element}.lck`;
    let linked = false;
    try {
      // A link to a symbolic link could be made, and would send any file on the machine.
      if (!Deno.lstatSync(element).isFile) throw notAFile(element);
      if (lookAt(lock) !== undefined) return undefined;
      // The lock is a link, so its age is the element's. Renewed first: otherwise
      // a purge between link and utime would take the new lock for an old one.
      touchNow(element);
      Deno.linkSync(element, lock);
      linked = true;
      const touchedAt = touchNow(element);
      const { isFile, size } = Deno.lstatSync(lock);
      if (!isFile) throw notAFile(element);
      return new LockedFile(name, element, {
        size,
        touchedAt,
        maxLockMs: this.#maxLockMs,
      });
    } catch (error) {
      if (linked) unlink(lock);
      // Somebody else locked it, or removed it, perhaps while the link was being made.
      if (isErrno(error, "EEXIST", "ENOENT")) return undefined;
      throw spoolError("lock", element, error);
    }
  }

  /** Removes half-written elements, stale locks and drained directories as dirq's `purge` does. */
  async tidy(): Promise<void> {
    const directories = await this.#directories();
    const last = directories.at(-1);
    for (const directory of directories) {
      const entries = await this.#entries(directory);
      for (const { name } of entries) {
        const limitMs = this.#limitOf(name);
        if (limitMs > 0) {
          this.#removeIfOld(`${this.#path}/${directory}/${name}`, limitMs);
        }
      }
      if (directory === last) continue;
      const path = `${this.#path}/${directory}`;
      try {
        removeIfEmpty(path);
      } catch (error) {
        throw spoolError("remove directory", path, error);
      }
    }
  }

  /**
   * Adds an element, durably; returns its name.
   *
   * @throws {SsmError} `SPOOL` when it cannot be written.
   */
  async add(bytes: Uint8Array): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const directory = hex(now - now % this.#granularity, 8);
    const path = `${this.#path}/${directory}`;
    let temporary: string | undefined;
    try {
      temporary = await this.#writeTemporary(path, bytes);
      for (;;) {
        const name = this.#names.next();
        try {
          Deno.linkSync(temporary, `${path}/${name}`);
        } catch (error) {
          if (isErrno(error, "EEXIST")) continue;
          throw error;
        }
        unlink(temporary);
        await this.#syncer.sync(path);
        return `${directory}/${name}`;
      }
    } catch (error) {
      if (temporary !== undefined) unlink(temporary);
      throw spoolError("add to", this.#path, error);
    }
  }

  async #writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
    for (;;) {
      const temporary = `${path}/${this.#names.next()}.tmp`;
      try {
        await writeDurably(temporary, bytes, this.#fileMode);
        return temporary;
      } catch (error) {
        if (isErrno(error, "EEXIST")) continue;
        if (!isErrno(error, "ENOENT")) {
          unlink(temporary);
          throw error;
        }
      }
      // Not made yet, or just purged by another process because it was empty.
      makeDirectories(path, this.#directoryMode);
      await this.#syncer.sync(this.#path);
    }
  }

  /** Names of the intermediate directories, in order. */
  async #directories(): Promise<string[]> {
    try {
      const names: string[] = [];
      for await (const { name, isDirectory } of Deno.readDir(this.#path)) {
        if (isDirectory && DIRECTORY_NAME.test(name)) names.push(name);
      }
      return names.sort();
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
  }

  async #entries(directory: string): Promise<Deno.DirEntry[]> {
    const path = `${this.#path}/${directory}`;
    try {
      return await Array.fromAsync(Deno.readDir(path));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return []; // purged meanwhile
      throw spoolError("list", path, error);
    }
  }

  #limitOf(name: string): number {
    if (!ELEMENT_NAME.test(name.slice(0, -4))) return 0;
    if (name.endsWith(".tmp")) return this.#maxTempMs;
    return name.endsWith(".lck") ? this.#maxLockMs : 0;
  }

  /** Nothing may come between the look at the age and the removal, hence synchronous. */
  #removeIfOld(path: string, limitMs: number): void {
    try {
      const { isFile, mtime } = Deno.lstatSync(path);
      const modified = mtime?.getTime() ?? Infinity;
      if (isFile && modified < Date.now() - limitMs) Deno.removeSync(path);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw spoolError("remove", path, error);
    }
  }

  #warnOf(name: string): void {
    this.#warn(`Skipping "${this.#path}/${name}": not a regular file`);
  }
}

function notAFile(path: string): SsmError {
  return new SsmError("SPOOL", `Cannot lock "${path}": not a regular file`);
}
