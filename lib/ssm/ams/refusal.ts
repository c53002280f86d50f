/**
 * What a failed call means for what comes next.
 *
 * @module
 */
import { AmsError, type AmsErrorKind } from "../../ams/mod.ts";
import type { ErrorCode, SsmError } from "../../errors.ts";

/** Where an administrator must do something first. */
const REFUSALS: ReadonlySet<AmsErrorKind> = new Set([
  "unauthorized",
  "unregistered",
  "forbidden",
  "not found",
  "conflict",
  "redirected",
]);

/** Whether the service refuses this client, or what it asks for, whatever the message. */
export function isRefusal(error: unknown): error is AmsError {
  return error instanceof AmsError && REFUSALS.has(error.kind);
}

/** Failures on the way, which may be over soon. */
const PASSING: readonly ErrorCode[] = ["CONNECT", "TIMEOUT", "CONNECTION_LOST"];

/** Whether the same call may succeed after a while, though nobody does anything. */
export function waitingMayHelp(error: SsmError): boolean {
  return error instanceof AmsError
    ? !REFUSALS.has(error.kind)
    : PASSING.includes(error.code);
}

/** How long the service asks to be left alone, in ms. */
export function retryAfterMs(error: SsmError): number {
  return error instanceof AmsError ? error.retryAfterMs ?? 0 : 0;
}
