// deno-lint-ignore-file require-await -- a failure rejects, as the interface says
/**
 * A locked element of a QueueSimple.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { CheckedFile } from "../disk/checked_file.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, unlink } from "../disk/files.ts";
import type { SpoolEntry } from "../spool.ts";

/** What is known of an element from the moment it was locked. */
export interface Claim {
  /** The element itself, as it was when it had got its lock. */
  readonly locked: Deno.FileInfo;
  /** The time given to the lock, in ms. */
  readonly touchedAt: number;
  /** The time that the element had before. */
  readonly writtenAt: Date;
  /** Age at which others take the lock for stale, in ms; 0 = never. */
  readonly maxLockMs: number;
  readonly clock: Clock;
}

/** An element of a {@linkcode DirqSimple} whose lock is ours. */
export class LockedFile implements SpoolEntry {
  readonly name: string;
  readonly #element: string;
  readonly #lock: string;
  readonly #file: CheckedFile;
  readonly #writtenAt: Date;
  readonly #maxLockMs: number;
  #touchedAt: number;
  #held = true;

  constructor(name: string, element: string, claim: Claim) {
    this.name = name;
    this.#element = element;
    this.#lock = `${element}.lck`;
    this.#file = new CheckedFile(claim.locked, claim.clock);
    this.#touchedAt = claim.touchedAt;
    this.#writtenAt = claim.writtenAt;
    this.#maxLockMs = claim.maxLockMs;
  }

  get size(): number {
    return this.#file.size;
  }

  async read(): Promise<Uint8Array> {
    try {
      return await this.#file.read(this.#lock);
    } catch (error) {
      throw spoolError("read", this.#element, error);
    }
  }

  async touch(): Promise<void> {
    try {
      this.#touchedAt = this.#file.touch(this.#lock);
    } catch (error) {
      throw spoolError("renew the lock of", this.#element, error);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.#removeElement();
      this.#release();
    } catch (error) {
      throw spoolError("remove", this.#element, error);
    }
  }

  /** That somebody else removed it already is as good. */
  async #removeElement(): Promise<void> {
    try {
      await this.#file.check(this.#element);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      throw error;
    }
    unlink(this.#element);
  }

  async unlock(): Promise<void> {
    if (!this.#held) return;
    try {
      if (this.#isOurs()) this.#file.restoreTime(this.#lock, this.#writtenAt);
      this.#release();
    } catch (error) {
      throw spoolError("unlock", this.#element, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlock();
  }

  #release(): void {
    if (this.#isOurs()) unlink(this.#lock);
    this.#held = false;
  }

  /** A lock much younger than our last touch belongs to a process that took ours for stale. */
  #isOurs(): boolean {
    const lock = lookAt(this.#lock);
    if (lock === undefined) return false;
    return this.#maxLockMs === 0 || lock.mtime === null ||
      lock.mtime.getTime() - this.#touchedAt < this.#maxLockMs;
  }
}
