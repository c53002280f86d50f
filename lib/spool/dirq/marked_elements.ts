/**
 * Elements of a dirq Queue that carry a mark: a field that says that something is
 * still to be done about them.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import { spoolError } from "../disk/errors.ts";
import type { HeldElement, MarkedSpool } from "../spool.ts";
import { DeliveredElements } from "./delivered_elements.ts";
import { HeldElements, type HeldElementsOptions } from "./held_elements.ts";

/** Settings of {@linkcode MarkedElements}. */
export interface MarkedElementsOptions extends HeldElementsOptions {
  /** The field that is the mark. */
  readonly mark: string;
}

/** The marked elements of a queue, which may have others and other readers. */
export class MarkedElements implements MarkedSpool {
  readonly #path: string;
  readonly #mark: string;
  readonly #all: DeliveredElements;
  readonly #held: HeldElements;

  constructor(path: string, { mark, ...options }: MarkedElementsOptions) {
    this.#path = path;
    this.#mark = mark;
    this.#all = new DeliveredElements(path);
    this.#held = new HeldElements(path, options);
  }

  /** @throws {SsmError} `SPOOL` when the directory cannot be read. */
  async list(): Promise<string[]> {
    await this.#held.sweep();
    const marked: string[] = [];
    for (const name of this.#all.names()) {
      if (await this.#isMarked(name)) marked.push(name);
    }
    return marked;
  }

  /** @throws {SsmError} `SPOOL` when it can be neither locked nor seen to be locked. */
  async lock(name: string): Promise<HeldElement | "held" | "gone"> {
    const element = await this.#held.lock(name);
    if (typeof element === "string") return element;
    // Another process may have dealt with it before.
    if (await this.#isMarked(name)) return element;
    await element.unlock();
    return "gone";
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
}
