/**
 * Messages that a store has in memory, beside the disk or in its place.
 *
 * @module
 */
import type { Message } from "../message/message.ts";

/** A message in memory, and whether it is on disk, too. */
interface Held {
  readonly message: Message;
  readonly onDisk: boolean;
}

/** Holds messages by their numbers, and keeps account of their size. */
export class HeldMessages {
  readonly #all = new Map<number, Held>();
  #bytes = 0;

  /** Their size. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The message of that number, if it is in memory. */
  get(sequence: number): Message | undefined {
    return this.#all.get(sequence)?.message;
  }

  /** Tells whether a message is here and nowhere else. */
  isOnlyHere(sequence: number): boolean {
    return this.#all.get(sequence)?.onDisk === false;
  }

  /** Takes a message in. */
  add(sequence: number, held: Held): void {
    this.#all.set(sequence, held);
    this.#bytes += held.message.size;
  }

  /** Forgets a message; its size, if it was here. */
  remove(sequence: number): number | undefined {
    const size = this.get(sequence)?.size;
    if (this.#all.delete(sequence)) this.#bytes -= size ?? 0;
    return size;
  }

  /** Forgets all. */
  clear(): void {
    this.#all.clear();
    this.#bytes = 0;
  }
}
