// deno-lint-ignore-file require-await -- a failure rejects, as the interface says
/**
 * A locked element of a QueueSimple.
 *
 * @module
 */
import { spoolError } from "../disk/errors.ts";
import { lookAt, touchNow, unlink } from "../disk/files.ts";
import type { SpoolEntry } from "../spool.ts";

/** What is known of an element from the moment it was locked. */
export interface Claim {
  /** Size in bytes. */
  readonly size: number;
  /** The time given to the lock, in ms. */
  readonly touchedAt: number;
  /** Age at which others take the lock for stale, in ms; 0 = never. */
  readonly maxLockMs: number;
}

/** An element of a {@linkcode DirqSimple} whose lock is ours. */
export class LockedFile implements SpoolEntry {
  readonly name: string;
  readonly size: number;
  readonly #element: string;
  readonly #lock: string;
  readonly #maxLockMs: number;
  #touchedAt: number;
  #held = true;

  constructor(name: string, element: string, claim: Claim) {
    this.name = name;
    this.size = claim.size;
    this.#element = element;
    this.#lock = `${element}.lck`;
    this.#touchedAt = claim.touchedAt;
    this.#maxLockMs = claim.maxLockMs;
  }

  async read(): Promise<Uint8Array> {
    try {
      const bytes = await Deno.readFile(this.#lock);
      if (bytes.length !== this.size) throw new Error("It is being written to");
      return bytes;
    } catch (error) {
      throw spoolError("read", this.#element, error);
    }
  }

  async touch(): Promise<void> {
    try {
      this.#touchedAt = touchNow(this.#lock);
    } catch (error) {
      throw spoolError("renew the lock of", this.#element, error);
    }
  }

  async remove(): Promise<void> {
    try {
      unlink(this.#element);
      this.#release();
    } catch (error) {
      throw spoolError("remove", this.#element, error);
    }
  }

  async unlock(): Promise<void> {
    if (!this.#held) return;
    try {
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

  /** A lock much younger than our last touch belongs to someone who took ours for stale. */
  #isOurs(): boolean {
    const lock = lookAt(this.#lock);
    if (lock === undefined) return false;
    return this.#maxLockMs === 0 || lock.mtime === null ||
      lock.mtime.getTime() - this.#touchedAt < this.#maxLockMs;
  }
}
