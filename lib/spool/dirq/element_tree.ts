/**
 * The delivered elements of a dirq Queue: `NNNNNNNN/<14 digits>/<one file per field>`.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import { lookAt, makeDirectory, subdirectories } from "../disk/files.ts";
import { DIRECTORY_NAME, ElementNames, hex } from "./names.ts";

/** Settings of an {@linkcode ElementTree}. */
export interface ElementTreeOptions {
  /** Elements in one intermediate directory. */
  readonly maxElements: number;
  readonly directoryMode: number;
  readonly syncer: DirectorySyncer;
  readonly clock: Clock;
}

/** Where finished elements are put. */
export class ElementTree {
  readonly #path: string;
  readonly #maxElements: number;
  readonly #directoryMode: number;
  readonly #syncer: DirectorySyncer;
  readonly #names: ElementNames;
  /** A directory made here whose own entry may not be durable yet. */
  #fresh: string | undefined;

  constructor(path: string, options: ElementTreeOptions) {
    this.#path = path;
    this.#maxElements = options.maxElements;
    this.#directoryMode = options.directoryMode;
    this.#syncer = options.syncer;
    this.#names = new ElementNames(options.clock);
  }

  /**
   * Renames a finished element into the queue, durably; returns its new name,
   * `undefined` when it is not at `source` any more.
   */
  async place(source: string): Promise<string | undefined> {
    const place = this.#rename(source);
    if (place === undefined) return undefined;
    const { directory, name } = place;
    try {
      await Promise.all([
        this.#syncer.sync(`${this.#path}/${directory}`),
        ...(directory === this.#fresh ? [this.#syncer.sync(this.#path)] : []),
      ]);
      if (directory === this.#fresh) this.#fresh = undefined;
    } catch (error) {
      // Already consumed, and its drained directory purged.
      if (!isErrno(error, "ENOENT")) throw error;
    }
    return `${directory}/${name}`;
  }

  /** Synchronous, so that two deliveries do not both find the directory drained. */
  #rename(source: string): Place | undefined {
    while (lookAt(source) !== undefined) {
      const directory = this.#insertionDirectory();
      const name = this.#names.next();
      try {
        Deno.renameSync(source, `${this.#path}/${directory}/${name}`);
        return { directory, name };
      } catch (error) {
        // The name is taken; or a purge removed the directory, or another process the element.
        if (!isErrno(error, "EEXIST", "ENOTEMPTY", "ENOENT")) throw error;
      }
    }
    return undefined;
  }

  /** dirq's rule: the last directory, or a new one when that is full or drained. */
  #insertionDirectory(): string {
    const last = this.#directories().at(-1);
    let next = 0;
    if (last !== undefined) {
      const elements = countSubdirectories(`${this.#path}/${last}`);
      if (elements > 0 && elements < this.#maxElements) {
        return last;
      }
      next = parseInt(last, 16) + 1;
    }
    const directory = hex(next, 8);
    makeDirectory(`${this.#path}/${directory}`, this.#directoryMode);
    this.#fresh = directory;
    return directory;
  }

  #directories(): string[] {
    const names = subdirectories(this.#path);
    return names.filter((name) => DIRECTORY_NAME.test(name)).sort();
  }
}

/** Where an element went. */
interface Place {
  readonly directory: string;
  readonly name: string;
}

function countSubdirectories(path: string): number {
  const links = lookAt(path)?.nlink ?? 0;
  // Each subdirectory links to its parent, except on file systems such as btrfs.
  return links >= 2 ? links - 2 : subdirectories(path).length;
}
