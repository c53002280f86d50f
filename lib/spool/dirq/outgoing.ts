/**
 * The outgoing directory as dirq's QueueSimple keeps it: one file per element.
 *
 * Names, locks and clean-up are those of Directory::Queue::Simple, so that
 * producers and consumers in Python, Perl, C and Java may use the same directory
 * at the same time.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { isErrno, SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import {
  lookAt,
  makeDirectories,
  touchNow,
  unlink,
  writeDurably,
} from "../disk/files.ts";
import { patiently } from "../disk/freshness.ts";
import { Skipped } from "../disk/skipped.ts";
import {
  type ListObserver,
  type OutgoingSpool,
  type SpoolEntry,
  STRICT_OBSERVER,
} from "../spool.ts";
import { LockedFile } from "./locked_file.ts";
import { ELEMENT_PATH, ElementNames, hex } from "./names.ts";
import { purge } from "./purge.ts";
import { Survey } from "./survey.ts";

/** Settings of a {@linkcode DirqSimple}. */
export interface DirqSimpleOptions {
  /** An element that was written under its own name and changed more recently than this may still be written to and is left alone, in ms. @default {1000} */
  minAgeMs?: number;
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
  /** Is told, once, what lies there and is never sent: wrong names, what is not a regular file, locks from the future. @default nothing is told */
  warn?: (message: string) => void;
  /** What ages are counted by. @default the machine's clock */
  clock?: Clock;
}

/** A dirq QueueSimple directory. */
export class DirqSimple implements OutgoingSpool {
  readonly #path: string;
  readonly #maxTempMs: number;
  readonly #maxLockMs: number;
  readonly #granularity: number;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  readonly #minAgeMs: number;
  readonly #skipped: Skipped;
  readonly #clock: Clock;
  readonly #names: ElementNames;
  readonly #syncer = new DirectorySyncer();

  constructor(path: string, options: DirqSimpleOptions = {}) {
    const {
      minAgeMs = 1000,
      maxTempMs = 300_000,
      maxLockMs = 600_000,
      granularitySeconds = 60,
      fileMode = 0o640,
      directoryMode = 0o750,
      warn = () => {},
      clock = systemClock,
    } = options;
    this.#path = path;
    this.#maxTempMs = maxTempMs;
    this.#maxLockMs = maxLockMs;
    this.#granularity = Math.max(1, granularitySeconds);
    this.#fileMode = fileMode;
    this.#directoryMode = directoryMode;
    this.#minAgeMs = minAgeMs;
    this.#skipped = new Skipped(warn);
    this.#clock = clock;
    this.#names = new ElementNames(clock);
  }

  /**
   * In order; without elements that were written in place a moment ago. Where those
   * will not be fresh for long, it waits for them, once.
   *
   * @throws {SsmError} `SPOOL` when the directory is missing or cannot be read.
   */
  async list(observer: ListObserver = STRICT_OBSERVER): Promise<string[]> {
    const settings = { minAgeMs: this.#minAgeMs, clock: this.#clock };
    const found = await patiently(
      this.#clock,
      () => new Survey(this.#path, settings).look(),
    );
    this.#skipped.tell(found.skipped);
    for (const error of found.unreadable) observer.unreadable(error);
    if (found.fresh > 0) observer.unfinished?.(found.fresh);
    return [...found.names];
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
      const found = Deno.lstatSync(element);
      if (!found.isFile) throw notAFile(element);
      // Not `lookAt`: mostly there is none, and the exception takes ten times as long.
      if (existsSync(lock)) return undefined;
      // The lock is a link, so its age is the element's. Renewed first: otherwise
      // a purge between link and utime would take the new lock for an old one.
      touchNow(element, this.#clock);
      Deno.linkSync(element, lock);
      linked = true;
      const touchedAt = touchNow(element, this.#clock);
      const locked = Deno.lstatSync(lock);
      if (!locked.isFile) throw notAFile(element);
      return new LockedFile(name, element, {
        locked,
        touchedAt,
        writtenAt: found.mtime ?? new Date(touchedAt),
        maxLockMs: this.#maxLockMs,
        clock: this.#clock,
      });
    } catch (error) {
      if (linked) unlink(lock);
      // Somebody else locked it, or removed it, perhaps while the link was being made.
      if (isErrno(error, "EEXIST", "ENOENT")) return undefined;
      throw lockError(element, error);
    }
  }

  async tidy(): Promise<void> {
    await purge(this.#path, {
      maxTempMs: this.#maxTempMs,
      maxLockMs: this.#maxLockMs,
      clock: this.#clock,
    });
  }

  /**
   * Adds an element, durably; returns its name.
   *
   * @throws {SsmError} `SPOOL` when it cannot be written.
   */
  async add(bytes: Uint8Array): Promise<string> {
    const now = Math.floor(this.#clock.date().getTime() / 1000);
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
}

function lockError(element: string, cause: unknown): SsmError {
  if (!isErrno(cause, "EPERM")) return spoolError("lock", element, cause);
  // Only its owner may set the time of a file, and link it (protected_hardlinks).
  const owner = lookAt(element)?.uid ?? "unknown";
  return new SsmError(
    "SPOOL",
    `Cannot lock "${element}": operation not permitted, it belongs to another user (id ${owner})`,
    {
      cause,
      hint:
        "only the owner of a file can send it from a dirq: let the producer write its files as the user that runs ssm",
    },
  );
}

function notAFile(path: string): SsmError {
  return new SsmError("SPOOL", `Cannot lock "${path}": not a regular file`);
}
