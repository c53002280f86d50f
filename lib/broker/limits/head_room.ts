/**
 * Room for what the broker adds to the headers of a message.
 *
 * A message must not be a poison for those who receive it: what is accepted of a
 * sender has to be within the limits of a client once the broker has added
 * headers of its own, and once it is written by the rules of another version of
 * STOMP, whose escapes make it longer.
 *
 * @module
 */
import { DEFAULT_LIMITS, encodeFrame, type Frame } from "../../stomp/mod.ts";
import { refusal } from "../message/refusal.ts";
import type { BrokerLimits } from "./limits.ts";

/** More than there can be: message-id, subscription, ack, redelivered, delivery-count, content-length, and those of a dead letter. */
const ADDED_HEADERS = 16;
/** What those can take: two destinations, the client's name of its subscription, and numbers. */
const ADDED_BYTES = 8 << 10;

const LF = 0x0a;
const NO_BODY = new Uint8Array(0);

/**
 * Looks whether a SEND frame leaves room. Clients of this broker are taken to
 * read as much as the broker itself does, and not less than a client does by
 * default.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` if not
 */
export function checkHeadRoom(
  { headers }: Frame,
  limits: BrokerLimits["frames"],
): void {
  const readable = (name: keyof typeof limits) =>
    Math.max(limits[name], DEFAULT_LIMITS[name]);
  const maxHeaders = readable("maxHeaders") - ADDED_HEADERS;
  if (headers.size > maxHeaders) {
    throw refusal(
      `Cannot send: ${headers.size} headers leave no room for those that the ` +
        `broker adds; ${maxHeaders} is the most`,
    );
  }
  const maxHeaderBytes = readable("maxHeaderBytes");
  const maxHeadBytes = readable("maxHeadBytes") - ADDED_BYTES;
  let units = 0;
  for (const [name, value] of headers) units += name.length + value.length + 2;
  // Neither UTF-8 nor escapes make more of them, and most messages are far below.
  if (3 * units <= Math.min(maxHeaderBytes, maxHeadBytes)) return;
  const frame = { command: "MESSAGE", headers, body: NO_BODY };
  const head = encodeFrame(frame, "1.2");
  if (head.length > maxHeadBytes) {
    throw refusal(
      `Cannot send: ${head.length} bytes of headers leave no room for those ` +
        `that the broker adds; ${maxHeadBytes} is the most`,
    );
  }
  if (longestLine(head) > maxHeaderBytes) {
    throw refusal(
      "Cannot send: a header is longer than " +
        `${maxHeaderBytes} bytes in STOMP 1.2, which escapes it`,
    );
  }
}

function longestLine(head: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = 0; (end = head.indexOf(LF, start)) >= 0; start = end + 1) {
    longest = Math.max(longest, end - start);
  }
  return longest;
}
