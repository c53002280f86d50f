/**
 * A look at an outgoing directory that dirq's QueueSimple keeps.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, readHead, unlink } from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";
import {
  DIRECTORY_NAME,
  ELEMENT_NAME,
  ELEMENT_PATH,
  timeOfName,
} from "../dirq/names.ts";
import { Survey } from "../dirq/survey.ts";
import type { WaitingEntry, WaitingSpool } from "../stuck.ts";
import { timeOrElse, wordsOf } from "./fields.ts";

/** Files of a dirq. */
export class DirqWaiting implements WaitingSpool {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** A directory of the dirq at a time. */
  async *entries(): AsyncGenerator<WaitingEntry> {
    for (const directory of this.#directories()) {
      for (const entry of this.#entriesOf(directory)) yield entry;
    }
  }

  async skipped(): Promise<string[]> {
    const survey = new Survey(this.#path, { clock: systemClock });
    const { unreadable, skipped } = await survey.look();
    return [
      ...unreadable.map(({ message }) => message),
      ...wordsOf(skipped),
    ];
  }

  #directories(): string[] {
    try {
      // Not `subdirectories`: that the queue itself is missing is to be told.
      return Array.from(Deno.readDirSync(this.#path))
        .filter((entry) => entry.isDirectory).map(({ name }) => name)
        .filter((name) => DIRECTORY_NAME.test(name)).sort();
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
  }

  #entriesOf(directory: string): WaitingEntry[] {
    const path = `${this.#path}/${directory}`;
    try {
      const names: string[] = [];
      const locks = new Set<string>();
      for (const { name, isFile } of Deno.readDirSync(path)) {
        if (!isFile) continue;
        if (ELEMENT_NAME.test(name)) names.push(name);
        else if (name.endsWith(".lck")) locks.add(name.slice(0, -4));
      }
      return names.sort().map((name) =>
        this.#entryOf(`${directory}/${name}`, locks.has(name))
      ).filter((entry) => entry !== undefined);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw spoolError("list", path, error);
    }
  }

  #entryOf(id: string, isLocked: boolean): WaitingEntry | undefined {
    const info = lookAt(`${this.#path}/${id}`);
    if (!info?.isFile) return undefined;
    const changed = modified(info);
    return {
      id,
      bytes: info.size,
      // A lock is one more name of the file, and making it sets the time of both.
      since: isLocked
        ? timeOrElse(timeOfName(id.slice(9)), () => changed)
        : changed,
      locked: isLocked ? changed : undefined,
    };
  }

  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async entry(id: string): Promise<WaitingEntry | undefined> {
    if (!ELEMENT_PATH.test(id)) return undefined;
    try {
      const isLocked = lookAt(`${this.#path}/${id}.lck`) !== undefined;
      return this.#entryOf(id, isLocked);
    } catch (error) {
      throw spoolError("look at", `${this.#path}/${id}`, error);
    }
  }

  async read(id: string, limit?: number): Promise<Uint8Array> {
    const path = `${this.#path}/${id}`;
    try {
      if (limit === undefined) return await Deno.readFile(path);
      return readHead(path, limit) ?? new Uint8Array(0);
    } catch (error) {
      throw spoolError("read", path, error);
    }
  }

  async unlock(entry: WaitingEntry): Promise<boolean> {
    const path = `${this.#path}/${entry.id}`;
    const now = await this.entry(entry.id);
    if (now?.locked === undefined || now.locked !== entry.locked) return false;
    try {
      unlink(`${path}.lck`);
      return true;
    } catch (error) {
      throw spoolError("unlock", path, error);
    }
  }
}
