/**
 * The `temporary` directory of a dirq Queue: elements that are not visible yet.
 *
 * @module
 */
import type { DirectorySyncer } from "./directory_syncer.ts";
import { isErrno, spoolError } from "./failure.ts";
import { lookAt, makeDirectory, writeDurably } from "./files.ts";
import { DIGEST, TOKEN } from "./ledger.ts";
import type { ElementFields } from "./spool.ts";

/** Settings of a {@linkcode Staging}. */
export interface StagingOptions {
  readonly fileMode: number;
  readonly directoryMode: number;
  readonly syncer: DirectorySyncer;
}

/** Which element it is: the digest of the message's key, and the writer's token. */
export interface Staged {
  readonly digest: string;
  readonly token: string;
}

/** Elements in `temporary`, under names that dirq's own clean-up leaves alone. */
export class Staging {
  readonly #path: string;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  readonly #syncer: DirectorySyncer;

  constructor(path: string, options: StagingOptions) {
    this.#path = path;
    this.#fileMode = options.fileMode;
    this.#directoryMode = options.directoryMode;
    this.#syncer = options.syncer;
  }

  /** Where an element is while it is staged. */
  pathOf({ digest, token }: Staged): string {
    return `${this.#path}/${digest}.${token}`;
  }

  /** Writes an element, durably. */
  async write(staged: Staged, fields: ElementFields): Promise<void> {
    const path = this.pathOf(staged);
    makeDirectory(path, this.#directoryMode);
    const writes = Object.entries(fields).map(([name, value]) =>
      writeDurably(
        `${path}/${name}`,
        typeof value === "string" ? new TextEncoder().encode(value) : value,
        this.#fileMode,
      )
    );
    // All of them to their end, so that after a failure none writes into what is removed.
    await Promise.allSettled(writes);
    await Promise.all(writes);
    // The entry in `temporary` as well: a ledger entry must never outlive its element.
    await Promise.all([
      this.#syncer.sync(path),
      this.#syncer.sync(this.#path),
    ]);
  }

  /** Deletes an element, if it is there. */
  async remove(staged: Staged): Promise<void> {
    const path = this.pathOf(staged);
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw spoolError("remove", path, error);
    }
  }

  /** The elements that have been here for longer than `ageMs`. */
  async olderThan(ageMs: number): Promise<Staged[]> {
    const old: Staged[] = [];
    for await (const { name } of Deno.readDir(this.#path)) {
      const [digest = "", token = ""] = name.split(".");
      if (!DIGEST.test(digest) || !TOKEN.test(token)) continue;
      const info = lookAt(`${this.#path}/${name}`);
      const written = info?.mtime?.getTime() ?? Infinity;
      if (written < Date.now() - ageMs) old.push({ digest, token });
    }
    return old;
  }
}
