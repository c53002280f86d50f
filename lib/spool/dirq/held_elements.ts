/**
 * Delivered elements of a dirq Queue, one process at a time.
 *
 * The lock is dirq's own, a directory `locked` in the element, so that programs in
 * other languages respect it.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { spoolError } from "../disk/errors.ts";
import {
  lookAt,
  makeDirectory,
  subdirectories,
  unlink,
  writeDurably,
} from "../disk/files.ts";
import type { HeldElement } from "../spool.ts";
import { DeliveredElements } from "./delivered_elements.ts";
import { ELEMENT_PATH, ElementNames, FIELD_NAME } from "./names.ts";
import { scratchName } from "./staging.ts";

/** Settings of {@linkcode HeldElements}. */
export interface HeldElementsOptions {
  /** Age at which a lock is taken for left behind by a crash, in ms; as dirq has it. @default {600000} */
  readonly maxLockMs?: number;
  /** Mode of files, whatever the umask. @default {0o640} */
  readonly fileMode?: number;
  /** Mode of directories, whatever the umask. @default {0o750} */
  readonly directoryMode?: number;
  /** What ages are counted by. @default the machine's clock */
  readonly clock?: Clock;
}

/** Locks elements of the queue at `path`, which may have other readers. */
export class HeldElements {
  readonly #path: string;
  readonly #maxLockMs: number;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  readonly #elements: DeliveredElements;
  readonly #clock: Clock;
  readonly #names: ElementNames;

  constructor(path: string, options: HeldElementsOptions = {}) {
    const {
      maxLockMs = 600_000,
      fileMode = 0o640,
      directoryMode = 0o750,
      clock = systemClock,
    } = options;
    this.#clock = clock;
    this.#names = new ElementNames(clock);
    this.#path = path;
    this.#maxLockMs = maxLockMs;
    this.#fileMode = fileMode;
    this.#directoryMode = directoryMode;
    this.#elements = new DeliveredElements(path);
  }

  /**
   * Claims one: `held` when another process has it, `gone` when it is not there.
   *
   * @throws {RangeError} when `name` is not the name of an element.
   * @throws {SsmError} `SPOOL` when it can be neither locked nor seen to be locked.
   */
  // deno-lint-ignore require-await -- a failure rejects, as its callers' interfaces say
  async lock(name: string): Promise<HeldElement | "held" | "gone"> {
    if (!ELEMENT_PATH.test(name)) {
      throw new RangeError(`Not the name of a dirq element: "${name}"`);
    }
    const element = `${this.#path}/${name}`;
    try {
      const got = this.#claim(`${element}/locked`);
      return got === "ours" ? this.#held(name) : got;
    } catch (error) {
      throw spoolError("lock", element, error);
    }
  }

  #claim(lock: string): "ours" | "held" | "gone" {
    try {
      if (makeDirectory(lock, this.#directoryMode)) return "ours";
      const since = lookAt(lock)?.mtime?.getTime();
      if (since === undefined || !this.#isOld(since)) {
        return "held";
      }
      // Two may do this at the same time; what they do then, they may do twice.
      Deno.removeSync(lock);
      return makeDirectory(lock, this.#directoryMode) ? "ours" : "held";
    } catch (error) {
      if (isErrno(error, "ENOENT")) return "gone";
      throw error;
    }
  }

  #held(name: string): HeldElement {
    const element = `${this.#path}/${name}`;
    const attempt = async (action: string, work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        throw spoolError(action, element, error);
      }
    };
    return {
      name,
      read: () => this.#elements.read(name),
      change: (fields) =>
        attempt("change", () => this.#change(element, fields)),
      remove: () => attempt("remove", () => this.#remove(element)),
      unlock: () => attempt("unlock", () => unlockElement(element)),
    };
  }

  async #change(
    element: string,
    fields: Readonly<Record<string, string | undefined>>,
  ): Promise<void> {
    const changes = Object.entries(fields);
    for (const [field] of changes) {
      if (!FIELD_NAME.test(field)) throw new RangeError(field);
    }
    for (const [field, text] of changes) {
      if (text !== undefined) await this.#replace(`${element}/${field}`, text);
    }
    // Last: a process that is stopped before this does all of it again.
    for (const [field, text] of changes) {
      if (text === undefined) unlink(`${element}/${field}`);
    }
  }

  /** In one step: nobody reads half a reason, whenever this process is killed. */
  async #replace(path: string, text: string): Promise<void> {
    makeDirectory(`${this.#path}/temporary`, this.#directoryMode);
    const scratch = `${this.#path}/temporary/${scratchName()}`;
    try {
      const bytes = new TextEncoder().encode(text);
      await writeDurably(scratch, bytes, this.#fileMode);
      Deno.renameSync(scratch, path);
    } catch (error) {
      unlink(scratch);
      throw error;
    }
  }

  /** As dirq removes: gone from the queue in one step, and then from the disk. */
  async #remove(element: string): Promise<void> {
    makeDirectory(this.#obsolete, this.#directoryMode);
    const away = `${this.#obsolete}/${this.#names.next()}`;
    try {
      Deno.renameSync(element, away);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      throw error;
    }
    await Deno.remove(away, { recursive: true });
  }

  /** Deletes what was removed from a queue by a process that was killed over it. */
  async sweep(): Promise<void> {
    for (const name of subdirectories(this.#obsolete)) {
      const path = `${this.#obsolete}/${name}`;
      const since = lookAt(path)?.ctime?.getTime() ?? Infinity;
      if (!this.#isOld(since)) continue;
      try {
        await Deno.remove(path, { recursive: true });
      } catch (error) {
        if (!isErrno(error, "ENOENT")) throw spoolError("remove", path, error);
      }
    }
  }

  #isOld(time: number): boolean {
    return time <= this.#clock.date().getTime() - this.#maxLockMs;
  }

  get #obsolete(): string {
    return `${this.#path}/obsolete`;
  }
}

/** Gives the claim on an element back, if there is one. */
export function unlockElement(element: string): void {
  try {
    Deno.removeSync(`${element}/locked`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
