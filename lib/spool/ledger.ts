/**
 * The memory of what was delivered, shared by all processes that deliver.
 *
 * One entry per message: a symbolic link whose name is the digest of the
 * message's key and whose text is a token chosen by whoever delivers it. A
 * symbolic link because it is made with its text in one atomic step that fails
 * when there is one already, takes no disk block, and is durable once its
 * directory is synced. It points nowhere on purpose.
 *
 * @module
 */
import type { DirectorySyncer } from "./directory_syncer.ts";
import { isErrno } from "./failure.ts";
import { lookAt, makeDirectory, unlink } from "./files.ts";

/** A digest and a token as they are in names. */
const DIGEST = /^[0-9a-f]{64}$/;
const TOKEN = /^[0-9a-f]{16}$/;

/** Entries are spread over this many directories by the first digit of the digest. */
const BUCKETS = 16;

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
  /** Entries per bucket: counted once, then kept up to date for what this process adds. */
  readonly #counts = new Map<string, number>();
  #trimming: Promise<void> | undefined;

  constructor(path: string, options: LedgerOptions) {
    this.#path = path;
    this.#limit = Math.max(4, Math.ceil(options.capacity / BUCKETS));
    this.#directoryMode = options.directoryMode;
    this.#syncer = options.syncer;
    this.#settle = options.settle;
  }

  /** Makes the directories. */
  async open(): Promise<void> {
    const mode = this.#directoryMode;
    await Deno.mkdir(this.#path, { recursive: true, mode });
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      makeDirectory(`${this.#path}/${bucket.toString(16)}`, mode);
    }
    await this.#syncer.sync(this.#path);
  }

  /** The token that is entered for `digest`, durable when this returns. */
  async find(digest: string): Promise<string | undefined> {
    const token = this.#read(digest);
    // Whoever made the entry may not have come to sync it.
    if (token !== undefined) await this.#syncer.sync(this.#bucketOf(digest));
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
        await unlink(this.#entry(digest));
        continue;
      }
      const bucket = this.#bucketOf(digest);
      const count = this.#counts.get(bucket);
      if (count !== undefined) this.#counts.set(bucket, count + 1);
      await this.#syncer.sync(bucket);
      return token;
    }
  }

  /** Forgets the oldest entries of the digest's neighbourhood when they are too many. */
  async trim(digest: string): Promise<void> {
    const bucket = this.#bucketOf(digest);
    let count = this.#counts.get(bucket);
    if (count === undefined) {
      count = (await entriesOf(bucket)).length;
      this.#counts.set(bucket, count);
    }
    if (count < this.#limit) return;
    this.#trimming ??= this.#trim(bucket).finally(() => {
      this.#trimming = undefined;
    });
    await this.#trimming;
  }

  async #trim(bucket: string): Promise<void> {
    const entries: { name: string; made: number }[] = [];
    for (const name of await entriesOf(bucket)) {
      const info = lookAt(`${bucket}/${name}`);
      entries.push({ name, made: info?.mtime?.getTime() ?? 0 });
    }
    entries.sort((a, b) => a.made - b.made);
    const keep = Math.floor(this.#limit * 3 / 4);
    for (const { name } of entries.slice(0, -keep)) {
      const token = this.#read(name);
      if (token !== undefined) await this.#settle(name, token);
      await unlink(`${bucket}/${name}`);
    }
    this.#counts.set(bucket, Math.min(entries.length, keep));
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

  #bucketOf(digest: string): string {
    return `${this.#path}/${digest.slice(0, 1)}`;
  }

  #entry(digest: string): string {
    return `${this.#bucketOf(digest)}/${digest}`;
  }
}

async function entriesOf(bucket: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(bucket)) {
    if (DIGEST.test(name)) names.push(name);
  }
  return names;
}
