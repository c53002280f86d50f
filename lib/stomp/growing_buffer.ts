/**
 * Bytes collected piece by piece.
 *
 * @module
 */

const SMALLEST = 1024;

/**
 * A buffer that grows with what has come, never with what was promised: at
 * most twice the bytes received are held. Copying the pieces, rather than
 * keeping them, makes one byte cost one byte; a kept piece may be a small view
 * of a large read buffer.
 */
export class GrowingBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  /** Bytes collected so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a copy of `piece`.
   *
   * @param expected the total that is announced: growth stops there, so that a
   * buffer filled to it needs no last copy
   */
  append(piece: Uint8Array, expected = Infinity): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const doubled = Math.max(SMALLEST, needed, this.#bytes.length * 2);
      const grown = new Uint8Array(
        Math.max(needed, Math.min(doubled, expected)),
      );
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** Hands out the collected bytes and starts anew. */
  take(): Uint8Array {
    const { buffer } = this.#bytes;
    // An array that lives on must not hold twice its size.
    const bytes = this.#length * 4 >= buffer.byteLength * 3
      ? this.#bytes.subarray(0, this.#length)
      : this.#bytes.slice(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }
}
