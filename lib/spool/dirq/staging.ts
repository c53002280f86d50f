/**
 * The `temporary` directory of a dirq Queue: elements that are not visible yet.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, makeDirectory, writeDurably } from "../disk/files.ts";
import type { ElementFields } from "../spool.ts";

/** A staged element; dirq's own clean-up leaves such names alone. */
const NAME = /^([0-9a-f]{64})\.([0-9a-f]{16}(?:\.[0-9a-f]{32})?)$/;

/** Ends the name of an element that is being written. */
const PART = ".part";

/** Settings of a {@linkcode Staging}. */
export interface StagingOptions {
  readonly fileMode: number;
  readonly directoryMode: number;
  readonly syncer: DirectorySyncer;
  readonly clock: Clock;
}

/** Which element it is: the digest of the message's key, and the writer's token, which names the mark of its signing, if there is one. */
export interface Staged {
  readonly digest: string;
  readonly token: string;
}

/** A token that no other element has. */
export function newToken(mark?: string): string {
  const random = randomBytes(8).toString("hex");
  return mark === undefined ? random : `${random}.${mark}`;
}

/** A name of something in `temporary` that is swept if its writer dies over it. */
export function scratchName(): string {
  return `${randomBytes(32).toString("hex")}.${newToken()}${PART}`;
}

/** The mark that a token names. */
export function markIn(token: string): string | undefined {
  return token.split(".")[1];
}

/** Elements in `temporary`. */
export class Staging {
  readonly #path: string;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  readonly #syncer: DirectorySyncer;
  readonly #clock: Clock;

  constructor(path: string, options: StagingOptions) {
    this.#path = path;
    this.#fileMode = options.fileMode;
    this.#directoryMode = options.directoryMode;
    this.#syncer = options.syncer;
    this.#clock = options.clock;
  }

  /** Where an element is while it is staged. */
  pathOf({ digest, token }: Staged): string {
    return `${this.#path}/${digest}.${token}`;
  }

  /** Whether an element is staged. */
  has(staged: Staged): boolean {
    return lookAt(this.pathOf(staged)) !== undefined;
  }

  /** The element of this token, if it is staged. */
  find(token: string): Staged | undefined {
    for (const { name } of Deno.readDirSync(this.#path)) {
      const staged = parse(name);
      if (staged?.token === token) return staged;
    }
    return undefined;
  }

  /** Writes an element, durably; not before that has it the name of a staged one. */
  async write(staged: Staged, fields: ElementFields): Promise<void> {
    const path = this.pathOf(staged);
    const part = `${path}${PART}`;
    try {
      await this.#writeFields(part, fields);
      Deno.renameSync(part, path);
    } catch (error) {
      // What cannot be removed now is swept later; the first failure is the one to tell.
      await this.#removeTree(part).catch(() => {});
      throw error;
    }
    await this.#syncer.sync(this.#path);
  }

  /** Deletes an element, if it is there. */
  async remove(staged: Staged): Promise<void> {
    await this.#removeTree(this.pathOf(staged));
  }

  /** Deletes what has been half written for longer than `ageMs`. */
  async sweep(ageMs: number): Promise<void> {
    for (const name of await this.#namesOlderThan(ageMs)) {
      if (name.endsWith(PART) && parse(name.slice(0, -PART.length))) {
        await this.#removeTree(`${this.#path}/${name}`);
      }
    }
  }

  /** The elements that have been staged for longer than `ageMs`. */
  async olderThan(ageMs: number): Promise<Staged[]> {
    const names = await this.#namesOlderThan(ageMs);
    return names.map(parse).filter((staged) => staged !== undefined);
  }

  async #namesOlderThan(ageMs: number): Promise<string[]> {
    const limit = this.#clock.date().getTime() - ageMs;
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.#path)) {
      const info = lookAt(`${this.#path}/${name}`);
      const written = info?.mtime?.getTime() ?? Infinity;
      if (written < limit) names.push(name);
    }
    return names;
  }

  async #writeFields(path: string, fields: ElementFields): Promise<void> {
    makeDirectory(path, this.#directoryMode);
    const work = Object.entries(fields).map(([name, value]) =>
      writeDurably(
        `${path}/${name}`,
        typeof value === "string" ? new TextEncoder().encode(value) : value,
        this.#fileMode,
      )
    );
    // All files are there already, if not yet their bytes.
    work.push(this.#syncer.sync(path));
    // To the end of all, so that after a failure none writes into what is removed.
    await Promise.allSettled(work);
    await Promise.all(work);
  }

  async #removeTree(path: string): Promise<void> {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw spoolError("remove", path, error);
    }
  }
}

function parse(name: string): Staged | undefined {
  const [, digest, token] = NAME.exec(name) ?? [];
  if (digest === undefined || token === undefined) return undefined;
  return { digest, token };
}
