/**
 * The `reject` directory of SSM1: messages that were not accepted, each with the reason.
 *
 * A message is `<id>` as it came, `<id>.err`, the reason, and `<id>.sig`, the
 * signer, if one is known. It is written under hidden names, synced, and only then
 * gets these; the body last, so that it is never seen without its reason.
 *
 * What its sender transmits again, and is rejected for the same reason, is counted
 * (see {@linkcode RejectedOrigins}); for another reason, it takes the place of what
 * came before. So there is one of each, however long its sender goes on.
 *
 * @module
 */
import { join } from "node:path";
import { isErrno } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import {
  lookAt,
  makeDirectories,
  makeDirectory,
  readHead,
  unlink,
  writeDurably,
} from "../disk/files.ts";
import { PerKey } from "../disk/per_key.ts";
import type {
  IncomingMessage,
  IncomingSpool,
  PreparedElement,
} from "../spool.ts";
import { HIDDEN, MessageNames } from "./names.ts";
import {
  COUNT,
  formatCount,
  originDigest,
  RejectedOrigins,
} from "./origins.ts";

/** Settings of an {@linkcode Ssm1Reject}. */
export interface Ssm1RejectOptions {
  /** How many messages this process remembers, so as not to keep them twice. @default {10000} */
  remembered?: number;
  /** Age at which `tidy` takes a hidden file for left behind by a crash, in ms. @default {300000} */
  maxTempMs?: number;
  /** Mode of the files, whatever the umask. @default {0o640} */
  fileMode?: number;
  /** Mode of the directories, whatever the umask. @default {0o750} */
  directoryMode?: number;
  /** What ages are counted by. @default the machine's clock */
  clock?: Clock;
}

/** What is said of a message, in the order in which it becomes visible; not all have all of it. */
const SIDES = [".err", ".sig", COUNT] as const;

/** A hidden file; within it the id. */
const HIDDEN_NAME = /^\.tmp-(\d{8}-\d{6}-\d{3})(?:\.err|\.sig|\.count)?$/;

/** A message that came before from the same origin. */
interface Earlier {
  readonly id: string;
  readonly count: number;
}

/** Where messages of SSM1 are put that are not accepted. */
export class Ssm1Reject implements IncomingSpool {
  readonly #path: string;
  readonly #remembered: number;
  readonly #maxTempMs: number;
  readonly #fileMode: number;
  readonly #clock: Clock;
  readonly #names = new MessageNames();
  readonly #syncer = new DirectorySyncer();
  readonly #perKey = new PerKey();
  readonly #origins: RejectedOrigins;
  /** The last keys, oldest first. */
  readonly #kept = new Set<string>();

  private constructor(path: string, options: Ssm1RejectOptions) {
    const {
      remembered = 10_000,
      maxTempMs = 300_000,
      fileMode = 0o640,
      clock = systemClock,
    } = options;
    this.#path = path;
    this.#remembered = remembered;
    this.#maxTempMs = maxTempMs;
    this.#fileMode = fileMode;
    this.#origins = new RejectedOrigins(path, remembered);
    this.#clock = clock;
  }

