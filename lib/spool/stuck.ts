/**
 * What an operator sees of a spool, and may do there while other programs work on it.
 *
 * @module
 */
import type { HeldElement } from "./spool.ts";

/** A message in reject, as far as a list tells of it. */
export interface RejectedEntry {
  /** Its name in the queue. */
  readonly id: string;
  /** When it was put there, in ms since 1970. */
  readonly since: number;
  /** When it came for the last time, in ms since 1970. */
  readonly last: number;
  /** How often its sender has transmitted it, as far as that is counted. */
  readonly count: number;
  /** Size of what is kept. */
  readonly bytes: number;
  /** Why it is there; the first line of what is written. */
  readonly reason: string;
  /** The DN of the signer, where it is known. */
  readonly signer: string | undefined;
  /** The sender's name for it, where it has one. */
  readonly senderId: string | undefined;
  /** Whether it is judged again by itself. */
  readonly waits: boolean;
  /** Since when another process has worked on it, in ms since 1970; `undefined` when none does. */
  readonly locked: number | undefined;
}

/** A claimed message of reject. Its fields are those of a dirq element, whatever the files are. */
export interface HeldRejected extends HeldElement {
  /** When it was put there, in ms since 1970. */
  readonly since: number;
  /**
   * Moves it to incoming as it is, without its reason, in such a way that it is in
   * one of both whenever the process is killed; the claim ends.
   *
   * @returns its name there
   */
  moveToIncoming(): Promise<string>;
}

/** The messages that were not accepted. */
export interface RejectedSpool {
  /**
   * All of them, in order, as of now.
   *
   * @throws {SsmError} `SPOOL` when the directory cannot be read.
   */
  entries(): AsyncIterable<RejectedEntry>;
  /** Their names in order, without a look into them. @throws {SsmError} as `entries` */
  ids(): Iterable<string>;
  /** One of them; `undefined` when there is none of that name. */
  entry(id: string): RejectedEntry | undefined;
  /** Its fields. @throws {SsmError} `SPOOL` when it is gone or cannot be read. */
  read(id: string): Promise<Record<string, Uint8Array>>;
  /** Claims one: `held` when another process has it, `gone` when it is not there. */
  lock(id: string): Promise<HeldRejected | "held" | "gone">;
}

/** A file that waits in outgoing. */
export interface WaitingEntry {
  /** Its name in the spool. */
  readonly id: string;
  /** Its size. */
  readonly bytes: number;
  /** When it was written, in ms since 1970, as far as that can be told. */
  readonly since: number;
  /** Since when it has been locked, in ms since 1970; `undefined` when it is not. */
  readonly locked: number | undefined;
}

/** The files in outgoing, which are neither locked nor changed by a look. */
export interface WaitingSpool {
  /**
   * All of them, as of now, in no order that matters.
   *
   * @throws {SsmError} `SPOOL` when the directory cannot be read.
   */
  entries(): AsyncIterable<WaitingEntry>;
  /** What lies there and is never sent, in words. @throws {SsmError} as `entries` */
  skipped(): Promise<string[]>;
  /** One of them; `undefined` when there is none of that name. */
  entry(id: string): Promise<WaitingEntry | undefined>;
  /** Its bytes, at most `limit` of them. */
  read(id: string, limit?: number): Promise<Uint8Array>;
  /**
   * Takes the lock of another process away, as it was seen.
   *
   * @returns `false` when it is not locked any more, or anew
   */
  unlock(entry: WaitingEntry): Promise<boolean>;
}
