/**
 * The incoming directory as dirq's Queue keeps it: one directory per element,
 * one file per field, and each message delivered exactly once.
 *
 * An element is written under `temporary/<digest of the key>.<token>`, a name
 * that dirq's own clean-up leaves alone, and everything is synced. Then the token
 * is entered in the {@linkcode Ledger}, synced: this is the commit. Then the
 * element is renamed into the queue. Why a message is never lost nor doubled,
 * wherever a process is killed and however many deliver at the same time:
 *
 * - For a key there is at most one ledger entry, so at most one token, and it
 *   names an element that was complete and durable before the entry was made.
 * - Only the named element is renamed into the queue, and a rename succeeds once.
 * - Whoever finds an entry makes it durable and finishes the rename if the element
 *   is still in `temporary`. So "delivered" means: there is an entry, and its
 *   element has left `temporary`.
 * - An element without an entry is nobody's promise and is removed when it is old.
 *   A process that comes back to such an element too late refuses to commit it.
 *   Should it be swept away in the very moment of the commit, the rename fails, the
 *   entry is withdrawn, and the message is delivered again: twice rather than never.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { DirectorySyncer } from "./directory_syncer.ts";
import { ElementTree } from "./element_tree.ts";
import { spoolError } from "./failure.ts";
import { makeDirectory } from "./files.ts";
import { Ledger } from "./ledger.ts";
import { FIELD_NAME } from "./names.ts";
import { PerKey } from "./per_key.ts";
import { type Staged, Staging } from "./staging.ts";
import type { ElementFields, IncomingSpool, PreparedElement } from "./spool.ts";

/** Settings of a {@linkcode DirqSchema}. */
export interface DirqSchemaOptions {
  /** Where the memory of delivered messages is; any file system will do. */
  ledgerDirectory: string;
  /** How many delivered messages are remembered at most. @default {100000} */
  remembered?: number;
  /** Elements in one intermediate directory. @default {16000} */
  maxElements?: number;
  /** Age at which `tidy` removes what was never committed, in ms. @default {3600000} */
  maxTempMs?: number;
  /** Mode of the files, whatever the umask. @default {0o640} */
  fileMode?: number;
  /** Mode of the directories, whatever the umask. @default {0o750} */
  directoryMode?: number;
}

/** A dirq Queue directory. */
export class DirqSchema implements IncomingSpool {
  readonly #path: string;
  readonly #maxTempMs: number;
  readonly #staging: Staging;
  readonly #tree: ElementTree;
  readonly #ledger: Ledger;
  /** So that this process never races with itself. */
  readonly #perKey = new PerKey();

  private constructor(path: string, options: DirqSchemaOptions) {
    const {
      ledgerDirectory,
      remembered = 100_000,
      maxElements = 16_000,
      maxTempMs = 3_600_000,
      fileMode = 0o640,
      directoryMode = 0o750,
    } = options;
    const syncer = new DirectorySyncer();
    this.#path = path;
    this.#maxTempMs = maxTempMs;
    this.#staging = new Staging(`${path}/temporary`, {
      fileMode,
      directoryMode,
      syncer,
    });
    this.#tree = new ElementTree(path, { maxElements, directoryMode, syncer });
    this.#ledger = new Ledger(ledgerDirectory, {
      capacity: remembered,
      directoryMode,
      syncer,
      settle: (digest, token) => this.#publish({ digest, token }),
    });
  }

  /**
   * Opens the queue at `path`, and makes its directories where they are missing.
   *
   * @throws {SsmError} `SPOOL` when they cannot be made.
   */
  static async open(
    path: string,
    options: DirqSchemaOptions,
  ): Promise<DirqSchema> {
    const mode = options.directoryMode ?? 0o750;
    try {
      await Deno.mkdir(path, { recursive: true, mode });
      makeDirectory(`${path}/temporary`, mode);
      makeDirectory(`${path}/obsolete`, mode);
      await new DirectorySyncer().sync(path);
    } catch (error) {
      throw spoolError("open", path, error);
    }
    const queue = new DirqSchema(path, options);
    try {
      await queue.#ledger.open();
    } catch (error) {
      throw spoolError("open", options.ledgerDirectory, error);
    }
    return queue;
  }

  /**
   * @throws {RangeError} when a field's name is not letters and digits.
   * @throws {SsmError} `SPOOL` when the element cannot be written.
   */
  async prepare(
    key: string,
    fields: ElementFields,
  ): Promise<PreparedElement | undefined> {
    for (const name of Object.keys(fields)) {
      if (!FIELD_NAME.test(name)) {
        throw new RangeError(`Not the name of a dirq field: "${name}"`);
      }
    }
    const digest = createHash("sha256").update(key).digest("hex");
    const staged = { digest, token: randomBytes(8).toString("hex") };
    if (await this.#perKey.run(digest, () => this.#isDelivered(digest))) {
      return undefined;
    }
    try {
      await this.#staging.write(staged, fields);
    } catch (error) {
      await this.#abandon(staged);
      throw spoolError("write to", this.#path, error);
    }
    const deadline = Date.now() + this.#maxTempMs / 2;
    let open = true;
    return {
      commit: () => {
        open = false;
        return this.#perKey.run(digest, () => this.#commit(staged, deadline));
      },
      discard: async () => {
        if (open) await this.#staging.remove(staged);
        open = false;
      },
    };
  }

  async tidy(): Promise<void> {
    try {
      for (const staged of await this.#staging.olderThan(this.#maxTempMs)) {
        const holder = await this.#ledger.find(staged.digest);
        if (holder === staged.token) await this.#publish(staged);
        else await this.#staging.remove(staged);
      }
    } catch (error) {
      throw spoolError("tidy", this.#path, error);
    }
  }

  async #isDelivered(digest: string): Promise<boolean> {
    try {
      await this.#ledger.trim(digest);
      const token = await this.#ledger.find(digest);
      if (token === undefined) return false;
      await this.#publish({ digest, token });
      return true;
    } catch (error) {
      throw spoolError("deliver into", this.#path, error);
    }
  }

  async #commit(
    staged: Staged,
    deadline: number,
  ): Promise<string | undefined> {
    const { digest, token } = staged;
    try {
      if (Date.now() > deadline) {
        throw new Error("The element was prepared too long ago");
      }
      const holder = await this.#ledger.enter(digest, token);
      const name = await this.#publish({ digest, token: holder });
      if (holder !== token) {
        await this.#staging.remove(staged);
        return name;
      }
      if (name === undefined) {
        await this.#ledger.withdraw(digest, token);
        throw new Error("The temporary element is gone");
      }
      return name;
    } catch (error) {
      await this.#abandon(staged);
      throw spoolError("deliver into", this.#path, error);
    }
  }

  /** Moves a staged element into the queue; `undefined` when it is not staged any more. */
  #publish(staged: Staged): Promise<string | undefined> {
    return this.#tree.place(this.#staging.pathOf(staged));
  }

  /** Removes what a failure left, unless it is promised; what cannot go now goes with `tidy`. */
  async #abandon(staged: Staged): Promise<void> {
    try {
      const holder = await this.#ledger.find(staged.digest);
      if (holder !== staged.token) await this.#staging.remove(staged);
    } catch {
      // The failure that led here is the one to be told.
    }
  }
}
