/**
 * What SQLite's errors mean to a store.
 *
 * @module
 */
import { reason, SsmError } from "../../errors.ts";
import { overLimit } from "../message/refusal.ts";

/** SQLite's result codes that mean something to us. */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** Tells whether the disk is full. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === SQLITE_FULL;
}

/** Tells whether another process has the database. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === SQLITE_BUSY;
}

/** The error that a caller of the store gets. */
export function storeError(error: unknown, action = "store"): SsmError {
  if (isFull(error)) return diskFull();
  return new SsmError("SPOOL", `Cannot ${action} messages: ${reason(error)}`, {
    cause: error,
  });
}

/** What a store says that has no room on the disk. */
export function diskFull(): SsmError {
  return overLimit("Cannot store messages: the disk is full");
}

/** SQLite's result code, without the details in its upper bits. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
