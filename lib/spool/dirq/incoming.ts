/**
 * The incoming directory as dirq's Queue keeps it: one directory per element,
 * one file per field, and each message delivered exactly once.
 *
 * How that is done is told in {@linkcode Deliveries}.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isErrno, type SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { Deliveries } from "./deliveries.ts";
import { ElementTree } from "./element_tree.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, makeDirectories, makeDirectory } from "../disk/files.ts";
import { Signings } from "../memory/signings.ts";
import { FIELD_NAME } from "./names.ts";
import { newToken, Staging } from "./staging.ts";
import type {
  IncomingMessage,
  PreparedElement,
  SignedSpool,
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
  /** What ages are counted by. @default the machine's clock */
  clock?: Clock;
}

/** A dirq Queue directory. */
export class DirqSchema implements SignedSpool {
  readonly #path: string;
  readonly #maxTempMs: number;
  readonly #directoryMode: number;
  readonly #staging: Staging;
  readonly #deliveries: Deliveries;

  private constructor(path: string, options: DirqSchemaOptions) {
    const {
      ledgerDirectory,
      remembered = 100_000,
      maxElements = 16_000,
      maxTempMs = 300_000,
      fileMode = 0o640,
      directoryMode = 0o750,
      clock = systemClock,
    } = options;
    const syncer = new DirectorySyncer();
    this.#path = path;
    this.#maxTempMs = maxTempMs;
    this.#directoryMode = directoryMode;
    this.#staging = new Staging(`${path}/temporary`, {
      fileMode,
      directoryMode,
      syncer,
      clock,
    });
    this.#deliveries = new Deliveries({
      staging: this.#staging,
      tree: new ElementTree(path, {
        maxElements,
        directoryMode,
        syncer,
        clock,
      }),
      ledger: ledgerDirectory,
    }, { capacity: remembered, directoryMode, syncer, clock });
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
      queue.#deliveries.open();
    } catch (error) {
      throw spoolError("open", options.ledgerDirectory, error);
    }
    return queue;
  }

  /** @throws {SsmError} `SPOOL` when the memory cannot be read or written. */
  async doubt({ key, signing }: IncomingMessage): Promise<string | undefined> {
    if (!signing) return undefined;
    try {
      return this.#deliveries.doubt(digestOf(key), signing);
    } catch (error) {
      throw await this.#undelivered(error);
    }
  }

  /**
   * A message is known by its key and by its act of signing, to all processes and
   * after a restart, until so many others have come that the memory is full.
   *
   * @throws {RangeError} when a field's name is not letters and digits.
   * @throws {SsmError} `SPOOL` when the element cannot be written.
   */
  async prepare(
    { key, fields, signing }: IncomingMessage,
  ): Promise<PreparedElement | undefined> {
    for (const name of Object.keys(fields)) {
      if (!FIELD_NAME.test(name)) {
        throw new RangeError(`Not the name of a dirq field: "${name}"`);
      }
    }
    const mark = signing && Signings.markOf(signing);
    const staged = { digest: digestOf(key), token: newToken(mark) };
    try {
      if (await this.#deliveries.has(staged, signing)) return undefined;
    } catch (error) {
      throw await this.#undelivered(error);
    }
    try {
      await this.#staging.write(staged, fields);
    } catch (error) {
      await this.#deliveries.abandon(staged);
      await this.#restore(error);
      throw spoolError("write to", this.#path, error);
    }
    let open = true;
    return {
      commit: async () => {
        open = false;
        try {
          return await this.#deliveries.commit(staged);
        } catch (error) {
          throw await this.#undelivered(error);
        }
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
        await this.#deliveries.commit(staged);
      }
    } catch (error) {
      throw spoolError("tidy", this.#path, error);
    }
  }

  /** Durable before they are used: the memory must not name what is lost with them. */
  async #makeInnerDirectories(): Promise<void> {
    makeDirectory(`${this.#path}/temporary`, this.#directoryMode);
    makeDirectory(`${this.#path}/obsolete`, this.#directoryMode);
    await new DirectorySyncer().sync(this.#path);
  }

  async #undelivered(failure: unknown): Promise<SsmError> {
    await this.#restore(failure);
    return spoolError("deliver into", this.#path, failure);
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
      this.#deliveries.open();
    } catch {
      // The failure that led here is the one to be told.
    }
  }
}

function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
