/**
 * The files of a CA directory: read when they are asked for, and kept until they
 * change.
 *
 * Administrators, `fetch-crl` and packages replace them at any time, and not all
 * in one step. What was understood last stays in force while its file is half
 * written or cannot be read; it goes when the file goes, or says something else.
 *
 * @module
 */
import { isErrno, isSsmError, quoted, reason, SsmError } from "../../errors.ts";
import { fileAgeMs, fileStamp } from "../../file_state.ts";
import type { Clock } from "../../time/mod.ts";

/** Settings of {@linkcode CaFiles} and {@linkcode CaListing}. */
export interface CaFileOptions {
  readonly clock: Clock;
  /** Told of each file that cannot be read or understood, once for each fault. */
  readonly onBadFile: (path: string, error: SsmError) => void;
}

/** The largest CRL of the grid has some megabytes. */
const MAX_FILE_BYTES = 64 << 20;
/**
 * Time stamps of files advance in steps; what changed this short a time ago may
 * have changed again under the same stamp. In milliseconds.
 */
const UNSETTLED_MS = 2000;

/** How to tell that a file or directory is still what it was. */
interface State {
  readonly stamp: string;
  readonly settled: boolean;
}

const UNSEEN: State = { stamp: "", settled: false };

/** What was read, and when. */
interface Kept<T> extends State {
  readonly value: T;
}

/** What a file says. */
export interface Content<T> {
  readonly found: readonly T[];
  /** Why that is not known, now and from before; `undefined` when it is. */
  readonly unread?: string | undefined;
}

/** Files of one kind in a directory. */
export class CaFiles<T> {
  readonly #dir: string;
  readonly #parse: (bytes: Uint8Array) => readonly T[];
  readonly #options: CaFileOptions;
  readonly #kept = new Map<string, Kept<Content<T>>>();
  /** What was last complained about, by file. */
  readonly #complaints = new Map<string, string>();

  /** @param parse Throws an `SsmError` for what it does not understand. */
  constructor(
    dir: string,
    parse: (bytes: Uint8Array) => readonly T[],
    options: CaFileOptions,
  ) {
    this.#dir = dir;
    this.#parse = parse;
    this.#options = options;
  }

  /** What a file says now, or said when it was understood last. */
  read(file: string): Content<T> {
    const before = this.#kept.get(file);
    let state: State | undefined;
    try {
      const path = `${this.#dir}/${file}`;
      const stat = Deno.statSync(path);
      state = stateOf(stat, this.#options.clock);
      if (before?.settled && before.stamp === state.stamp) return before.value;
      if (stat.size > MAX_FILE_BYTES) {
        throw new SsmError("LIMIT", "Cannot read file: it is too large");
      }
      const value = { found: this.#parse(Deno.readFileSync(path)) };
      this.#kept.set(file, { ...state, value });
      this.#complaints.delete(file);
      return value;
    } catch (cause) {
      const error = this.#complain(file, cause);
      // Gone, perhaps behind a link: then it is not in force any more.
      const gone = isErrno(cause, "ENOENT");
      const value = before && before.value.unread === undefined && !gone
        ? before.value
        : { found: [], unread: error.message };
      // What was not even read may be readable next time, and look the same.
      const seen = isSsmError(cause) ? state : undefined;
      this.#kept.set(file, { ...(seen ?? UNSEEN), value });
      return value;
    }
  }

  /** Once for each new fault, not at each look. */
  #complain(file: string, cause: unknown): SsmError {
    const path = `${this.#dir}/${file}`;
    const words = reason(cause);
    const code = isSsmError(cause) ? cause.code : "TRUST";
    const error = new SsmError(code, `Cannot use ${quoted(path)}: ${words}`, {
      cause,
    });
    if (this.#complaints.get(file) !== words) {
      this.#complaints.set(file, words);
      this.#options.onBadFile(path, error);
    }
    return error;
  }
}

/** The names in a directory. */
export class CaListing {
  readonly #dir: string;
  readonly #clock: Clock;
  #kept: Kept<ReadonlySet<string>> | undefined;

  constructor(dir: string, { clock }: Pick<CaFileOptions, "clock">) {
    this.#dir = dir;
    this.#clock = clock;
  }

  /**
   * What those files look like that `counts`; links are followed.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  state(counts: (name: string) => boolean): string {
    return [...this.names()].filter(counts).sort()
      .map((name) => `${name} ${lookOf(`${this.#dir}/${name}`)}`).join("\n");
  }

  /** @throws {SsmError} `TRUST` when the directory cannot be read. */
  names(): ReadonlySet<string> {
    try {
      const state = stateOf(Deno.statSync(this.#dir), this.#clock);
      if (!this.#kept?.settled || this.#kept.stamp !== state.stamp) {
        const value = new Set(
          Array.from(Deno.readDirSync(this.#dir), ({ name }) => name),
        );
        this.#kept = { ...state, value };
      }
      return this.#kept.value;
    } catch (cause) {
      throw new SsmError(
        "TRUST",
        `Cannot read CA directory ${quoted(this.#dir)}: ${reason(cause)}`,
        { cause },
      );
    }
  }
}

function lookOf(path: string): string {
  try {
    return fileStamp(Deno.statSync(path));
  } catch (error) {
    return reason(error);
  }
}

function stateOf(stat: Deno.FileInfo, clock: Clock): State {
  const age = fileAgeMs(stat, clock.date());
  return {
    stamp: fileStamp(stat),
    settled: stat.mtime !== null && age > UNSETTLED_MS,
  };
}
