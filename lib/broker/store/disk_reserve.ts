/**
 * Space on the disk that is set aside, to be given up when the disk is full: a
 * database needs some even to delete.
 *
 * @module
 */

/** The reserve is written in random bytes, so that no file system can compress it away. */
const CHUNK_BYTES = 64 << 10;

/** A file that only takes up room. */
export class DiskReserve {
  readonly #path: string;
  readonly #bytes: number;
  #held = false;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** Whether the space is set aside. */
  get held(): boolean {
    return this.#held;
  }

  /** Sets the space aside, if it is there; tells whether it now is. */
  take(): boolean {
    if (this.#held) return true;
    try {
      using file = Deno.openSync(this.#path, {
        create: true,
        write: true,
        truncate: true,
        mode: 0o600,
      });
      const chunk = crypto.getRandomValues(new Uint8Array(CHUNK_BYTES));
      for (let left = this.#bytes; left > 0;) {
        left -= file.writeSync(chunk.subarray(0, Math.min(left, CHUNK_BYTES)));
      }
      file.syncSync();
      this.#held = true;
    } catch {
      // The disk is still full: what was written so far is not kept either.
      this.release();
    }
    return this.#held;
  }

  /** Gives the space up. */
  release(): void {
    this.#held = false;
    try {
      Deno.removeSync(this.#path);
    } catch {
      // Not even that can be done; what follows will say why.
    }
  }
}
