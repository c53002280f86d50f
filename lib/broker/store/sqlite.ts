/**
 * A store that survives: messages that are to be kept are on disk before they
 * count as taken, in an SQLite database.
 *
 * Everything else lives in memory as long as there is room, and on disk, too,
 * when there is not: then a message costs memory only while it is on its way.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { CommitTimer } from "./commit_timer.ts";
import { type Call, type Effect, StoreContents } from "./contents.ts";
import { DiskReserve } from "./disk_reserve.ts";
import type { Message } from "../message/message.ts";
import { openMessageTable } from "./message_database.ts";
import type { MessageTable } from "./message_table.ts";
import { isFull, storeError } from "./sqlite_errors.ts";
import type { RecoveredMessage, Store, StoreChange } from "./store.ts";

/** Options of {@linkcode SqliteStore}. Sizes are in bytes. */
export interface SqliteStoreOptions {
  /** What all kept messages may take together. @default 10737418240 (10 GiB) */
  readonly maxBytes?: number | undefined;
  /**
   * What may be in memory; the rest is on disk only. Reading it back costs next
   * to nothing, keeping it in memory costs three times its size.
   * @default 16777216 (16 MiB)
   */
  readonly memoryBytes?: number | undefined;
  /**
   * Disk space that is set aside, to be able to delete when the disk is full.
   * Without it nothing new is taken. @default 8388608 (8 MiB)
   */
  readonly reserveBytes?: number | undefined;
  /** What puts off commits. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Several calls are committed at once, up to this many bytes, so that other work gets its turn. */
const MAX_COMMIT_BYTES = 8 << 20;

/**
 * How long an acknowledgement waits for a message to be written along with, in
 * milliseconds. A producer that waits for each receipt then pays for one sync a
 * message, not two.
 */
const REMOVALS_MS = 1;

/**
 * How long a delivery may wait to be written down, in milliseconds. Most are
 * acknowledged sooner, and then never have to be.
 */
const MARKS_MS = 100;

/** Keeps messages on disk and in memory. */
export class SqliteStore implements Store {
  readonly #table: MessageTable;
  readonly #reserve: DiskReserve;
  readonly #contents: StoreContents;
  #calls: Call[] = [];
  readonly #timer: CommitTimer;
  #closed = false;

  /**
   * Opens the store in a directory, which is made if need be and serves one
   * store at a time.
   *
   * @throws {RangeError} on a size that makes no sense
   * @throws {SsmError} `RUNNING` when another process uses it, `SPOOL` when it
   *   cannot be used.
   */
  static async open(
    directory: string,
    options: SqliteStoreOptions = {},
  ): Promise<SqliteStore> {
    const {
      maxBytes = 10 * 1024 ** 3,
      memoryBytes = 16 << 20,
      reserveBytes = 8 << 20,
      clock = systemClock,
    } = options;
    for (const bytes of [maxBytes, memoryBytes, reserveBytes]) {
      if (!(bytes > 0)) throw new RangeError("Sizes must be positive");
    }
    const table = await openMessageTable(directory);
    const reserve = new DiskReserve(`${directory}/reserve`, reserveBytes);
    return new SqliteStore(table, reserve, { maxBytes, memoryBytes, clock });
  }

