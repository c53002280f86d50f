/**
 * The `incoming` and `ack` directories of SSM1: each message delivered exactly once.
 *
 * A message is `incoming/<id>` and, a moment later, `incoming/<id>.sig`: its body
 * and its signer. An entry `ack/<MD5 of the body>` says that it was delivered, so
 * that it is not delivered again when it comes again, until the sender lets us
 * forget it. The files are those of the original, which can take the directories
 * over, as this can take over the original's; both at the same time they cannot use
 * them.
 *
 * How that is done is told in {@linkcode ReceivedMessages}.
 *
 * @module
 */
import { join } from "node:path";
import { type Clock, systemClock } from "../../time/mod.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import { PerKey } from "../disk/per_key.ts";
import { Signings } from "../memory/signings.ts";
import { Order, type Turn } from "../order.ts";
import type {
  IncomingMessage,
  PreparedElement,
  SignedSpool,
  Signing,
} from "../spool.ts";
import { AckDirectory } from "./acks.ts";
import { makeSsm1Directories } from "./directories.ts";
import { contentDigest, MD5_HEX } from "./names.ts";
import { ReceivedMessages } from "./received.ts";
import { type Ssm1Content, type Ssm1Staged, Ssm1Staging } from "./staging.ts";

/** Settings of an {@linkcode Ssm1Incoming}. */
export interface Ssm1IncomingOptions {
  /** How long it is remembered that a message was received, in ms, when the sender never says that it may be forgotten. @default {7776000000} 90 days */
  ackKeepMs?: number;
  /** How many messages are remembered at most, by their signatures, also when their senders have said that they may be forgotten. @default {100000} */
  remembered?: number;
  /** Age at which `tidy` takes a hidden file for left behind by a crash, in ms. @default {300000} */
  maxTempMs?: number;
  /** Mode of the files, whatever the umask. @default {0o640} */
  fileMode?: number;
  /** Mode of the directories, whatever the umask. @default {0o750} */
  directoryMode?: number;
  /** Whether there is a directory `accept`, too, to which a test moves what came in. @default {false} */
  test?: boolean;
  /** What ages are counted by. @default the machine's clock */
  clock?: Clock;
}

/** How often old entries are looked for, in ms. */
const TRIM_INTERVAL_MS = 3_600_000;

/** Where messages of SSM1 are delivered. */
export class Ssm1Incoming implements SignedSpool {
  readonly #incoming: string;
  readonly #ack: string;
  readonly #ackKeepMs: number;
  readonly #maxTempMs: number;
  readonly #staging: Ssm1Staging;
  readonly #received: ReceivedMessages;
  readonly #signings: Signings;
  /** So that this process never races with itself. */
  readonly #perKey = new PerKey();
  readonly #order = new Order();
  /** Of what is being delivered: it is looked up, entered and answered by its digest. */
  readonly #digests = new WeakMap<Uint8Array, string>();
  readonly #clock: Clock;
  #trimAt = -Infinity;

