/**
 * The `ack` directory of SSM1: what was received and may come again.
 *
 * One file per message, named after the MD5 digest of its content, which says
 * where the message went and whose it is: `<path>\t<signer>\n`. All changes are
 * made one after the other, also those of several processes: under the lock of a
 * file, which the system takes back from a process that dies.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import { lookAt, unlink } from "../disk/files.ts";
import { MD5_HEX } from "./names.ts";

/** Settings of an {@linkcode AckDirectory}. */
export interface AckDirectoryOptions {
  readonly fileMode: number;
  readonly syncer: DirectorySyncer;
  readonly clock: Clock;
}

/** What an entry says. */
export interface Ack {
  /** Where the message was put. */
  readonly path: string;
  readonly signer: string;
}

/** The text of an entry. */
export function formatAck({ path, signer }: Ack): string {
  return `${path}\t${signer}\n`;
}

/** Reads an entry; `undefined` when it is none: the original writes in place, and may have died over it. */
export function parseAck(text: string): Ack | undefined {
  const [, path, signer] = /^([^\n]+)\t([^\t\n]+)\n$/.exec(text) ?? [];
  if (path === undefined || signer === undefined) return undefined;
  return { path, signer };
}

/** The text of a small file; `undefined` when there is none. */
export function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The entries, by the digest of the content. */
export class AckDirectory {
  readonly #path: string;
  readonly #fileMode: number;
  readonly #syncer: DirectorySyncer;
  readonly #clock: Clock;

  constructor(path: string, options: AckDirectoryOptions) {
    this.#path = path;
    this.#fileMode = options.fileMode;
    this.#syncer = options.syncer;
    this.#clock = options.clock;
  }

  /** The text of an entry, whatever it says; `undefined` when there is none. */
  read(md5: string): string | undefined {
    return readText(this.#entry(md5));
  }

  /** Makes everything durable that is entered now, by any process. */
  async sync(): Promise<void> {
    await this.#syncer.sync(this.#path);
  }

  /**
   * Replaces the entry by the file `by`, which stays; by nothing when there is no `by`.
   * Durable when this returns.
   *
   * @param mayChange is asked just before, while no other process changes an entry
   * @returns `false`, with nothing changed, when the entry is not, or not any more,
   *   `seen`, or may not be changed.
   */
  async exchange(
    md5: string,
    seen: string | undefined,
    by?: string,
    mayChange: () => boolean = () => true,
  ): Promise<boolean> {
    const exchanged = await this.exclusively(() => {
      if (this.read(md5) !== seen || !mayChange()) return false;
      if (seen !== undefined) unlink(this.#entry(md5));
      if (by !== undefined) Deno.linkSync(by, this.#entry(md5));
      return true;
    });
    if (exchanged) await this.sync();
    return exchanged;
  }

  /** Runs `work` while no other process changes an entry. */
  async exclusively<Result>(work: () => Result): Promise<Result> {
    using file = Deno.openSync(`${this.#path}/.ssm-lock`, {
      create: true,
      write: true,
      mode: this.#fileMode,
    });
    await file.lock(true);
    return work();
  }

  /** The digests whose entries were made longer than `ageMs` ago. */
  async *olderThan(ageMs: number): AsyncGenerator<string> {
    for await (const { name } of Deno.readDir(this.#path)) {
      if (MD5_HEX.test(name) && this.isOlderThan(name, ageMs)) yield name;
    }
  }

  /** Whether there is an entry made longer than `ageMs` ago. */
  isOlderThan(md5: string, ageMs: number): boolean {
    const made = lookAt(this.#entry(md5))?.mtime?.getTime();
    const limit = this.#clock.date().getTime() - ageMs;
    return made !== undefined && made < limit;
  }

  #entry(md5: string): string {
    return `${this.#path}/${md5}`;
  }
}
