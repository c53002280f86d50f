/**
 * The memory of what was delivered, shared by all processes that deliver.
 *
 * One entry per message: a symbolic link whose name is the digest of the
 * message's key and whose text is a token chosen by whoever delivers it. A
 * symbolic link because it is made with its text in one atomic step that fails
 * when there is one already, takes no disk block, and is durable once its
 * directory is synced. It points nowhere on purpose. All are in one directory, so
 * that messages delivered together share one sync.
 *
 * @module
 */
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import { isErrno } from "../disk/errors.ts";
import { lookAt, makeDirectories, unlink } from "../disk/files.ts";

/** How far the clocks of this machine and of its file server may be apart. */
const CLOCK_SKEW_MS = 3_600_000;

/** A digest and a token as they are in names. */
const DIGEST = /^[0-9a-f]{64}$/;
const TOKEN = /^[0-9a-f]{16}$/;

/** Settings of a {@linkcode Ledger}. */
export interface LedgerOptions {
  /** At most so many messages are remembered, and at least three quarters of it. */
  readonly capacity: number;
  readonly directoryMode: number;
  readonly syncer: DirectorySyncer;
  /** Is told of every entry before it is forgotten. */
  readonly settle: (digest: string, token: string) => Promise<unknown>;
}

/** A bounded set of digests on disk. */
export class Ledger {
  readonly #path: string;
  readonly #limit: number;
  readonly #directoryMode: number;
  readonly #syncer: DirectorySyncer;
  readonly #settle: LedgerOptions["settle"];
  /** Counted once, then kept up to date for what this process adds. */
  #count: number | undefined;
  #trimming: Promise<void> | undefined;

  constructor(path: string, options: LedgerOptions) {
    this.#path = path;
    this.#limit = Math.max(4, options.capacity);
    this.#directoryMode = options.directoryMode;
    this.#syncer = options.syncer;
    this.#settle = options.settle;
  }

  /** Makes the directory. */
  open(): void {
    makeDirectories(this.#path, this.#directoryMode);
  }

  /** The token that is entered for `digest`, durable when this returns. */
  async find(digest: string): Promise<string | undefined> {
    const token = this.#read(digest);
    // Whoever made the entry may not have come to sync it.
    if (token !== undefined) await this.#syncer.sync(this.#path);
    return token;
  }

  /** Enters `token` unless there is an entry; returns the one that is there, durable. */
  async enter(digest: string, token: string): Promise<string> {
    for (;;) {
      try {
        Deno.symlinkSync(token, this.#entry(digest));
      } catch (error) {
        if (!isErrno(error, "EEXIST")) throw error;
        const holder = await this.find(digest);
        if (holder !== undefined) return holder;
        // No token, no entry: a message delivered twice is better than none.
        unlink(this.#entry(digest));
        continue;
      }
      if (this.#count !== undefined) this.#count++;
      await this.#syncer.sync(this.#path);
      return token;
    }
  }

  /** Forgets the oldest entries when they are too many. */
  async trim(): Promise<void> {
    this.#count ??= this.#names().length;
    if (this.#count < this.#limit) return;
    this.#trimming ??= this.#trim().finally(() => this.#trimming = undefined);
    await this.#trimming;
  }

  async #trim(): Promise<void> {
    const soon = Date.now() + CLOCK_SKEW_MS;
    const entries = this.#names().map((name) => {
      const made = lookAt(`${this.#path}/${name}`)?.mtime?.getTime() ?? 0;
      // What is from the future was made before the clock was put back.
      return { name, made: made > soon ? made - soon : made };
    });
    entries.sort((a, b) => a.made - b.made);
    const keep = Math.floor(this.#limit * 3 / 4);
    for (const { name } of entries.slice(0, -keep)) {
      const token = this.#read(name);
      if (token !== undefined) await this.#settle(name, token);
      unlink(`${this.#path}/${name}`);
    }
    this.#count = Math.min(entries.length, keep);
  }

  #names(): string[] {
    return Array.from(Deno.readDirSync(this.#path), ({ name }) => name)
      .filter((name) => DIGEST.test(name));
  }

  #read(digest: string): string | undefined {
    try {
      const token = Deno.readLinkSync(this.#entry(digest));
      return TOKEN.test(token) ? token : undefined;
    } catch (error) {
      if (isErrno(error, "ENOENT", "EINVAL")) return undefined;
      throw error;
    }
  }

  #entry(digest: string): string {
    return `${this.#path}/${digest}`;
  }
}