  private constructor(path: string, options: Ssm1IncomingOptions) {
    const {
      ackKeepMs = 90 * 24 * 3_600_000,
      maxTempMs = 300_000,
      remembered = 100_000,
      fileMode = 0o640,
      directoryMode = 0o750,
      clock = systemClock,
    } = options;
    const syncer = new DirectorySyncer();
    this.#incoming = join(path, "incoming");
    this.#ack = join(path, "ack");
    this.#ackKeepMs = ackKeepMs;
    this.#maxTempMs = maxTempMs;
    this.#clock = clock;
    const acks = new AckDirectory(this.#ack, { fileMode, syncer, clock });
    this.#staging = new Ssm1Staging(path, { fileMode, syncer, clock });
    this.#signings = new Signings(join(path, ".ssm-ledger", "incoming"), {
      capacity: remembered,
      directoryMode,
      syncer,
      clock,
    });
    this.#received = new ReceivedMessages(acks, this.#staging, this.#signings);
  }

  /**
   * Opens the directories below `path`, and makes those that are missing, also
   * `outgoing` and `reject`.
   *
   * The entries name files by `path` as it is given: an absolute path can be read
   * from elsewhere.
   *
   * @throws {SsmError} `SPOOL` when they cannot be made.
   */
  static async open(
    path: string,
    options: Ssm1IncomingOptions = {},
  ): Promise<Ssm1Incoming> {
    await makeSsm1Directories(path, options);
    const spool = new Ssm1Incoming(path, options);
    try {
      spool.#signings.marks.open();
    } catch (error) {
      throw spoolError("open", path, error);
    }
    return spool;
  }

  /** @throws {SsmError} `SPOOL` when the memory cannot be read or written. */
  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async doubt(message: IncomingMessage): Promise<string | undefined> {
    const { content, signer, signing } = this.#read(message);
    if (!signing) return undefined;
    try {
      return this.#received.doubt(content, signer, signing);
    } catch (error) {
      throw spoolError("deliver into", this.#incoming, error);
    }
  }

  /**
   * Only `body` and `signer` are stored; `commit` returns the id. A message is known
   * by these two, as in SSM1, until it is forgotten, and by its act of signing, until
   * so many others have come that the memory is full; both also after a restart. Its
   * `key` is not asked for.
   *
   * @throws {RangeError} when there is no body, or the signer is not one line of text.
   * @throws {SsmError} `SPOOL` when the message cannot be written.
   */
  async prepare(
    message: IncomingMessage,
  ): Promise<PreparedElement | undefined> {
    const { content, body, signer, signing } = this.#read(message);
    const { md5 } = content;
    if (this.#clock.now() >= this.#trimAt) await this.#trim();
    const has = () => this.#has(content, signer, signing);
    if (await this.#perKey.run(md5, has)) return undefined;
    const staged = await this.#stage(content, body, signer);
    let open = true;
    return {
      commit: () => {
        open = false;
        const turn = this.#order.take();
        return this.#perKey.run(md5, () => this.#commit(staged, signer, turn))
          .finally(turn.pass);
      },
      discard: async () => {
        if (open) await this.#withdraw(staged);
        open = false;
      },
    };
  }

  /**
   * The name of a content in SSM1, see {@linkcode contentDigest}. Computed once for
   * the same bytes, which must not be changed.
   */
  digestOf(content: Uint8Array): string {
    const known = this.#digests.get(content);
    if (known !== undefined) return known;
    const digest = contentDigest(content);
    this.#digests.set(content, digest);
    return digest;
  }

  /**
   * Forgets that a message was received: its sender knows, and what comes with this
   * content from now on is a new message.
   *
   * @param md5 as it came from the network, whatever it is
   * @returns whether it was known
   * @throws {SsmError} `SPOOL` when the entry cannot be removed.
   */
  async forget(md5: string): Promise<boolean> {
    if (!MD5_HEX.test(md5)) return false;
    try {
      return await this.#perKey.run(md5, () => this.#received.forget(md5));
    } catch (error) {
      throw spoolError("remove", join(this.#ack, md5), error);
    }
  }

  /** Makes what was entered visible, and removes what was not, and old entries. */
  async tidy(): Promise<void> {
    try {
      await this.#received.tidy(this.#maxTempMs);
    } catch (error) {
      throw spoolError("tidy", this.#incoming, error);
    }
    await this.#trim();
  }

  /** What is to be delivered. @throws {RangeError} when it is no message. */
  #read({ fields: { body, signer }, signing }: IncomingMessage) {
    if (body === undefined) throw new RangeError("A message without a body");
    if (typeof signer !== "string" || !/^[^\t\n]+$/.test(signer)) {
      throw new RangeError("Not the signer of a message");
    }
    const bytes = typeof body === "string"
      ? new TextEncoder().encode(body)
      : body;
    const mark = signing && Signings.markOf(signing);
    const content = { md5: this.digestOf(bytes), mark };
    return { content, body: bytes, signer, signing };
  }

  async #has(
    content: Ssm1Content,
    signer: string,
    signing: Signing | undefined,
  ): Promise<boolean> {
    try {
      return await this.#received.has(content, signer, signing);
    } catch (error) {
      throw spoolError("deliver into", this.#incoming, error);
    }
  }

  async #stage(
    content: Ssm1Content,
    body: Uint8Array,
    signer: string,
  ): Promise<Ssm1Staged> {
    try {
      return await this.#staging.write(content, body, signer);
    } catch (error) {
      throw spoolError("write to", this.#incoming, error);
    }
  }

  async #commit(
    staged: Ssm1Staged,
    signer: string,
    { before, pass }: Turn,
  ): Promise<string | undefined> {
    try {
      if (!await this.#received.enter(staged, signer)) {
        await this.#received.withdraw(staged);
        return undefined;
      }
      await before;
      const isOurs = this.#staging.show(staged);
      pass();
      await Promise.all([
        this.#staging.sync(),
        ...(staged.mark === undefined ? [] : [this.#received.syncMarks()]),
      ]);
      this.#staging.finish(staged.id);
      return isOurs ? staged.id : undefined;
    } catch (error) {
      // What cannot go now is for `tidy`; the first failure is the one to be told.
      await this.#withdraw(staged).catch(() => {});
      throw spoolError("deliver into", this.#incoming, error);
    }
  }

  /** Removes what was prepared, unless it is entered. */
  async #withdraw(staged: Ssm1Staged): Promise<void> {
    try {
      await this.#received.withdraw(staged);
    } catch (error) {
      throw spoolError("remove from", this.#incoming, error);
    }
  }

  async #trim(): Promise<void> {
    this.#trimAt = this.#clock.now() + TRIM_INTERVAL_MS;
    try {
      await this.#received.forgetOlderThan(this.#ackKeepMs);
    } catch (error) {
      throw spoolError("tidy", this.#ack, error);
    }
  }
}
