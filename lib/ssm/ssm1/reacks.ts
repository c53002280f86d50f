/**
 * What the consumer of SSM1 may forget, and telling it so.
 *
 * @module
 */
import type { Question } from "./dialogue.ts";

/** The messages that are confirmed, by the digests of their files. */
export class Reacks {
  /** By the name of the file that is not removed yet. */
  readonly #confirmed = new Map<string, string>();
  /** May be forgotten, and not told yet. */
  readonly #untold = new Set<string>();

  /** How many are to be told. */
  get size(): number {
    return this.#untold.size;
  }

  /** The consumer has the message; not before its file is removed may it forget. */
  confirmed(id: string, digest: string): void {
    this.#confirmed.set(id, digest);
  }

  /** The file of a message is removed. */
  removed(id: string): void {
    const digest = this.#confirmed.get(id);
    if (digest === undefined) return;
    this.#confirmed.delete(id);
    this.#untold.add(digest);
  }

  /**
   * Adds to a frame what the consumer may forget, and keeps that if the frame did
   * not leave: told twice does no harm. Except for the content of this very
   * message, that of a file before it: it is told with it and once. Otherwise the
   * message itself would be forgotten, and stored again.
   */
  async tell<T>(
    question: Question,
    send: (question: Question) => Promise<T>,
    digest?: string,
  ): Promise<T> {
    const [first] = this.#untold;
    const reack = digest !== undefined && this.#untold.has(digest)
      ? digest
      : first;
    if (reack !== undefined) this.#untold.delete(reack);
    try {
      return await send({ ...question, reack });
    } catch (error) {
      if (reack !== undefined && reack !== digest) this.#untold.add(reack);
      throw error;
    }
  }
}
