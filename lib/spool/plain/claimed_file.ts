/**
 * A claimed file of a plain directory.
 *
 * @module
 */
import { dirname } from "node:path";
import { isErrno, spoolError } from "../disk/errors.ts";
import { lookAt, removeIfEmpty, touchNow, unlink } from "../disk/files.ts";
import type { SpoolEntry } from "../spool.ts";

/** A file of a {@linkcode PlainDirectory} that is ours to send. */
export class ClaimedFile implements SpoolEntry {
  readonly name: string;
  readonly size: number;
  readonly #original: string;
  readonly #claim: string;
  readonly #file: string;
  readonly #asClaimed: string;
  #held = true;

  /** `claim` is the directory, below the spool directory `path`, that holds the file now. */
  constructor(
    name: string,
    path: string,
    claim: string,
    claimed: Deno.FileInfo,
  ) {
    this.name = name;
    this.size = claimed.size;
    this.#original = `${path}/${name}`;
    this.#claim = claim;
    this.#file = `${claim}/${name}`;
    this.#asClaimed = fingerprint(claimed);
  }

  async read(): Promise<Uint8Array> {
    try {
      const bytes = await Deno.readFile(this.#file);
      await this.#checkUnchanged();
      return bytes;
    } catch (error) {
      throw spoolError("read", this.#original, error);
    }
  }

  // deno-lint-ignore require-await -- a failure rejects, as the interface says
  async touch(): Promise<void> {
    try {
      touchNow(this.#claim);
    } catch (error) {
      throw spoolError("renew the claim of", this.#original, error);
    }
  }

  /** Refuses when the file was written to after it was claimed: what was sent is not all of it. */
  async remove(): Promise<void> {
    try {
      await this.#checkUnchanged();
      await Deno.remove(this.#file);
      this.#held = false;
      removeIfEmpty(this.#claim);
    } catch (error) {
      throw spoolError("remove", this.#original, error);
    }
  }

  async unlock(): Promise<void> {
    if (!this.#held) return;
    await restore(this.#file, this.#original);
    this.#held = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlock();
  }

  async #checkUnchanged(): Promise<void> {
    if (fingerprint(await Deno.lstat(this.#file)) !== this.#asClaimed) {
      throw new Error("It is being written to");
    }
  }
}

/**
 * Moves a claimed file back under its name, and removes the claim.
 *
 * When there is a newer file of that name, the claim stays, old enough for the next
 * `tidy` to try again: neither file is lost, and each is sent under its own name.
 *
 * @throws {SsmError} `SPOOL` when that fails.
 */
export async function restore(
  file: string,
  original: string,
): Promise<void> {
  const claim = dirname(file);
  try {
    // A link, not a rename, which would replace the newer file.
    if (await link(file, original)) {
      unlink(file);
      removeIfEmpty(claim);
    } else {
      await Deno.utime(claim, 0, 0);
    }
  } catch (error) {
    throw spoolError("give back", original, error);
  }
}

/** `false` when another file has that name; that `file` is gone is as good as done. */
async function link(file: string, original: string): Promise<boolean> {
  try {
    Deno.linkSync(file, original);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return true;
    if (isErrno(error, "EEXIST")) return await isSameFile(file, original);
    throw error;
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lookAt(one), lookAt(other)]);
  return a !== undefined && a.ino !== null && a.ino === b?.ino &&
    a.dev === b.dev;
}

function fingerprint({ dev, ino, size, mtime }: Deno.FileInfo): string {
  return [dev, ino, size, mtime?.getTime()].join(" ");
}
