/**
 * A store that forgets everything when the process ends.
 *
 * @module
 */
import type { Message } from "../message/message.ts";
import { overLimit } from "../message/refusal.ts";
import type {
  RecoveredMessage,
  Store,
  StoreChange,
  StoredMessage,
} from "./store.ts";

/** Options of {@linkcode MemoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Memory all kept messages may take together, in bytes.
   * @default 268435456 (256 MiB)
   */
  readonly maxBytes?: number | undefined;
}

/** Keeps messages in memory, up to a limit. */
export class MemoryStore implements Store {
  readonly #maxBytes: number;
  readonly #messages = new Map<number, Message>();
  #bytes = 0;

  /**
   * Begins empty.
   *
   * @throws {RangeError} unless `maxBytes` is positive
   */
  constructor(options: MemoryStoreOptions = {}) {
    const { maxBytes = 256 * 1024 * 1024 } = options;
    if (!(maxBytes > 0)) throw new RangeError("maxBytes must be positive");
    this.#maxBytes = maxBytes;
  }

  /** How many messages are kept. */
  get count(): number {
    return this.#messages.size;
  }

  /** Their size in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing: memory survives no restart. */
  async *recover(): AsyncIterable<RecoveredMessage> {
  }

  /** Settles at once. @throws {SsmError} `LIMIT` when there is no room */
  // deno-lint-ignore require-await -- a full store rejects, as any store does
  async apply(changes: readonly StoreChange[]): Promise<void> {
    const growth = this.#growth(changes);
    // What frees memory is never refused, however full the store is.
    if (growth > 0 && this.#bytes + growth > this.#maxBytes) {
      throw overLimit(
        `Queue memory is full: ${this.#bytes} of ${this.#maxBytes} bytes are in use`,
      );
    }
    for (const change of changes) {
      if (change.kind === "append") this.#keep(change.stored);
      else this.#forget(change.sequence);
    }
  }

  /** Does nothing: a restart leaves nothing that was delivered before. */
  delivered(): void {
  }

  /** The content of a message. @throws {RangeError} when there is none of that number */
  read(sequence: number): Message {
    const message = this.#messages.get(sequence);
    if (message === undefined) {
      throw new RangeError(`No message ${sequence} in the store`);
    }
    return message;
  }

  /** Forgets everything. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#messages.clear();
    this.#bytes = 0;
    return Promise.resolve();
  }

  #keep({ sequence, message }: StoredMessage): void {
    this.#messages.set(sequence, message);
    this.#bytes += message.size;
  }

  #forget(sequence: number): void {
    this.#bytes -= this.#messages.get(sequence)?.size ?? 0;
    this.#messages.delete(sequence);
  }

  /** By how many bytes these changes make the store larger. */
  #growth(changes: readonly StoreChange[]): number {
    let growth = 0;
    for (const change of changes) {
      growth += change.kind === "append"
        ? change.stored.message.size
        : -(this.#messages.get(change.sequence)?.size ?? 0);
    }
    return growth;
  }
}
