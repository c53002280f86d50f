/**
 * What a store on disk holds: which messages are in memory, on disk or both, how
 * many bytes they take, and whether there is room for more.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { Message } from "../message/message.ts";
import { overLimit } from "../message/refusal.ts";
import type { DiskReserve } from "./disk_reserve.ts";
import { HeldMessages } from "./held_messages.ts";
import type { MessageTable } from "./message_table.ts";
import { diskFull } from "./sqlite_errors.ts";
import type { RecoveredMessage, StoreChange } from "./store.ts";

/** A call of `apply` that waits to be committed. */
export interface Call {
  readonly changes: readonly StoreChange[];
  /** Size of the messages that it adds. */
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: SsmError) => void;
}

/** What memory comes to after a commit. */
export type Effect = () => void;

/** Where messages are kept, and how many bytes they may take. */
export interface ContentsOptions {
  readonly table: MessageTable;
  readonly reserve: DiskReserve;
  readonly maxBytes: number;
  readonly memoryBytes: number;
}

/** The messages of a store, in memory and in a table. */
export class StoreContents {
  readonly #table: MessageTable;
  readonly #reserve: DiskReserve;
  readonly #maxBytes: number;
  readonly #memoryBytes: number;
  readonly #held = new HeldMessages();
  #count = 0;
  #bytes = 0;
  /** Deliveries to be written down, by message. */
  readonly #marks = new Map<number, number>();

  constructor({ table, reserve, maxBytes, memoryBytes }: ContentsOptions) {
    this.#table = table;
    this.#reserve = reserve;
    this.#maxBytes = maxBytes;
    this.#memoryBytes = memoryBytes;
  }

  /** How many messages there are. */
  get count(): number {
    return this.#count;
  }

  /** Size of all messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a message that is on disk from before. */
  recovered({ size }: RecoveredMessage): void {
    this.#count++;
    this.#bytes += size;
  }

  /** A message; `undefined` when there is none of that number. */
  read(sequence: number): Message | undefined {
    return this.#held.get(sequence) ?? this.#table.read(sequence);
  }

  /** Lets go of what is in memory. */
  clear(): void {
    this.#held.clear();
  }

  /** Whether deliveries wait to be written down. */
  get hasMarks(): boolean {
    return this.#marks.size > 0;
  }

  /** Notes a delivery of a message that is on disk; `false` for one that is only in memory. */
  mark(sequence: number, deliveries: number): boolean {
    if (this.#held.isOnlyHere(sequence)) return false;
    this.#marks.set(sequence, deliveries);
    return true;
  }

  /** Writes deliveries down. */
  writeMarks(): void {
    for (const [sequence, times] of this.#marks) {
      this.#table.mark(sequence, times);
    }
  }

  /** Forgets deliveries: they are written, or cannot be. */
  clearMarks(): void {
    this.#marks.clear();
  }

  /** Writes what calls ask for, and returns what is to be done once that is committed. */
  plan(calls: readonly Call[]): Effect[] {
    const batch = { bytes: this.#bytes, heldBytes: this.#held.bytes };
    return calls.flatMap((call) => {
      const refusal = this.#refusal(call, batch.bytes);
      if (refusal !== undefined) return [() => call.reject(refusal)];
      return [...this.#change(call.changes, batch), call.resolve];
    });
  }

  /** Writes changes; what has to be done in memory once they are committed is returned. */
  #change(
    changes: readonly StoreChange[],
    batch: { bytes: number; heldBytes: number },
  ): Effect[] {
    return changes.map((change) => {
      if (change.kind === "remove") {
        const { sequence } = change;
        this.#marks.delete(sequence);
        const size = this.#held.isOnlyHere(sequence)
          ? undefined
          : this.#table.remove(sequence);
        return () => this.#forget(sequence, size);
      }
      const { sequence, durable, message } = change.stored;
      batch.bytes += message.size;
      const fits = batch.heldBytes + message.size <= this.#memoryBytes;
      if (fits) batch.heldBytes += message.size;
      const onDisk = durable || !fits;
      if (onDisk) this.#table.insert(change.stored);
      return () => {
        this.#count++;
        this.#bytes += message.size;
        if (fits) this.#held.add(sequence, { message, onDisk });
      };
    });
  }

  #forget(sequence: number, sizeOnDisk: number | undefined): void {
    const size = this.#held.remove(sequence) ?? sizeOnDisk;
    if (size === undefined) return;
    this.#count--;
    this.#bytes -= size;
  }

  /** Whether a call concerns nothing on disk. */
  isInMemory({ changes, bytes }: Pick<Call, "changes" | "bytes">): boolean {
    return this.#held.bytes + bytes <= this.#memoryBytes &&
      changes.every((change) =>
        change.kind === "append"
          ? !change.stored.durable
          : this.#held.isOnlyHere(change.sequence)
      );
  }

  /** Why there is no room for these changes, if so. */
  #refusal(call: Call, before: number): SsmError | undefined {
    const { changes, bytes } = call;
    if (bytes === 0) return undefined;
    if (before + bytes > this.#maxBytes) {
      const growth = bytes - this.#removed(changes);
      if (growth > 0 && before + growth > this.#maxBytes) {
        return overLimit(
          `Message store is full: ${before} of ${this.#maxBytes} bytes are in use`,
        );
      }
    }
    // What the reserve was given up for must stay possible: deleting.
    return this.isInMemory(call) || this.#reserve.held ? undefined : diskFull();
  }

  /** How many bytes these changes remove. */
  #removed(changes: readonly StoreChange[]): number {
    let bytes = 0;
    for (const change of changes) {
      if (change.kind !== "remove") continue;
      const { sequence } = change;
      bytes += this.#held.get(sequence)?.size ?? this.#table.size(sequence) ??
        0;
    }
    return bytes;
  }
}
