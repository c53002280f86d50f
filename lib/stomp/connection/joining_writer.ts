/**
 * Writes to a socket, the small ones joined while the network is busy.
 *
 * @module
 */
import { concatBytes } from "../../bytes.ts";

/** Writes are joined up to this size. More would save little and hold memory longer. */
const JOINED_BYTES = 64 << 10;

interface Waiting {
  readonly chunk: Uint8Array;
  readonly taken: PromiseWithResolvers<void>;
}

/**
 * The first write leaves at once. What comes while it is under way leaves
 * together, once it has: under load a system call carries many frames, and
 * without load no frame waits for another.
 */
export class JoiningWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #waiting: Waiting[] = [];
  /** A write is under way; what comes now is taken up when it is done. */
  #busy = false;
  #pumping = Promise.resolve();

  constructor(writable: WritableStream<Uint8Array>) {
    this.#writer = writable.getWriter();
  }

  /** Settles when the network has taken the chunk, which must not change before. */
  write(chunk: Uint8Array): Promise<void> {
    const taken = Promise.withResolvers<void>();
    this.#waiting.push({ chunk, taken });
    if (!this.#busy) this.#pumping = this.#pump();
    return taken.promise;
  }

  /** Ends the stream, once all that was written has left. */
  async close(): Promise<void> {
    await this.#pumping;
    await this.#writer.close();
  }

  /** Never rejects: those who wrote are told. */
  async #pump(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const next = this.#next();
      try {
        await this.#writer.write(joined(next));
        for (const { taken } of next) taken.resolve();
      } catch (error) {
        for (const { taken } of next) taken.reject(error);
      }
    }
    this.#busy = false;
  }

  /** What leaves together: as much as fits, and at least one. */
  #next(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ chunk }, index) => {
      bytes += chunk.length;
      return index > 0 && bytes > JOINED_BYTES;
    });
    return this.#waiting.splice(0, end < 0 ? Infinity : end);
  }
}

function joined(parts: readonly Waiting[]): Uint8Array {
  const chunks = parts.map(({ chunk }) => chunk);
  return chunks.length === 1 ? chunks[0]! : concatBytes(chunks);
}
