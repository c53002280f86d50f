/**
 * An outgoing directory of plain files, whatever their names.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { isErrno, SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { DIRECTORY_NAME } from "../dirq/names.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt } from "../disk/files.ts";
import {
  FreshFiles,
  freshForMs,
  type FreshLook,
  modified,
  patiently,
} from "../disk/freshness.ts";
import { notAFile, Skipped, SkippedEntries } from "../disk/skipped.ts";
import {
  type ListObserver,
  type OutgoingSpool,
  type SpoolEntry,
  STRICT_OBSERVER,
} from "../spool.ts";
import type { Claim } from "./claim.ts";
import { ClaimedFile } from "./claimed_file.ts";
import { Claims } from "./claims.ts";

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
  /** Is told, once, what cannot be sent: names that are not UTF-8, and what is not a regular file. @default nothing is told */
  warn?: (message: string) => void;
  /** What ages are counted by. @default the machine's clock */
  clock?: Clock;
}

/** A directory of files, sent in the order of their times or names. */
export class PlainDirectory implements OutgoingSpool {
  readonly #path: string;
  readonly #claims: Claims;
  readonly #order: "time" | "name";
  readonly #skipTmp: boolean;
  readonly #minAgeMs: number;
  readonly #maxLockMs: number;
  readonly #skipped: Skipped;
  readonly #clock: Clock;

  constructor(path: string, options: PlainDirectoryOptions = {}) {
    const {
      order = "time",
      skipTmp = true,
      minAgeMs = 1000,
      maxLockMs = 600_000,
      directoryMode = 0o750,
      warn = () => {},
      clock = systemClock,
    } = options;
    this.#path = path;
    this.#clock = clock;
    this.#claims = new Claims(path, directoryMode, clock);
    this.#order = order;
    this.#skipTmp = skipTmp;
    this.#minAgeMs = minAgeMs;
    this.#maxLockMs = maxLockMs;
    this.#skipped = new Skipped(warn);
  }

  /**
   * In order; without hidden files, `*.tmp`, files that changed a moment ago, and
   * whatever is not a regular file. Where files that changed a moment ago will not
   * be fresh for long, it waits for them, once.
   *
   * @throws {SsmError} `SPOOL` when the directory is missing or cannot be read.
   */
  async list(observer: ListObserver = STRICT_OBSERVER): Promise<string[]> {
    const { times, unreadable, skipped, fresh } = await patiently(
      this.#clock,
      () => this.#look(),
    );
    this.#skipped.tell(skipped);
    for (const error of unreadable) observer.unreadable(error);
    if (fresh > 0) observer.unfinished?.(fresh);
    return this.#sorted(times);
  }

  async #look(): Promise<Look> {
    const times = new Map<string, number>();
    const skipped = new SkippedEntries(this.#clock);
    const files = new FreshFiles();
    try {
      for await (const entry of Deno.readDir(this.#path)) {
        const { name, isFile } = entry;
        if (!this.#isEligible(name)) continue;
        const path = `${this.#path}/${name}`;
        const info = lookAt(path);
        if (info === undefined) {
          if (name.includes("\ufffd")) {
            skipped.add(path, "its name is not UTF-8");
          }
          continue;
        }
        if (!isFile) {
          skipped.add(path, whyLeft(entry));
          continue;
        }
        const freshFor = this.#freshForMs(info);
        if (freshFor > 0) files.add(freshFor);
        else times.set(name, modified(info));
      }
      const { claims, unreadable } = await this.#claims.find();
      for (const { name, file, time } of claims) {
        skipped.addIfFromFuture(file, time);
        const info = lookAt(file);
        if (info === undefined || times.has(name)) continue;
        times.set(name, modified(info));
      }
      const { fresh, waitMs } = files;
      return { times, unreadable, skipped, fresh, waitMs };
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
  }

  /**
   * @throws {RangeError} when `name` is not one that `list` gives.
   * @throws {SsmError} `SPOOL` when it is not a regular file or cannot be claimed.
   */
  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async lock(name: string): Promise<SpoolEntry | undefined> {
    if (!this.#isEligible(name) || name === "" || name.includes("/")) {
      throw new RangeError(`Not the name of a file to be sent: "${name}"`);
    }
    const original = `${this.#path}/${name}`;
    let claim: Claim | undefined;
    try {
      const found = lookAt(original);
      if (found === undefined) return undefined;
      if (!found.isFile) throw notClaimable(original);
      if (this.#freshForMs(found) > 0) return undefined;
      claim = this.#claims.take(name);
      // What was renamed may not be what was seen before.
      const claimed = Deno.lstatSync(claim.file);
      if (!claimed.isFile) throw notClaimable(original);
      return new ClaimedFile(original, {
        claims: this.#claims,
        claim,
        claimed,
        clock: this.#clock,
      });
    } catch (error) {
      if (claim) this.#claims.giveBack(claim);
      if (isErrno(error, "ENOENT")) return undefined;
      throw spoolError("claim", original, error);
    }
  }

  /**
   * Gives stale claims back, and removes what claims left behind. What cannot be
   * given back does not stop the rest; the first such error is thrown in the end.
   */
  async tidy(): Promise<void> {
    const stale = this.#maxLockMs === 0
      ? -Infinity
      : this.#clock.date().getTime() - this.#maxLockMs;
    const { claims } = await this.#claims.find();
    const failures: unknown[] = [];
    for (const claim of claims) {
      if (claim.time >= stale) continue;
      try {
        this.#giveBackStale(claim);
      } catch (error) {
        failures.push(spoolError("give back", claim.file, error));
      }
    }
    try {
      await this.#claims.removeEmpty(stale);
    } catch (error) {
      failures.push(spoolError("tidy", this.#path, error));
    }
    if (failures.length > 0) throw failures[0];
  }

  #giveBackStale(claim: Claim): void {
    let mine: Claim;
    try {
      mine = this.#claims.takeOver(claim);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return; // another process was faster
      throw error;
    }
    this.#claims.giveBack(mine);
  }

  #freshForMs(info: Deno.FileInfo): number {
    const now = this.#clock.date();
    return freshForMs(info, { minAgeMs: this.#minAgeMs, now });
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
}

/** Names by the times of their files, and what else there is. */
interface Look extends FreshLook {
  readonly times: ReadonlyMap<string, number>;
  readonly unreadable: readonly SsmError[];
  readonly skipped: SkippedEntries;
}

/** Why something is left that is not a regular file. */
export function whyLeft(entry: Deno.DirEntry): string {
  return entry.isDirectory && DIRECTORY_NAME.test(entry.name)
    ? "not a regular file; if this is a dirq write path_type = dirq"
    : notAFile(entry);
}

function notClaimable(path: string): SsmError {
  return new SsmError("SPOOL", `Cannot claim "${path}": not a regular file`);
}
