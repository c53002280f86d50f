/**
 * A look at what is in a QueueSimple: what can be sent, what is to wait, and what
 * lies there in vain.
 *
 * @module
 */
import { isErrno, type SsmError } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { spoolError } from "../disk/errors.ts";
import {
  FreshFiles,
  freshForMs,
  type FreshLook,
  modified,
} from "../disk/freshness.ts";
import { lookAt, subdirectories } from "../disk/files.ts";
import { notAFile, SkippedEntries } from "../disk/skipped.ts";
import { DIRECTORY_NAME, ELEMENT_NAME, timeOfName } from "./names.ts";

/** What one look found. */
export interface Findings extends FreshLook {
  /** Elements that are complete, locked ones included, in order. */
  readonly names: readonly string[];
  /** Directories that could not be looked into. */
  readonly unreadable: readonly SsmError[];
  readonly skipped: SkippedEntries;
}

/**
 * The kernel dates a file by its last tick, which may be this long ago, in ms. So
 * in its first instant a file that is written under its own name looks as if it
 * had been named afterwards.
 */
const TICK_MS = 20;

const MISNAMED =
  "not named as an element of a dirq; to be sent its name must have 14 of the characters 0-9 and a-f";

const MISNAMED_DIRECTORY =
  "not named as a directory of a dirq; for its files to be sent its name must have 8 of the characters 0-9 and a-f";

const LINKED_DIRECTORY =
  "a symbolic link, which is not followed; move the directory itself here";

/** Settings of a {@linkcode Survey}. */
export interface SurveyOptions {
  /**
   * An element written in place may still be written to when it was changed more
   * recently, in ms. @default {no file is looked at: all count as complete}
   */
  readonly minAgeMs?: number;
  readonly clock: Clock;
}

/** Looks through the dirq at `path`. */
export class Survey {
  readonly #path: string;
  readonly #minAgeMs: number | undefined;
  readonly #clock: Clock;
  readonly #names: string[] = [];
  readonly #unreadable: SsmError[] = [];
  readonly #skipped: SkippedEntries;
  readonly #fresh = new FreshFiles();

  constructor(path: string, { minAgeMs, clock }: SurveyOptions) {
    this.#path = path;
    this.#minAgeMs = minAgeMs;
    this.#clock = clock;
    this.#skipped = new SkippedEntries(clock);
  }

  /** @throws {SsmError} `SPOOL` when `path` itself cannot be read. */
  async look(): Promise<Findings> {
    for (const directory of await this.#directories()) {
      await this.#lookInto(directory);
    }
    const { fresh, waitMs } = this.#fresh;
    return {
      names: this.#names,
      fresh,
      waitMs,
      unreadable: this.#unreadable,
      skipped: this.#skipped,
    };
  }

  async #directories(): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.#path)) {
        if (!DIRECTORY_NAME.test(entry.name)) this.#skipAtTop(entry);
        else if (entry.isDirectory) names.push(entry.name);
        else if (entry.isSymlink) this.#skip(entry.name, LINKED_DIRECTORY);
      }
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
    return names.sort();
  }

  async #lookInto(directory: string): Promise<void> {
    const path = `${this.#path}/${directory}`;
    try {
      // Who only looks has nothing to do meanwhile, and this takes a fraction of the time.
      const entries = this.#minAgeMs === undefined
        ? Array.from(Deno.readDirSync(path))
        : await Array.fromAsync(Deno.readDir(path));
      const locks = new Set(
        entries.map(({ name }) => name).filter((name) => name.endsWith(".lck")),
      );
      const complete = entries.filter((entry) =>
        this.#isComplete(directory, entry, locks)
      );
      const names = complete.map(({ name }) => `${directory}/${name}`);
      this.#names.push(...names.sort());
    } catch (error) {
      if (isErrno(error, "ENOENT")) return; // purged meanwhile
      this.#unreadable.push(spoolError("list", path, error));
    }
  }

  /** Whether it is an element that is not being written to. */
  #isComplete(
    directory: string,
    entry: Deno.DirEntry,
    locks: ReadonlySet<string>,
  ): boolean {
    const { name, isFile } = entry;
    const path = `${directory}/${name}`;
    if (!ELEMENT_NAME.test(name)) {
      this.#lookAtOther(path, name);
      return false;
    }
    if (!isFile) {
      this.#skip(path, notAFile(entry));
      return false;
    }
    if (this.#minAgeMs === undefined) return true;
    // Its time is that of its lock.
    if (locks.has(`${name}.lck`)) return true;
    const info = lookAt(`${this.#path}/${path}`);
    if (info === undefined) return false;
    const now = this.#clock.date();
    const minAgeMs = isNewerThanContent(name, info, now)
      ? TICK_MS
      : this.#minAgeMs;
    const freshFor = freshForMs(info, { minAgeMs, now });
    if (freshFor > 0) this.#fresh.add(freshFor);
    return freshFor === 0;
  }

  #lookAtOther(path: string, name: string): void {
    if (name.startsWith(".") || name.endsWith(".tmp")) return;
    if (!name.endsWith(".lck")) return this.#skip(path, MISNAMED);
    const info = lookAt(`${this.#path}/${path}`);
    if (info === undefined) return;
    this.#skipped.addIfFromFuture(`${this.#path}/${path}`, modified(info));
  }

  /** Something in `path` itself that is no directory of a dirq. */
  #skipAtTop({ name, isFile, isDirectory }: Deno.DirEntry): void {
    if (name.startsWith(".") || name.endsWith(".tmp")) return;
    if (isFile) return this.#skip(name, this.#misplaced());
    if (!isDirectory) return;
    if (this.#isDirq(name)) this.#skip(name, this.#deeper(name));
    else if (/^[0-9A-Fa-f]+$/.test(name)) this.#skip(name, MISNAMED_DIRECTORY);
  }

  /** Whether a directory in `path` looks like a dirq. */
  #isDirq(name: string): boolean {
    try {
      const names = subdirectories(`${this.#path}/${name}`);
      return names.some((inner) => DIRECTORY_NAME.test(inner));
    } catch {
      return false; // what cannot be read, such as lost+found, is none
    }
  }

  #deeper(name: string): string {
    return `a dirq of its own, one level deeper; to send what is in it write path = ${this.#path}/${name}`;
  }

  #misplaced(): string {
    return `a dirq has its files in directories of its own; if these are plain files write path_type = directory, if ${this.#path} is a directory of a dirq write the path of the dirq itself`;
  }

  #skip(path: string, why: string): void {
    this.#skipped.add(`${this.#path}/${path}`, why);
  }
}

/**
 * Whether an element got its name when its content was complete.
 *
 * dirq names an element when it is written, and renames or links it then. What is
 * written under its own name is named before; and a name that is a date, or of
 * another clock, tells nothing.
 */
function isNewerThanContent(
  name: string,
  info: Deno.FileInfo,
  now: Date,
): boolean {
  const named = timeOfName(name);
  return modified(info) <= named && named <= now.getTime();
}
