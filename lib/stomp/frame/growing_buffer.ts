/**
 * Bytes collected piece by piece.
 *
 * @module
 */
import { concatBytes } from "../../bytes.ts";

/** Segments grow with the whole from the one to the other, in bytes. */
const SMALLEST = 1 << 10;
const LARGEST = 1 << 20;

/**
 * A buffer that grows with what has come, never with what was promised: while
 * bytes come it holds little more than these, and twice as much while it hands
 * them out. It consists of segments because copying the whole whenever it
 * has outgrown its place would leave as much again behind, which may stay for
 * long. Copying the pieces, rather than keeping them, makes one byte cost one
 * byte; a kept piece may be a small view of a large read buffer.
 */
export class GrowingBuffer {
  /** Those that are full. */
  #segments: Uint8Array[] = [];
  #last = new Uint8Array(0);
  /** Bytes of the last segment that are taken. */
  #used = 0;
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
    const room = this.#last.length - this.#used;
    const fitting = piece.subarray(0, room);
    this.#last.set(fitting, this.#used);
    this.#used += fitting.length;
    this.#length += fitting.length;
    if (piece.length <= room) return;
    this.#addSegment(piece.subarray(room), expected);
  }

  /** Hands out the collected bytes and starts anew. */
  take(): Uint8Array {
    const bytes = this.#segments.length === 0
      ? compact(this.#last, this.#used)
      : concatBytes([...this.#segments, this.#last.subarray(0, this.#used)]);
    this.#segments = [];
    this.#last = new Uint8Array(0);
    this.#used = 0;
    this.#length = 0;
    return bytes;
  }

  #addSegment(start: Uint8Array, expected: number): void {
    if (this.#used > 0) this.#segments.push(this.#last);
    const doubling = Math.min(Math.max(SMALLEST, this.#length), LARGEST);
    const wanted = Math.min(
      Math.max(doubling, start.length),
      expected - this.#length,
    );
    this.#last = new Uint8Array(Math.max(wanted, start.length));
    this.#last.set(start);
    this.#used = start.length;
    this.#length += start.length;
  }
}

/** The first bytes of an array; one that lives on must not hold twice its size. */
function compact(bytes: Uint8Array, length: number): Uint8Array {
  return length * 4 >= bytes.length * 3
    ? bytes.subarray(0, length)
    : bytes.slice(0, length);
}
