/**
 * The incoming directory as dirq's Queue keeps it: one directory per element,
 * one file per field, and each message delivered exactly once.
 *
 * An element is written into `temporary`, synced, and only then gets the name
 * `<digest of the key>.<token>` there: it is staged. Then the token is entered in
 * the {@linkcode Ledger}, synced: this is the commit. Then the element is renamed
 * into the queue. Why a message is neither lost nor doubled, wherever a process is
 * killed and however many deliver it at the same time:
 *
 * - There is at most one ledger entry for a key, so at most one token.
 * - A staged element is complete and durable. The one that the ledger names leaves
 *   `temporary` in one way only, by a rename into the queue, which succeeds once.
 *   No other is ever renamed into the queue.
 * - So a message is delivered when it has an entry and the element of that token
 *   is not staged; and whoever finds an entry, at the next delivery or in `tidy`,
 *   makes it durable and the rename good if that is still to be done.
 * - An element that is not named is removed by its writer, or once another one is
 *   named. If its writer is dead, `tidy` commits it: it is as good as any.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { CommitOrder, type CommitTurn } from "../disk/commit_order.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { ElementTree } from "./element_tree.ts";
import { isErrno, spoolError } from "../disk/errors.ts";
import { lookAt, makeDirectories, makeDirectory } from "../disk/files.ts";
import { Ledger } from "./ledger.ts";
import { FIELD_NAME } from "./names.ts";
import { PerKey } from "../disk/per_key.ts";
import { type Staged, Staging } from "./staging.ts";
import type {
  ElementFields,
  IncomingSpool,
  PreparedElement,
} from "../spool.ts";

/** Settings of a {@linkcode DirqSchema}. */
export interface DirqSchemaOptions {
  /** Where the memory of delivered messages is; any file system will do. */
  ledgerDirectory: string;
  /** How many delivered messages are remembered at most. @default {100000} */
  remembered?: number;
  /** Elements in one intermediate directory. @default {16000} */
  maxElements?: number;
  /** Age at which `tidy` takes a temporary element for left behind by a crash, in ms. @default {300000} */
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
  readonly #directoryMode: number;
  readonly #staging: Staging;
  readonly #tree: ElementTree;
  readonly #ledger: Ledger;
  /** So that this process never races with itself. */
  readonly #perKey = new PerKey();
  readonly #order = new CommitOrder();

  private constructor(path: string, options: DirqSchemaOptions) {
    const {
      ledgerDirectory,
      remembered = 100_000,
      maxElements = 16_000,
      maxTempMs = 300_000,
      fileMode = 0o640,
      directoryMode = 0o750,
    } = options;
    const syncer = new DirectorySyncer();
    this.#path = path;
    this.#maxTempMs = maxTempMs;
    this.#directoryMode = directoryMode;
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
    const queue = new DirqSchema(path, options);
    try {
      makeDirectories(path, queue.#directoryMode);
      await queue.#makeInnerDirectories();
    } catch (error) {
      throw spoolError("open", path, error);
    }
    try {
      queue.#ledger.open();
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
      await this.#restore(error);
      throw spoolError("write to", this.#path, error);
    }
    let open = true;
    return {
      commit: () => {
        open = false;
        const turn = this.#order.take();
        return this.#perKey.run(digest, () => this.#commit(staged, turn))
          .finally(turn.pass);
      },
      discard: async () => {
        if (open) await this.#staging.remove(staged);
        open = false;
      },
    };
  }

  /** Removes what was half written, and commits what was staged. */
  async tidy(): Promise<void> {
    try {
      await this.#staging.sweep(this.#maxTempMs);
      for (const staged of await this.#staging.olderThan(this.#maxTempMs)) {
        const turn = this.#order.take();
        await this.#perKey.run(
          staged.digest,
          () => this.#commit(staged, turn),
        ).finally(turn.pass);
      }
    } catch (error) {
      throw spoolError("tidy", this.#path, error);
    }
  }

  async #isDelivered(digest: string): Promise<boolean> {
    try {
      await this.#ledger.trim();
      const token = await this.#ledger.find(digest);
      if (token === undefined) return false;
      await this.#publish({ digest, token });
      return true;
    } catch (error) {
      await this.#restore(error);
      throw spoolError("deliver into", this.#path, error);
    }
  }

  async #commit(
    staged: Staged,
    { before, pass }: CommitTurn,
  ): Promise<string | undefined> {
    const { digest, token } = staged;
    try {
      await this.#checkStaged(staged);
      const holder = await this.#ledger.enter(digest, token);
      await before;
      const published = this.#publish({ digest, token: holder });
      pass();
      const name = await published;
      if (holder !== token) await this.#staging.remove(staged);
      return name;
    } catch (error) {
      await this.#abandon(staged);
      await this.#restore(error);
      throw spoolError("deliver into", this.#path, error);
    }
  }

  /** A missing element may be entered only if it was already: then somebody delivered it. */
  async #checkStaged(staged: Staged): Promise<void> {
    if (this.#staging.has(staged)) return;
    if (await this.#ledger.find(staged.digest) !== undefined) return;
    throw new Error("What was prepared has disappeared");
  }

  /** Durable before they are used: the memory must not name what is lost with them. */
  async #makeInnerDirectories(): Promise<void> {
    makeDirectory(`${this.#path}/temporary`, this.#directoryMode);
    makeDirectory(`${this.#path}/obsolete`, this.#directoryMode);
    await new DirectorySyncer().sync(this.#path);
  }

  /**
   * Makes again, for the next attempt, what is removed when somebody clears the
   * queue by hand. Not the queue itself: perhaps its disk is not mounted.
   */
  async #restore(failure: unknown): Promise<void> {
    if (!isErrno(failure, "ENOENT")) return;
    try {
      if (lookAt(this.#path) === undefined) return;
      await this.#makeInnerDirectories();
      this.#ledger.open();
    } catch {
      // The failure that led here is the one to be told.
    }
  }

  /** Moves a staged element into the queue; `undefined` when it is not staged any more. */
  #publish(staged: Staged): Promise<string | undefined> {
    return this.#tree.place(this.#staging.pathOf(staged));
  }

  /** Removes what a failure left, unless the ledger names it. What cannot go now is for `tidy`. */
  async #abandon(staged: Staged): Promise<void> {
    try {
      const holder = await this.#ledger.find(staged.digest);
      if (holder !== staged.token) await this.#staging.remove(staged);
    } catch {
      // The failure that led here is the one to be told.
    }
  }
}
