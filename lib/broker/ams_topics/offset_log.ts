/**
 * Which offset of a topic is which message of the store.
 *
 * @module
 */

/** A message of a topic. */
interface Entry {
  /** Its number in the store. */
  readonly sequence: number;
  /** When it is of no use any more, in milliseconds since 1970. */
  readonly expires: number;
}

/** Removed entries are let go of when there are so many, and most are. */
const MIN_SLACK = 1024;

/** Messages in a row, without gaps; they come at the end and go at the beginning. */
export class OffsetLog {
  #entries: Entry[] = [];
  #head = 0;
  #first: number;

  /** @param first the offset of the first message that comes */
  constructor(first: number) {
    this.#first = first;
  }

  /** The offset of the oldest message, or of the next if there is none. */
  get first(): number {
    return this.#first;
  }

  /** The offset that the next message will have. */
  get next(): number {
    return this.#first + this.#entries.length - this.#head;
  }

  /** Adds a message; its offset. */
  add(entry: Entry): number {
    this.#entries.push(entry);
    return this.next - 1;
  }

  /** The number in the store of the message of that offset. */
  sequence(offset: number): number {
    return this.#at(offset).sequence;
  }

  /** The first offset, from that one on, whose time is not over. */
  firstAlive(now: number): number {
    let offset = this.#first;
    while (offset < this.next && this.#at(offset).expires <= now) offset++;
    return offset;
  }

  /** Removes the messages before that offset; their numbers in the store. */
  removeBefore(offset: number): number[] {
    const count = Math.max(0, Math.min(offset, this.next) - this.#first);
    const end = this.#head + count;
    const removed = this.#entries.slice(this.#head, end);
    this.#head = end;
    this.#first += count;
    if (this.#head > MIN_SLACK && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return removed.map(({ sequence }) => sequence);
  }

  #at(offset: number): Entry {
    const entry = this.#entries[this.#head + offset - this.#first];
    if (entry === undefined || offset < this.#first) {
      throw new RangeError(
        `No offset ${offset} in ${this.#first}…${this.next}`,
      );
    }
    return entry;
  }
}
