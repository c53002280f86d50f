/**
 * The `reject` directory of SSM1: messages that were not accepted, each with the reason.
 *
 * A message is `<id>` as it came, `<id>.err`, the reason, and `<id>.sig`, the
 * signer, if one is known (see {@linkcode RejectedFiles}).
 *
 * What its sender transmits again, and is rejected for the same reason, is counted
 * (see {@linkcode RejectedOrigins}); for another reason, it takes the place of what
 * came before. So there is one of each, however long its sender goes on.
 *
 * @module
 */
import { join } from "node:path";
import { type Clock, systemClock } from "../../time/mod.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import { makeDirectories, makeDirectory } from "../disk/files.ts";
import { PerKey } from "../disk/per_key.ts";
import type {
  IncomingMessage,
  IncomingSpool,
  PreparedElement,
} from "../spool.ts";
import {
  COUNT,
  formatCount,
  originDigest,
  RejectedOrigins,
} from "./origins.ts";
import { RejectedFiles } from "./rejected_files.ts";

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

/** A message that came before from the same origin. */
interface Earlier {
  readonly id: string;
  readonly count: number;
}

/** Where messages of SSM1 are put that are not accepted. */
export class Ssm1Reject implements IncomingSpool {
  readonly #path: string;
  readonly #remembered: number;
  readonly #clock: Clock;
  readonly #files: RejectedFiles;
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
    this.#files = new RejectedFiles(path, { fileMode, maxTempMs, clock });
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
      for (const id of spool.#origins.open()) spool.#files.removeVisible(id);
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
    const id = await this.#files.write(bytesOf(body), {
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
            this.#files.remove(id);
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
        if (open) this.#files.remove(id);
        open = false;
      },
    };
  }

  /** Removes what was written but not committed. */
  async tidy(): Promise<void> {
    await this.#files.tidy();
  }

  /** Its sender has had it accepted: what is here of it is of no use any more. */
  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async supersede(origin: string): Promise<void> {
    const earlier = this.#origins.find(originDigest(origin));
    if (earlier) this.#files.removeVisible(earlier.id);
  }

  /** Whether a message of this origin is kept with just this reason and signer. */
  #same(origin: string, sides: Readonly<Record<string, Uint8Array>>): boolean {
    const earlier = this.#origins.find(origin);
    return earlier !== undefined && [".err", ".sig"].every((ending) => {
      const kept = this.#files.side(earlier.id, ending);
      return decode(kept) === decode(sides[ending]);
    });
  }

  /** The message came again. That a crash may undo it does no harm. */
  async #countOn(origin: string): Promise<string | undefined> {
    const earlier = this.#origins.find(origin);
    // Somebody has just removed it, with all that is to be known of it.
    if (earlier === undefined) return undefined;
    const { id } = earlier;
    await this.#files.recount(id, this.#countText(origin, earlier));
    return id;
  }

  /** The message came again, and for another reason. */
  #replace(
    earlier: Earlier | undefined,
    { origin, id }: { origin: string; id: string },
  ): void {
    this.#origins.add(origin, id);
    if (earlier && earlier.id !== id) this.#files.removeVisible(earlier.id);
  }

  async #commit(key: string, id: string): Promise<string | undefined> {
    try {
      if (this.#kept.has(key)) {
        this.#files.remove(id);
        return undefined;
      }
      await this.#files.show(id);
      this.#remember(key);
      return id;
    } catch (error) {
      this.#files.removeQuietly(id);
      throw spoolError("deliver into", this.#path, error);
    }
  }

  #countText(origin: string, earlier: Earlier | undefined): Uint8Array {
    return countText(origin, { earlier, now: this.#clock.date() });
  }

  #remember(key: string): void {
    this.#kept.add(key);
    for (const oldest of this.#kept) {
      if (this.#kept.size <= this.#remembered) break;
      this.#kept.delete(oldest);
    }
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
