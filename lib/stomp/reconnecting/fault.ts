/**
 * Whose fault a failure is, and whether waiting could mend it.
 *
 * @module
 */
import { isSsmError, type SsmError } from "../../errors.ts";
import type { StompClient } from "../client/client.ts";
import { StompError } from "../frame/stomp_error.ts";

/**
 * Whether a request failed for good, so that another connection would not help:
 * the broker named its receipt in an ERROR, or the connection lives and did not
 * even take it (a header that cannot be written, a receipt id in use). A broker
 * that does not confirm in time counts as gone.
 */
export function isRefused(client: StompClient, error: unknown): boolean {
  if (error instanceof StompError && error.concernsRequest) return true;
  return client.open && !isSsmError(error, "TIMEOUT");
}

/** Whether the broker said something against whatever it was, and named no request. */
export function isUnspecificError(why: SsmError): boolean {
  return why instanceof StompError && !why.frame.headers.has("receipt-id");
}

/**
 * Whether a connection that could not be made may be made later: the broker was
 * not there, or went away. A wrong passcode or certificate does not mend itself.
 */
export function waitingMayHelp({ code }: SsmError): boolean {
  return code === "CONNECT" || code === "TIMEOUT" || code === "CONNECTION_LOST";
}
