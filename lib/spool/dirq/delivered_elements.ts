/**
 * A look at what was delivered into a dirq Queue.
 *
 * @module
 */
import { spoolError } from "../disk/errors.ts";
import { subdirectories } from "../disk/files.ts";
import {
  DIRECTORY_NAME,
  ELEMENT_NAME,
  ELEMENT_PATH,
  FIELD_NAME,
} from "./names.ts";

/** The elements of a dirq Queue, which are neither locked nor changed. */
export class DeliveredElements {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Names of all elements in order, locked ones included; one directory of the queue
   * is looked into at a time.
   *
   * @throws {SsmError} `SPOOL` when the directory cannot be read.
   */
  *names(): Generator<string, void, void> {
    for (const directory of this.#subdirectories("")) {
      if (!DIRECTORY_NAME.test(directory)) continue;
      for (const name of this.#subdirectories(`/${directory}`)) {
        if (ELEMENT_NAME.test(name)) yield `${directory}/${name}`;
      }
    }
  }

  /** All that `names` gives, as of now. */
  list(): string[] {
    return [...this.names()];
  }

  #subdirectories(below: string): string[] {
    const path = `${this.#path}${below}`;
    try {
      return subdirectories(path).sort();
    } catch (error) {
      throw spoolError("list", path, error);
    }
  }

  /**
   * The fields of an element.
   *
   * @throws {RangeError} when `name` is not the name of an element.
   * @throws {SsmError} `SPOOL` when it is gone or cannot be read.
   */
  async read(name: string): Promise<Record<string, Uint8Array>> {
    if (!ELEMENT_PATH.test(name)) {
      throw new RangeError(`Not the name of a dirq element: "${name}"`);
    }
    const path = `${this.#path}/${name}`;
    try {
      const fields: Record<string, Uint8Array> = {};
      for await (const entry of Deno.readDir(path)) {
        if (!entry.isFile || !FIELD_NAME.test(entry.name)) continue;
        fields[entry.name] = await Deno.readFile(`${path}/${entry.name}`);
      }
      return fields;
    } catch (error) {
      throw spoolError("read", path, error);
    }
  }
}
