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
   * Names of all elements in order, locked ones included.
   *
   * @throws {SsmError} `SPOOL` when the directory cannot be read.
   */
  list(): string[] {
    try {
      const names: string[] = [];
      for (const directory of subdirectories(this.#path).sort()) {
        if (!DIRECTORY_NAME.test(directory)) continue;
        const elements = subdirectories(`${this.#path}/${directory}`)
          .filter((name) => ELEMENT_NAME.test(name)).sort();
        names.push(...elements.map((name) => `${directory}/${name}`));
      }
      return names;
    } catch (error) {
      throw spoolError("list", this.#path, error);
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
