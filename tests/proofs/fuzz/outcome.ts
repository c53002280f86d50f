/**
 * What a reader made of an input: a value, or one of the errors it documents.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ErrorCode, isSsmError } from "../../../lib/errors.ts";

/** A value, or the code of an error. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly code: ErrorCode };

/** Runs `read`, which may fail with these codes and in no other way. */
export function outcome<T>(
  codes: readonly ErrorCode[],
  read: () => T,
): Outcome<T> {
  try {
    return { value: read() };
  } catch (error) {
    return { code: documented(error, codes) };
  }
}

/** The same for what takes time. */
export async function outcomeOf<T>(
  codes: readonly ErrorCode[],
  read: () => Promise<T>,
): Promise<Outcome<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    return { code: documented(error, codes) };
  }
}

/** The value, if there is one. */
export function valueOf<T>(outcome: Outcome<T>): T | undefined {
  return "value" in outcome ? outcome.value : undefined;
}

/** Every character that no log line or terminal may see. */
export const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

function documented(error: unknown, codes: readonly ErrorCode[]): ErrorCode {
  // Not an SsmError of another code either: callers decide by it.
  if (!isSsmError(error) || !codes.includes(error.code)) throw error;
  // What comes from the network must not fill the log; a file is one's own.
  const bounded = error.code === "CONFIG" || error.message.length < 10_000;
  assert.ok(bounded, "the message is long");
  return error.code;
}
