/**
 * The files of messages in the `reject` directory of SSM1: `<id>`, the body, and
 * beside it what is said of it.
 *
 * They are written under hidden names, synced, and then get these; the body last,
 * so that it is never seen without its reason, and first to go.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, readHead, unlink, writeDurably } from "../disk/files.ts";
import { HIDDEN, MessageNames } from "./names.ts";
import { COUNT } from "./origins.ts";

/** What is said of a message, in the order in which it becomes visible; not all have all of it. */
const SIDES = [".err", ".sig", COUNT] as const;

/** A hidden file; within it the id. */
const HIDDEN_NAME = /^\.tmp-(\d{8}-\d{6}-\d{3})(?:\.err|\.sig|\.count)?$/;

/** Bytes of a reason or signer that are looked at. */
const MAX_SIDE_BYTES = 1 << 16;

/** Settings of {@linkcode RejectedFiles}. */
export interface RejectedFilesOptions {
  /** Mode of the files. */
  readonly fileMode: number;
  /** Age at which `tidy` takes a hidden file for left behind by a crash, in ms. */
  readonly maxTempMs: number;
  /** What names and ages are counted by. */
  readonly clock: Clock;
}

/** Writes and removes them. */
export class RejectedFiles {
  readonly #path: string;
  readonly #options: RejectedFilesOptions;
  readonly #names = new MessageNames();
  readonly #syncer = new DirectorySyncer();

  constructor(path: string, options: RejectedFilesOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** What is said of a message that is visible; `undefined` when nothing is. */
  side(id: string, ending: string): Uint8Array | undefined {
    return readHead(this.#visible(id) + ending, MAX_SIDE_BYTES);
  }

  /** Writes a message under hidden names, and syncs it; its id. */
  async write(
    body: Uint8Array,
    others: Readonly<Record<string, Uint8Array>>,
  ): Promise<string> {
    let id: string | undefined;
    try {
      id = await this.#reserve(body);
      const hidden = this.#hidden(id);
      const work = Object.entries(others).map(([ending, bytes]) =>
        writeDurably(hidden + ending, bytes, this.#options.fileMode)
      );
      // All files are there already, if not yet their bytes.
      work.push(this.#syncer.sync(this.#path));
      // To the end of all, so that after a failure none writes into what is removed.
      await Promise.allSettled(work);
      await Promise.all(work);
      return id;
    } catch (error) {
      if (id !== undefined) this.removeQuietly(id);
      throw spoolError("write to", this.#path, error);
    }
  }

  /** Writes the body under the hidden name of an id that is not in use: making that file takes the id. */
  async #reserve(body: Uint8Array): Promise<string> {
    for (;;) {
      const id = this.#names.next(this.#options.clock.date().getTime());
      if (this.#isUsed(id)) continue;
      try {
        await writeDurably(this.#hidden(id), body, this.#options.fileMode);
      } catch (error) {
        if (isErrno(error, "EEXIST")) continue;
        this.removeQuietly(id);
        throw error;
      }
      // Another process may have had it until a moment ago and made its message visible.
      if (!this.#isUsed(id)) return id;
      unlink(this.#hidden(id));
    }
  }

  /** Makes a message visible that was written. */
  async show(id: string): Promise<void> {
    for (const ending of [...SIDES, ""]) this.#show(id, ending);
    await this.#syncer.sync(this.#path);
  }

  /** Puts another count beside a message that is visible. */
  async recount(id: string, count: Uint8Array): Promise<void> {
    const hidden = this.#hidden(id) + COUNT;
    try {
      unlink(hidden);
      await writeDurably(hidden, count, this.#options.fileMode);
      this.#show(id, COUNT);
    } catch (error) {
      throw spoolError("write to", this.#path, error);
    }
  }

  /** Not seen without its reason, either, when it goes. */
  removeVisible(id: string): void {
    try {
      for (const ending of ["", ...SIDES]) unlink(this.#visible(id) + ending);
    } catch (error) {
      throw spoolError("remove from", this.#path, error);
    }
  }

  /** Removes what was written but not committed. */
  async tidy(): Promise<void> {
    const limit = this.#options.clock.date().getTime() -
      this.#options.maxTempMs;
    const old = new Map<string, boolean>();
    try {
      for await (const { name } of Deno.readDir(this.#path)) {
        const id = HIDDEN_NAME.exec(name)?.[1];
        if (id === undefined) continue;
        const written = lookAt(`${this.#path}/${name}`)?.mtime?.getTime() ?? 0;
        old.set(id, written < limit && (old.get(id) ?? true));
      }
    } catch (error) {
      throw spoolError("tidy", this.#path, error);
    }
    for (const [id, isOld] of old) if (isOld) this.remove(id);
  }

  #show(id: string, ending: string): void {
    try {
      Deno.renameSync(this.#hidden(id) + ending, this.#visible(id) + ending);
    } catch (error) {
      // Not every message has a signer, or is counted.
      const isOptional = ending === ".sig" || ending === COUNT;
      if (!isOptional || !isErrno(error, "ENOENT")) throw error;
    }
  }

  /** Removes a message unless it is visible. The hidden body goes first: without it, the message cannot become so. */
  remove(id: string): void {
    try {
      const isHidden = lookAt(this.#hidden(id)) !== undefined;
      unlink(this.#hidden(id));
      for (const ending of SIDES) {
        unlink(this.#hidden(id) + ending);
        if (isHidden) unlink(this.#visible(id) + ending);
      }
    } catch (error) {
      throw spoolError("remove from", this.#path, error);
    }
  }

  /** The failure that led here is the one to be told; what is left is for `tidy`. */
  removeQuietly(id: string): void {
    try {
      this.remove(id);
    } catch {
      // As said above.
    }
  }

  /** Whether there is a message of this name, or part of one. */
  #isUsed(id: string): boolean {
    return ["", ...SIDES].some((ending) =>
      lookAt(this.#visible(id) + ending)
    ) ||
      SIDES.some((ending) => lookAt(this.#hidden(id) + ending));
  }

  #hidden(id: string): string {
    return `${this.#path}/${HIDDEN}${id}`;
  }

  #visible(id: string): string {
    return `${this.#path}/${id}`;
  }
}
