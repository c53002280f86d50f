/**
 * How the broker says no: the words of its ERROR frames.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { printable } from "../../log/mod.ts";
import {
  DEFAULT_LIMITS,
  encodeFrame,
  type Frame,
  makeFrame,
} from "../../stomp/mod.ts";

const utf8 = new TextEncoder();

/** Names of a peer longer than this are cut in what the broker says about them. */
const MAX_QUOTED = 200;

/** Longest id of a subscription, in UTF-16 units: it is in each of its messages. */
const MAX_ID_LENGTH = 1024;

/**
 * Why a client could not be given back the names that a frame gives, if so: the
 * header in which it gets them is longer than its own.
 */
export function nameRefusal(frame: Frame): SsmError | undefined {
  const { command, headers } = frame;
  if (!canBeNamed(headers.get("receipt"))) {
    return refusal(`Cannot process ${command}: its receipt is too long`);
  }
  if (command !== "SUBSCRIBE") return undefined;
  const { length } = headers.get("id") ?? "";
  return length <= MAX_ID_LENGTH ? undefined : refusal(
    `Cannot subscribe: the id has ${length} characters; ` +
      `${MAX_ID_LENGTH} is the most`,
  );
}

/** Whether a `receipt-id` with that receipt is a header that every client reads. */
function canBeNamed(receipt = ""): boolean {
  const { maxHeaderBytes } = DEFAULT_LIMITS;
  // Neither UTF-8 nor escapes make more of a unit, and most are far below.
  if (3 * receipt.length < maxHeaderBytes - "receipt-id:".length) return true;
  const frame = makeFrame("RECEIPT", { "receipt-id": receipt });
  const around = "RECEIPT\n\n\n\0".length;
  return encodeFrame(frame, "1.2").length - around <= maxHeaderBytes;
}

/** A name from the network, made safe to stand in a header, a log line, a terminal. */
export function quote(name: string): string {
  const text = name.length > MAX_QUOTED
    ? `${name.slice(0, MAX_QUOTED)}...`
    : name;
  return `"${printable(text)}"`;
}

/** The client broke a rule of the protocol or of this broker. */
export function refusal(text: string): SsmError {
  return new SsmError("STOMP_PROTOCOL", text);
}

/** The client wants more than it is allowed to have. */
export function overLimit(text: string): SsmError {
  return new SsmError("LIMIT", text);
}

/** The value of a header that the frame must have. @throws {SsmError} `STOMP_PROTOCOL`. */
export function required(frame: Frame, name: string): string {
  const value = frame.headers.get(name);
  if (value === undefined || value === "") {
    throw refusal(
      `Cannot process ${frame.command}: the header ${quote(name)} is missing`,
    );
  }
  return value;
}

/**
 * The ERROR frame that says so (STOMP 1.2, "ERROR"). The words are in the body
 * too, because some clients show only that.
 *
 * @param offending the frame that is refused; its receipt is named, unless that
 *   is too long
 * @param headers what else is to be said
 */
export function errorFrame(
  text: string,
  offending?: Frame,
  headers: Readonly<Record<string, string>> = {},
): Frame {
  // What the peer sent may be quoted in it, and ends on somebody's terminal.
  const words = printable(text);
  const receipt = offending?.headers.get("receipt");
  return makeFrame("ERROR", {
    message: words,
    "receipt-id": canBeNamed(receipt) ? receipt : undefined,
    ...headers,
    "content-type": "text/plain",
  }, utf8.encode(`${words}\n`));
}
