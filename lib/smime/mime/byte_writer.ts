/**
 * A buffer that grows: messages are assembled once, in place, instead of being
 * concatenated from copies of their parts.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Collects bytes. */
export class ByteWriter {
  #buffer: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param capacity How many bytes are expected; a good guess saves copying. */
  constructor(capacity = 1024) {
    this.#buffer = new Uint8Array(Math.max(16, capacity));
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** Appends bytes, or the UTF-8 form of a text. */
  write(part: Uint8Array | string): void {
    const bytes = typeof part === "string" ? encoder.encode(part) : part;
    this.reserve(bytes.length).set(bytes);
    this.advance(bytes.length);
  }

  /**
   * Room for at least `count` more bytes, to be filled in place and then
   * claimed with {@linkcode advance}. Valid until the next call.
   */
  reserve(count: number): Uint8Array<ArrayBuffer> {
    const needed = this.#length + count;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(
        Math.max(needed, Math.floor(this.#buffer.length * 1.5)),
      );
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    return this.#buffer.subarray(this.#length);
  }

  /** Claims `count` bytes of what {@linkcode reserve} returned. */
  advance(count: number): void {
    this.#length += count;
  }

  /** What was written from `start` on: a view, valid until the next write. */
  bytes(start = 0): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(start, this.#length);
  }
}
