/**
 * Whose fault a failed request is: its own, or the connection's.
 *
 * @module
 */
import { isSsmError } from "../../errors.ts";
import type { StompClient } from "../client/client.ts";
import { StompError } from "../frame/stomp_error.ts";

/**
 * Whether a request failed for good, so that another connection would not help:
 * the broker named its receipt in an ERROR, or the connection lives and did not
 * even take it (a header that cannot be written, a receipt id in use).
 */
export function isRefused(
  client: StompClient,
  receipt: string | undefined,
  error: unknown,
): boolean {
  if (error instanceof StompError) {
    const named = error.frame.headers.get("receipt-id");
    if (named !== undefined && named === receipt) return true;
  }
  return client.open && !isSsmError(error, "TIMEOUT");
}
