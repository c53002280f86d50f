/**
 * Elements of a dirq Queue that carry a mark: a field that says that something is
 * still to be done about them.
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
} from "../disk/files.ts";
import { DeliveredElements } from "./delivered_elements.ts";
import { ElementNames, FIELD_NAME } from "./names.ts";
import type { MarkedElement, MarkedSpool } from "../spool.ts";

/** Settings of {@linkcode MarkedElements}. */
export interface MarkedElementsOptions {
  /** The field that is the mark. */
  readonly mark: string;
  /** Age at which a lock is taken for left behind by a crash, in ms; as dirq has it. @default {600000} */
  readonly maxLockMs?: number;
  /** Mode of directories, whatever the umask. @default {0o750} */
  readonly directoryMode?: number;
  /** What ages are counted by. @default the machine's clock */
  readonly clock?: Clock;
}

/** The marked elements of a queue, which may have others and other readers. */
export class MarkedElements implements MarkedSpool {
  readonly #path: string;
  readonly #mark: string;
  readonly #maxLockMs: number;
  readonly #directoryMode: number;
  readonly #elements: DeliveredElements;
  readonly #clock: Clock;
  readonly #names: ElementNames;

  constructor(path: string, options: MarkedElementsOptions) {
    const {
      mark,
      maxLockMs = 600_000,
      directoryMode = 0o750,
      clock = systemClock,
    } = options;
    this.#path = path;
    this.#mark = mark;
    this.#maxLockMs = maxLockMs;
    this.#directoryMode = directoryMode;
    this.#clock = clock;
    this.#names = new ElementNames(clock);
    this.#elements = new DeliveredElements(path);
  }

  /** @throws {SsmError} `SPOOL` when the directory cannot be read. */
  async list(): Promise<string[]> {
    await this.#sweep();
    const marked: string[] = [];
    for (const name of this.#elements.list()) {
      if (await this.#isMarked(name)) marked.push(name);
    }
    return marked;
  }

  /** @throws {SsmError} `SPOOL` when it can be neither locked nor seen to be locked. */
  async lock(name: string): Promise<MarkedElement | "held" | "gone"> {
    const element = `${this.#path}/${name}`;
    try {
      const got = this.#claim(`${element}/locked`);
      if (got !== "ours") return got;
      // Another process may have dealt with it before.
      if (await this.#isMarked(name)) return this.#claimed(name);
      unlock(element);
      return "gone";
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

  #claimed(name: string): MarkedElement {
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
      unmark: (changes) =>
        attempt("change", async () => {
          for (const [field, text] of Object.entries(changes)) {
            if (!FIELD_NAME.test(field)) throw new RangeError(field);
            await Deno.writeTextFile(`${element}/${field}`, text);
          }
          // Last: a process that is stopped before this does all of it again.
          unlink(`${element}/${this.#mark}`);
          unlock(element);
        }),
      remove: () => attempt("remove", () => this.#remove(element)),
      unlock: () => attempt("unlock", () => unlock(element)),
    };
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
  async #sweep(): Promise<void> {
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

  async #isMarked(name: string): Promise<boolean> {
    try {
      await Deno.lstat(`${this.#path}/${name}/${this.#mark}`);
      return true;
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) return false;
      throw spoolError("look at", `${this.#path}/${name}`, error);
    }
  }

  get #obsolete(): string {
    return `${this.#path}/obsolete`;
  }
}

function unlock(element: string): void {
  try {
    Deno.removeSync(`${element}/locked`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