  /**
   * Opens the directory `reject` below `path`, and makes it when it is missing.
   *
   * @throws {SsmError} `SPOOL` when it cannot be made.
   */
  static async open(
    path: string,
    options: Ssm1RejectOptions = {},
  ): Promise<Ssm1Reject> {
    const mode = options.directoryMode ?? 0o750;
    try {
      makeDirectories(path, mode);
      makeDirectory(join(path, "reject"), mode);
      await new DirectorySyncer().sync(path);
    } catch (error) {
      throw spoolError("open", path, error);
    }
    const spool = new Ssm1Reject(join(path, "reject"), options);
    try {
      for (const id of spool.#origins.open()) spool.#removeVisible(id);
    } catch (error) {
      throw spoolError("open", spool.#path, error);
    }
    return spool;
  }

  /**
   * `body` is stored, with `error` and, when it is a DN, `signer`; `commit` returns
   * the id. A message is known by its `key`, to this process alone, until so many
   * others have come: one that is kept twice after a restart does no harm. By its
   * `origin` it is known after a restart, too; then `commit` returns the id of the
   * one that is kept, whose count is one higher.
   *
   * @throws {RangeError} when there is no body or no error.
   * @throws {SsmError} `SPOOL` when the message cannot be written.
   */
  async prepare(
    { key, fields: { body, signer, error }, ...message }: IncomingMessage,
  ): Promise<PreparedElement | undefined> {
    if (body === undefined) throw new RangeError("A message without a body");
    if (error === undefined) throw new RangeError("A rejection without reason");
    if (
      await this.#perKey.run(key, () => Promise.resolve(this.#kept.has(key)))
    ) {
      return undefined;
    }
    const isDn = typeof signer === "string" && signer.startsWith("/");
    const sides = {
      ".err": line(error),
      ...(isDn ? { ".sig": line(signer) } : {}),
    };
    const origin = message.origin && originDigest(message.origin);
    if (origin && this.#same(origin, sides)) {
      return {
        commit: () => this.#perKey.run(origin, () => this.#countOn(origin)),
        discard: () => Promise.resolve(),
      };
    }
    const id = await this.#write(bytesOf(body), {
      ...sides,
      ...(origin
        ? { [COUNT]: this.#countText(origin, this.#origins.find(origin)) }
        : {}),
    });
    let open = true;
    return {
      commit: () => {
        open = false;
        if (!origin) return this.#perKey.run(key, () => this.#commit(key, id));
        return this.#perKey.run(origin, async () => {
          // Another try may have been put there meanwhile.
          if (this.#same(origin, sides)) {
            this.#remove(id);
            return await this.#countOn(origin);
          }
          const earlier = this.#origins.find(origin);
          const name = await this.#commit(key, id);
          if (name !== undefined) this.#replace(earlier, { origin, id });
          return name;
        });
      },
      // deno-lint-ignore require-await -- a failure rejects, as the interface says
      discard: async () => {
        if (open) this.#remove(id);
        open = false;
      },
    };
  }

  /** Its sender has had it accepted: what is here of it is of no use any more. */
  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async supersede(origin: string): Promise<void> {
    const earlier = this.#origins.find(originDigest(origin));
    if (earlier) this.#removeVisible(earlier.id);
  }

  /** Whether a message of this origin is kept with just this reason and signer. */
  #same(origin: string, sides: Readonly<Record<string, Uint8Array>>): boolean {
    const earlier = this.#origins.find(origin);
    return earlier !== undefined && [".err", ".sig"].every((ending) => {
      const kept = readHead(this.#visible(earlier.id) + ending, 1 << 16);
      return decode(kept) === decode(sides[ending]);
    });
  }

  /** The message came again. That a crash may undo it does no harm. */
  async #countOn(origin: string): Promise<string | undefined> {
    const earlier = this.#origins.find(origin);
    // Somebody has just removed it, with all that is to be known of it.
    if (earlier === undefined) return undefined;
    const { id } = earlier;
    const hidden = this.#hidden(id) + COUNT;
    try {
      unlink(hidden);
      await writeDurably(
        hidden,
        this.#countText(origin, earlier),
        this.#fileMode,
      );
      this.#show(id, COUNT);
    } catch (error) {
      throw spoolError("write to", this.#path, error);
    }
    return id;
  }

  /** The message came again, and for another reason. */
  #replace(
    earlier: Earlier | undefined,
    { origin, id }: { origin: string; id: string },
  ): void {
    this.#origins.add(origin, id);
    if (earlier && earlier.id !== id) this.#removeVisible(earlier.id);
  }

  /** Not seen without its reason, either, when it goes. */
  #removeVisible(id: string): void {
    try {
      for (const ending of ["", ...SIDES]) unlink(this.#visible(id) + ending);
    } catch (error) {
      throw spoolError("remove from", this.#path, error);
    }
  }

  /** Removes what was written but not committed. */
  async tidy(): Promise<void> {
    const limit = this.#clock.date().getTime() - this.#maxTempMs;
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
    for (const [id, isOld] of old) if (isOld) this.#remove(id);
  }

  async #write(
    body: Uint8Array,
    others: Readonly<Record<string, Uint8Array>>,
  ): Promise<string> {
    let id: string | undefined;
    try {
      id = await this.#reserve(body);
      const hidden = this.#hidden(id);
      const work = Object.entries(others).map(([ending, bytes]) =>
        writeDurably(hidden + ending, bytes, this.#fileMode)
      );
      // All files are there already, if not yet their bytes.
      work.push(this.#syncer.sync(this.#path));
      // To the end of all, so that after a failure none writes into what is removed.
      await Promise.allSettled(work);
      await Promise.all(work);
      return id;
    } catch (error) {
      if (id !== undefined) this.#removeQuietly(id);
      throw spoolError("write to", this.#path, error);
    }
  }

  /** Writes the body under the hidden name of an id that is not in use: making that file takes the id. */
  async #reserve(body: Uint8Array): Promise<string> {
    for (;;) {
      const id = this.#names.next(this.#clock.date().getTime());
      if (this.#isUsed(id)) continue;
      try {
        await writeDurably(this.#hidden(id), body, this.#fileMode);
      } catch (error) {
        if (isErrno(error, "EEXIST")) continue;
        this.#removeQuietly(id);
        throw error;
      }
      // Another process may have had it until a moment ago and made its message visible.
      if (!this.#isUsed(id)) return id;
      unlink(this.#hidden(id));
    }
  }

  async #commit(key: string, id: string): Promise<string | undefined> {
    try {
      if (this.#kept.has(key)) {
        this.#remove(id);
        return undefined;
      }
      for (const ending of [...SIDES, ""]) this.#show(id, ending);
      await this.#syncer.sync(this.#path);
      this.#remember(key);
      return id;
    } catch (error) {
      this.#removeQuietly(id);
      throw spoolError("deliver into", this.#path, error);
    }
  }

  #countText(origin: string, earlier: Earlier | undefined): Uint8Array {
    return countText(origin, { earlier, now: this.#clock.date() });
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

  #remember(key: string): void {
    this.#kept.add(key);
    for (const oldest of this.#kept) {
      if (this.#kept.size <= this.#remembered) break;
      this.#kept.delete(oldest);
    }
  }

  /** Removes a message unless it is visible. The hidden body goes first: without it, the message cannot become so. */
  #remove(id: string): void {
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
  #removeQuietly(id: string): void {
    try {
      this.#remove(id);
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

function bytesOf(field: Uint8Array | string): Uint8Array {
  return typeof field === "string" ? new TextEncoder().encode(field) : field;
}

function line(field: Uint8Array | string): Uint8Array {
  const text = typeof field === "string"
    ? field
    : new TextDecoder().decode(field);
  return new TextEncoder().encode(`${text}\n`);
}

/** The file of a message that came once more than `earlier`. */
function countText(
  origin: string,
  { earlier, now }: { earlier: Earlier | undefined; now: Date },
): Uint8Array {
  const count = (earlier?.count ?? 0) + 1;
  return new TextEncoder().encode(
    formatCount({ origin, count, last: now.getTime() }),
  );
}

function decode(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
