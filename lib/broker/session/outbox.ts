/**
 * The way out to one client, with a measure of how much waits on it.
 *
 * @module
 */
import { isSsmError, type SsmError } from "../../errors.ts";
import type { Frame, StompConnection } from "../../stomp/mod.ts";

/** What an outbox works with. */
export interface OutboxOptions {
  readonly connection: StompConnection;
  /** What may wait before the outbox counts as full, in bytes. */
  readonly maxBytes: number;
  /** Called when a full outbox has room again. */
  readonly onRoom: () => void;
  /** Called when a frame has left. */
  readonly onWritten: (frame: Frame) => void;
  /** Called when a frame cannot be expressed in the client's version. */
  readonly onUnwritable: (error: SsmError) => void;
}

/** Writes frames and counts what waits. */
export class Outbox {
  readonly #options: OutboxOptions;
  #full = false;
  #waiting = 0;
  #lastWrite: Promise<boolean> = Promise.resolve(true);

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Nothing more should be added. */
  get full(): boolean {
    return this.#full;
  }

  /** Nothing waits. */
  get empty(): boolean {
    return this.#waiting === 0;
  }

  /** Writes a frame; `true` once the network has taken it, `false` when it never will. */
  write(frame: Frame): Promise<boolean> {
    return this.#lastWrite = this.#write(frame);
  }

  /** Settles when all that was written so far has left, or never will. */
  async flushed(): Promise<void> {
    await this.#lastWrite;
  }

  async #write(frame: Frame): Promise<boolean> {
    const { connection, maxBytes, onRoom, onWritten, onUnwritable } =
      this.#options;
    const writing = connection.write(frame);
    this.#waiting++;
    if (connection.queuedBytes >= maxBytes) this.#full = true;
    try {
      await writing;
    } catch (error) {
      // A lost connection shows where frames are read. What cannot be written
      // must end it, lest it be tried again and again.
      if (isSsmError(error, "STOMP_PROTOCOL")) onUnwritable(error);
      return false;
    } finally {
      this.#waiting--;
    }
    if (this.#full && connection.queuedBytes <= maxBytes / 2) {
      this.#full = false;
      onRoom();
    }
    onWritten(frame);
    return true;
  }
}
