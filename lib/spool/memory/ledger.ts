/**
 * The memory of what was delivered, shared by all processes that deliver.
 *
 * An entry is a symbolic link whose name is the digest of what is remembered, such
 * as the key of a message, and whose text is chosen by the process that delivers it. A
 * symbolic link because it is made with its text in one atomic step that fails
 * when there is one already, takes no disk block, and is durable once its
 * directory is synced. It points nowhere on purpose. All are in one directory, so
 * that messages delivered together share one sync; ledgers of different things
 * share it, too, and have digests of different lengths there.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import { lookAt, makeDirectories, unlink } from "../disk/files.ts";

/** How far the clocks of this machine and of its file server may be apart. */
const CLOCK_SKEW_MS = 3_600_000;

/** A text; longer ones would take a disk block. */
const TEXT = /^[0-9a-f]{8}[-.0-9a-f]{8,51}$/;

/** Settings of a {@linkcode Ledger}. */
export interface LedgerOptions {
  /** Hexadecimal digits in the names of the entries. */
  readonly digits: number;
  /** At most so many entries are remembered, and at least three quarters of it. */
  readonly capacity: number;
  readonly directoryMode: number;
  readonly syncer: DirectorySyncer;
  readonly clock: Clock;
  /** Is told of every entry before it is forgotten. @default nothing is to be done */
  readonly settle?: (digest: string, text: string) => Promise<unknown>;
}

/** A bounded set of digests on disk. */
export class Ledger {
  readonly #path: string;
  readonly #name: RegExp;
  readonly #limit: number;
  readonly #directoryMode: number;
  readonly #syncer: DirectorySyncer;
  readonly #clock: Clock;
  readonly #settle: LedgerOptions["settle"];
  /** Counted once, then kept up to date for what this process adds. */
  #count: number | undefined;
  #trimming: Promise<void> | undefined;

  constructor(path: string, options: LedgerOptions) {
    this.#path = path;
    this.#name = new RegExp(`^[0-9a-f]{${options.digits}}$`);
    this.#limit = Math.max(4, options.capacity);
    this.#directoryMode = options.directoryMode;
    this.#syncer = options.syncer;
    this.#clock = options.clock;
    this.#settle = options.settle;
  }

  /** Makes the directory. */
  open(): void {
    makeDirectories(this.#path, this.#directoryMode);
  }

  /** The text that is entered for `digest`, durable when this returns. */
  async find(digest: string): Promise<string | undefined> {
    const text = this.read(digest);
    // The process that made the entry may have been killed before it was synced.
    if (text !== undefined) await this.sync();
    return text;
  }

  /** Enters `text` unless there is an entry; returns the one that is there, durable. */
  async enter(digest: string, text: string): Promise<string> {
    const entered = this.claim(digest, text);
    await this.sync();
    return entered;
  }

  /** As `enter`, but durable only after the next `sync`. */
  claim(digest: string, text: string): string {
    for (;;) {
      try {
        Deno.symlinkSync(text, this.#entry(digest));
      } catch (error) {
        if (!isErrno(error, "EEXIST")) throw error;
        const holder = this.read(digest);
        if (holder !== undefined) return holder;
        // No text, no entry: a message delivered twice is better than none.
        unlink(this.#entry(digest));
        continue;
      }
      if (this.#count !== undefined) this.#count++;
      return text;
    }
  }

  /** The text that is entered for `digest`. */
  read(digest: string): string | undefined {
    try {
      const text = Deno.readLinkSync(this.#entry(digest));
      return TEXT.test(text) ? text : undefined;
    } catch (error) {
      if (isErrno(error, "ENOENT", "EINVAL")) return undefined;
      throw error;
    }
  }

  /** Removes an entry, if it is there and has this text. Not for what another process may be entering. */
  withdraw(digest: string, text: string): void {
    if (this.read(digest) === text) unlink(this.#entry(digest));
  }

  /** Makes everything durable that is entered now, by any process. */
  async sync(): Promise<void> {
    await this.#syncer.sync(this.#path);
  }

  /** Forgets the oldest entries when they are too many. */
  async trim(): Promise<void> {
    this.#count ??= (await this.#names()).length;
    if (this.#count < this.#limit) return;
    this.#trimming ??= this.#trim().finally(() => this.#trimming = undefined);
    await this.#trimming;
  }

  async #trim(): Promise<void> {
    const names = await this.#names();
    this.#count = names.length;
    const old = await this.#oldest(names, Math.floor(this.#limit * 3 / 4));
    await inParts(old, async (name) => {
      const text = this.#settle && this.read(name);
      if (text !== undefined) await this.#settle?.(name, text);
      unlink(`${this.#path}/${name}`);
    });
    // Others have been entered meanwhile.
    this.#count -= old.length;
  }

  /** All but the `keep` youngest. */
  async #oldest(names: readonly string[], keep: number): Promise<string[]> {
    const soon = this.#clock.date().getTime() + CLOCK_SKEW_MS;
    const times = new Float64Array(names.length);
    await inParts(names, (name, index) => {
      const made = lookAt(`${this.#path}/${name}`)?.mtime?.getTime() ?? 0;
      // What is from the future was made before the clock was put back.
      times[index] = made > soon ? made - soon : made;
    });
    const surplus = names.length - keep;
    const last = times.toSorted()[surplus - 1] ?? -Infinity;
    // Of those that were made in one moment, as many as necessary.
    let atLast = surplus - times.filter((made) => made < last).length;
    return names.filter((_, index) =>
      times[index]! < last || (times[index] === last && atLast-- > 0)
    );
  }

  async #names(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.#path)) {
      if (this.#name.test(name)) names.push(name);
    }
    return names;
  }

  #entry(digest: string): string {
    return `${this.#path}/${digest}`;
  }
}

/** Entries that are looked at or removed before others may run. */
const PART = 500;

/** Goes through a long list so that heart-beats and other work need not wait for its end. */
async function inParts<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => void | Promise<void>,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    await work(item, index);
    if (index % PART === PART - 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
