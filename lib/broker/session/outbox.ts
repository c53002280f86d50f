/**
 * The way out to one client, with a measure of how much waits on it.
 *
 * @module
 */
import { isSsmError, type SsmError } from "../../errors.ts";
import type { Frame, StompConnection, StompVersion } from "../../stomp/mod.ts";
import type { Outlet } from "../subscription/subscription.ts";

/** What an outbox works with. */
export interface OutboxOptions {
  readonly connection: StompConnection;
  /** The connection's number among those of its broker. */
  readonly number: number;
  /** What may wait before the outbox counts as full, in bytes. */
  readonly maxBytes: number;
  /** Tells whether messages may be delivered to the client at all. */
  readonly delivers: () => boolean;
  /** Called when a full outbox has room again. */
  readonly onRoom: () => void;
  /** Called when a frame has left. */
  readonly onWritten: (frame: Frame) => void;
  /** Ends the connection with an ERROR frame. */
  readonly fail: (error: SsmError) => void;
}

/** Writes frames and counts what waits. */
export class Outbox implements Outlet {
  readonly fail: (error: SsmError) => void;
  readonly #options: OutboxOptions;
  #full = false;
  #waiting = 0;
  #deliveries = 0;
  #lastWrite: Promise<boolean> = Promise.resolve(true);

  constructor(options: OutboxOptions) {
    this.fail = options.fail;
    this.#options = options;
  }

  get version(): StompVersion {
    return this.#options.connection.version;
  }

  get open(): boolean {
    return !this.#full && this.#options.delivers();
  }

  /** Nothing more should be added. */
  get full(): boolean {
    return this.#full;
  }

  /** Nothing waits. */
  get empty(): boolean {
    return this.#waiting === 0;
  }

  nextDeliveryId(): string {
    return `${this.#options.number}-${++this.#deliveries}`;
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
    const { connection, maxBytes, onRoom, onWritten } = this.#options;
    const writing = connection.write(frame);
    this.#waiting++;
    if (connection.queuedBytes >= maxBytes) this.#full = true;
    try {
      await writing;
    } catch (error) {
      // A lost connection shows where frames are read. What the client's
      // version cannot express must end it, so that it is not tried for ever.
      if (isSsmError(error, "STOMP_PROTOCOL")) this.fail(error);
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
