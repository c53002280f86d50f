/**
 * The reject queue of SSM2, and of programs that write into it, such as the loader.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import { spoolError } from "../disk/errors.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { lookAt, makeDirectories, readHead, unlink } from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";
import { DeliveredElements } from "../dirq/delivered_elements.ts";
import { ElementTree } from "../dirq/element_tree.ts";
import {
  HeldElements,
  type HeldElementsOptions,
  unlockElement,
} from "../dirq/held_elements.ts";
import { ELEMENT_PATH, timeOfName } from "../dirq/names.ts";
import type { HeldElement } from "../spool.ts";
import type { HeldRejected, RejectedEntry, RejectedSpool } from "../stuck.ts";
import { firstLine, knownSigner, timeOrElse } from "./fields.ts";

/** Settings of a {@linkcode DirqRejected}. */
export interface DirqRejectedOptions extends HeldElementsOptions {
  /** Where messages go that are moved back. */
  readonly incoming: string;
  /** The field of those that are judged again by themselves. */
  readonly mark: string;
}

/** As {@linkcode DirqSchemaOptions.maxElements}. */
const MAX_ELEMENTS = 16_000;

/** A dirq Queue of messages that were not accepted. */
export class DirqRejected implements RejectedSpool {
  readonly #path: string;
  readonly #options: DirqRejectedOptions;
  readonly #elements: DeliveredElements;
  readonly #held: HeldElements;

  constructor(path: string, options: DirqRejectedOptions) {
    this.#path = path;
    this.#options = options;
    this.#elements = new DeliveredElements(path);
    this.#held = new HeldElements(path, options);
  }

  async *entries(): AsyncGenerator<RejectedEntry> {
    for (const name of this.ids()) {
      const entry = this.entry(name);
      if (entry) yield entry;
    }
  }

  ids(): Iterable<string> {
    return this.#elements.names();
  }

  entry(id: string): RejectedEntry | undefined {
    if (!ELEMENT_PATH.test(id)) return undefined;
    const path = `${this.#path}/${id}`;
    try {
      const fields = fieldsOf(path);
      if (fields === undefined) return undefined;
      const head = (field: string) =>
        fields.has(field) ? readHead(`${path}/${field}`, 4096) : undefined;
      const look = (name: string) =>
        fields.has(name) ? lookAt(`${path}/${name}`) : undefined;
      const body = look("body");
      const lock = look("locked");
      const since = timeOrElse(
        timeOfName(id.slice(9)),
        () => modified(body ?? Deno.lstatSync(path)),
      );
      return {
        id,
        since,
        last: since,
        count: 1,
        bytes: body?.size ?? 0,
        reason: firstLine(head("error")) ?? "no reason is written",
        signer: knownSigner(head("signer")),
        senderId: firstLine(head("empaid")),
        waits: fields.has(this.#options.mark),
        locked: lock && modified(lock),
      };
    } catch (error) {
      throw spoolError("look at", path, error);
    }
  }

  read(id: string): Promise<Record<string, Uint8Array>> {
    return this.#elements.read(id);
  }

  async lock(id: string): Promise<HeldRejected | "held" | "gone"> {
    const since = this.entry(id)?.since;
    if (since === undefined) return "gone";
    const element = await this.#held.lock(id);
    if (typeof element === "string") return element;
    return {
      ...element,
      since,
      moveToIncoming: () => this.#moveToIncoming(element),
    };
  }

  /** By one rename: the lock goes along, and is taken away at the end. */
  async #moveToIncoming({ name }: HeldElement): Promise<string> {
    const { incoming, mark, directoryMode = 0o750 } = this.#options;
    const element = `${this.#path}/${name}`;
    try {
      makeDirectories(incoming, directoryMode);
      const tree = new ElementTree(incoming, {
        maxElements: MAX_ELEMENTS,
        directoryMode,
        syncer: new DirectorySyncer(),
        clock: this.#options.clock ?? systemClock,
      });
      const place = await tree.place(element);
      if (place === undefined) throw new Error("it is gone");
      for (const field of ["error", mark]) {
        unlink(`${incoming}/${place}/${field}`);
      }
      unlockElement(`${incoming}/${place}`);
      return place;
    } catch (error) {
      throw spoolError("move to incoming", element, error);
    }
  }
}

/** What is in an element; `undefined` when there is none. */
function fieldsOf(path: string): ReadonlySet<string> | undefined {
  try {
    return new Set(Array.from(Deno.readDirSync(path), ({ name }) => name));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