  private constructor(
    table: MessageTable,
    reserve: DiskReserve,
    options: { maxBytes: number; memoryBytes: number; clock: Clock },
  ) {
    this.#table = table;
    this.#reserve = reserve;
    const { maxBytes, memoryBytes } = options;
    this.#contents = new StoreContents({
      table,
      reserve,
      maxBytes,
      memoryBytes,
    });
    this.#timer = new CommitTimer(options.clock, () => this.#commitWaiting());
    reserve.take();
  }

  /** How many messages are kept. */
  get count(): number {
    return this.#contents.count;
  }

  /** Their size in bytes. */
  get bytes(): number {
    return this.#contents.bytes;
  }

  /** What is on disk from before. @throws {SsmError} `SPOOL` when it cannot be read */
  async *recover(): AsyncIterable<RecoveredMessage> {
    try {
      this.#table.keepDurable();
      for (const kept of this.#table.list()) {
        this.#contents.recovered(kept);
        yield kept;
      }
    } catch (error) {
      throw storeError(error, "recover");
    }
  }

  /**
   * Settles when what is to survive is synced to the disk; nothing else waits for it.
   *
   * @throws {SsmError} `LIMIT` when there is no room, `SPOOL` when the disk does not
   *   take it, `ABORTED` when the store is closed
   */
  apply(changes: readonly StoreChange[]): Promise<void> {
    if (this.#closed) {
      return Promise.reject(
        new SsmError("ABORTED", "Cannot store messages: the store is closed"),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const call = { changes, bytes: added(changes), resolve, reject };
    // What is in memory alone waits for no disk, only for those before it.
    if (this.#calls.length === 0 && this.#contents.isInMemory(call)) {
      for (const effect of this.#contents.plan([call])) effect();
    } else {
      this.#calls.push(call);
      if (call.bytes > 0) this.#timer.soon();
      else this.#timer.within(REMOVALS_MS);
    }
    return promise;
  }

  /** Is written along with what comes next, and only when it is not acknowledged soon. */
  delivered(sequence: number, deliveries: number): void {
    if (this.#closed || !this.#contents.mark(sequence, deliveries)) return;
    this.#timer.within(MARKS_MS);
  }

  /** The content of a message. @throws {RangeError} when there is none of that number */
  read(sequence: number): Message {
    const message = this.#contents.read(sequence);
    if (message === undefined) {
      throw new RangeError(`No message ${sequence} in the store`);
    }
    return message;
  }

  /** Writes what waits, and closes the file. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return Promise.resolve();
    let waiting = true;
    while (waiting) waiting = this.#commitWaiting();
    this.#closed = true;
    this.#timer.stop();
    this.#contents.clear();
    this.#table.close();
    return Promise.resolve();
  }

  /** Commits what waits; tells whether calls still do. */
  #commitWaiting(): boolean {
    if (this.#calls.length > 0 || this.#contents.hasMarks) this.#commit();
    return this.#calls.length > 0;
  }

  /** Commits what waits, or as much of it as is good for one commit. */
  #commit(): void {
    let bytes = 0;
    const last = this.#calls.findIndex((call) =>
      (bytes += call.bytes) > MAX_COMMIT_BYTES
    );
    const calls = this.#calls.splice(0, last < 0 ? Infinity : last + 1);
    try {
      this.#write(calls);
    } catch (error) {
      if (isFull(error)) this.#makeRoom();
      // Marks are a help to consumers, and not worth a message.
      this.#contents.clearMarks();
      this.#commitEach(calls, { inOrder: isFull(error) });
    }
  }

  /**
   * Commits calls one by one. With `inOrder` no message is kept behind one that
   * was refused: its sender sends that one again, and it would come too late.
   */
  #commitEach(calls: readonly Call[], { inOrder }: { inOrder: boolean }): void {
    let refusal: SsmError | undefined;
    for (const call of calls) {
      if (inOrder && refusal !== undefined && call.bytes > 0) {
        call.reject(refusal);
        continue;
      }
      this.#commitAlone({
        ...call,
        reject: (error) => {
          refusal = error;
          call.reject(error);
        },
      });
    }
  }

  /** After some call of several failed: this one may be possible, or is told why it is not. */
  #commitAlone(call: Call): void {
    for (let again = true;; again = false) {
      try {
        return this.#write([call]);
      } catch (error) {
        if (isFull(error)) this.#makeRoom();
        if (isFull(error) && again) continue;
        return call.reject(storeError(error));
      }
    }
  }

  /** Makes all these changes at once, except those of calls that it refuses. */
  #write(calls: readonly Call[]): void {
    const adds = calls.some((call) =>
      call.bytes > 0 && !this.#contents.isInMemory(call)
    );
    if (adds && !this.#reserve.held) {
      this.#table.shrink();
      this.#reserve.take();
    }
    let effects: Effect[] = [];
    this.#table.transact(() => {
      effects = this.#contents.plan(calls);
      this.#contents.writeMarks();
    });
    this.#contents.clearMarks();
    for (const effect of effects) effect();
  }

  /** The disk is full: gives up the reserve, and what else is not needed. */
  #makeRoom(): void {
    this.#reserve.release();
    this.#table.shrink();
  }
}

function added(changes: readonly StoreChange[]): number {
  let bytes = 0;
  for (const change of changes) {
    if (change.kind === "append") bytes += change.stored.message.size;
  }
  return bytes;
}
