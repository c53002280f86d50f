/**
 * The reject directory of SSM1, and of its loader.
 *
 * @module
 */
import { join } from "node:path";
import { isErrno } from "../../errors.ts";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, readHead, unlink, writeDurably } from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";
import { HIDDEN } from "../ssm1/names.ts";
import { COUNT, readCount } from "../ssm1/origins.ts";
import type { HeldRejected, RejectedEntry, RejectedSpool } from "../stuck.ts";
import { firstLine, knownSigner } from "./fields.ts";

/** Settings of {@linkcode Ssm1Rejected}. */
export interface Ssm1RejectedOptions {
  /** Mode of files, whatever the umask. @default {0o640} */
  readonly fileMode?: number;
}

/** The files beside a message, by the field of a dirq element that each stands for. */
const SIDES = { error: ".err", signer: ".sig" } as const;

/** A message, in a file of its own; what begins with a dot is not for everybody. */
const NAME = /^(?!\.)(?!.*(?:\.err|\.sig|\.count)$)[^/\0]+$/s;

/** Messages of SSM1 that were not accepted. */
export class Ssm1Rejected implements RejectedSpool {
  readonly #path: string;
  readonly #incoming: string;
  readonly #fileMode: number;
  readonly #syncer = new DirectorySyncer();
  /** Those of this process that are claimed. */
  readonly #claimed = new Set<string>();
  /** Taken by the first of them: no other process claims any meanwhile. */
  #lock: Deno.FsFile | undefined;

  /** @param path the directory above `reject` and `incoming` */
  constructor(path: string, { fileMode = 0o640 }: Ssm1RejectedOptions = {}) {
    this.#path = join(path, "reject");
    this.#incoming = join(path, "incoming");
    this.#fileMode = fileMode;
  }

  async *entries(): AsyncGenerator<RejectedEntry> {
    for (const id of this.ids()) {
      const entry = this.entry(id);
      if (entry) yield entry;
    }
  }

  ids(): string[] {
    try {
      const ids = new Set<string>();
      for (const { name, isFile } of Deno.readDirSync(this.#path)) {
        if (isFile && !name.startsWith(".")) {
          ids.add(name.replace(/\.(?:err|sig|count)$/, ""));
        }
      }
      return [...ids].sort();
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw spoolError("list", this.#path, error);
    }
  }

  entry(id: string): RejectedEntry | undefined {
    if (!NAME.test(id)) return undefined;
    const path = `${this.#path}/${id}`;
    try {
      const body = lookAt(this.#bodyOf(id));
      if (!body?.isFile) return undefined;
      const since = modified(body);
      const { count = 1, last = since } = readCount(path) ?? {};
      const reason = firstLine(readHead(path + SIDES.error, 4096));
      return {
        ...{ id, since, last, count },
        bytes: body.size,
        reason: reason ?? "no reason is written",
        signer: knownSigner(readHead(path + SIDES.signer, 4096)),
        senderId: undefined,
        waits: false,
        locked: undefined,
      };
    } catch (error) {
      throw spoolError("look at", path, error);
    }
  }

  /**
   * Where the message itself is: in incoming already, if a process was killed while it
   * moved it there. Nobody takes it from there without its signer.
   */
  #bodyOf(id: string): string {
    const path = `${this.#path}/${id}`;
    if (lookAt(path) || !lookAt(path + SIDES.signer)) return path;
    const moved = `${this.#incoming}/${id}`;
    return lookAt(moved + SIDES.signer) ? path : moved;
  }

  async read(id: string): Promise<Record<string, Uint8Array>> {
    const path = `${this.#path}/${id}`;
    try {
      const fields: Record<string, Uint8Array> = {
        body: await Deno.readFile(this.#bodyOf(id)),
      };
      for (const [field, ending] of Object.entries(SIDES)) {
        const bytes = readHead(path + ending, 1 << 16);
        if (bytes !== undefined) fields[field] = bytes;
      }
      return fields;
    } catch (error) {
      throw spoolError("read", path, error);
    }
  }

  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async lock(id: string): Promise<HeldRejected | "held" | "gone"> {
    const entry = this.entry(id);
    if (!entry) return "gone";
    try {
      if (this.#claimed.has(id) || !this.#acquire()) return "held";
    } catch (error) {
      throw spoolError("lock", `${this.#path}/${id}`, error);
    }
    this.#claimed.add(id);
    const path = `${this.#path}/${id}`;
    const attempt = async (action: string, work: () => unknown) => {
      try {
        return await work();
      } catch (error) {
        throw spoolError(action, path, error);
      }
    };
    return {
      name: id,
      since: entry.since,
      read: () => this.read(id),
      change: async (fields) => {
        await attempt("change", () => this.#change(id, fields));
      },
      remove: async () => {
        // The message itself last: killed before, it is done again.
        await attempt("remove", () => {
          for (const ending of [".err", ".sig", COUNT, ""]) {
            unlink(path + ending);
          }
        });
        this.#release(id);
      },
      unlock: () => Promise.resolve(this.#release(id)),
      moveToIncoming: async () => {
        await attempt("move to incoming", () => this.#move(id));
        this.#release(id);
        return id;
      },
    };
  }

  async #change(
    id: string,
    fields: Readonly<Record<string, string | undefined>>,
  ): Promise<void> {
    // The receiver replaces what its sender transmits again.
    if (!lookAt(`${this.#path}/${id}`)) return;
    for (const [field, ending] of Object.entries(SIDES)) {
      const text = fields[field];
      if (text === undefined) continue;
      // Where no signer is known, there is no file.
      if (ending === ".sig" && !text.startsWith("/")) continue;
      const hidden = `${this.#path}/${HIDDEN}${id}${ending}`;
      unlink(hidden);
      const bytes = new TextEncoder().encode(`${text}\n`);
      await writeDurably(hidden, bytes, this.#fileMode);
      Deno.renameSync(hidden, `${this.#path}/${id}${ending}`);
    }
  }

  /** The body before the signer, as whoever reads incoming expects it. */
  async #move(id: string): Promise<void> {
    const from = `${this.#path}/${id}`;
    const to = `${this.#incoming}/${id}`;
    if (lookAt(from)) {
      if (!lookAt(from + SIDES.signer)) throw new Error("it has no signer");
      if (lookAt(to)) throw new Error("another message there has its name");
      Deno.renameSync(from, to);
    }
    Deno.renameSync(from + SIDES.signer, to + SIDES.signer);
    await this.#syncer.sync(this.#incoming);
    for (const ending of [SIDES.error, COUNT]) unlink(from + ending);
  }

  /** `false` when another process has the lock of the directory. */
  #acquire(): boolean {
    if (this.#lock) return true;
    const file = Deno.openSync(`${this.#path}/.ssm-lock`, {
      ...{ create: true, write: true },
      mode: this.#fileMode,
    });
    if (file.tryLockSync(true)) {
      this.#lock = file;
      return true;
    }
    file.close();
    return false;
  }

  #release(id: string): void {
    this.#claimed.delete(id);
    if (this.#claimed.size > 0) return;
    this.#lock?.close();
    this.#lock = undefined;
  }
}
