/**
 * A message between its SEND and its MESSAGE frame.
 *
 * @module
 */
import {
  type Frame,
  type FrameHeaders,
  makeFrame,
  type StompVersion,
} from "../../stomp/mod.ts";
import { readExpiry } from "./expiry.ts";
import { readFlag } from "./options.ts";

/** What a message costs besides its body and headers, in bytes; an estimate for limits. */
const OVERHEAD_BYTES = 512;

/**
 * Headers of a SEND frame that do not travel on: those that speak to the broker
 * alone, and those that only the broker may set.
 */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  "receipt",
  "transaction",
  "login",
  "passcode",
  "content-length",
  "destination",
  "message-id",
  "subscription",
  "ack",
  "browser",
  "redelivered",
  "delivery-count",
]);

/** A message the broker has taken in. Immutable: it may be delivered many times. */
export interface Message {
  /** Unique; the same at every delivery of this message. */
  readonly id: string;
  /** Where it was sent to, spelled out. */
  readonly destination: string;
  /** The sender's headers that are passed on. */
  readonly headers: FrameHeaders;
  /** Its content, as it was sent. */
  readonly body: Uint8Array;
  /** Memory it takes, in bytes, counting headers and bookkeeping. */
  readonly size: number;
  /** The sender asked that it survives a restart (`persistent:true`). */
  readonly persistent: boolean;
  /** When it is of no use any more, in milliseconds since 1970; absent if that is never. */
  readonly expires?: number;
}

/** Memory that a SEND frame, or the message made of it, takes, in bytes. */
export function memorySize(
  { headers, body }: Pick<Frame, "headers" | "body">,
): number {
  let size = OVERHEAD_BYTES + body.length;
  for (const [name, value] of headers) {
    // A string takes at most two bytes for each UTF-16 unit.
    size += 2 * (name.length + value.length);
  }
  return size;
}

/** What the broker decides about a message it takes in. */
export interface IntakeMarks {
  readonly id: string;
  readonly destination: string;
  /** Replaces the sender's `reply-to`. */
  readonly replyTo?: string | undefined;
  /** The time, in milliseconds since 1970. */
  readonly now: number;
}

/** Makes a message of a SEND frame. */
export function messageFromSend(frame: Frame, marks: IntakeMarks): Message {
  const headers = new Map<string, string>();
  for (const [name, value] of frame.headers) {
    if (!NOT_PASSED_ON.has(name)) headers.set(name, value);
  }
  if (marks.replyTo !== undefined) headers.set("reply-to", marks.replyTo);
  const expires = readExpiry(frame, marks.now);
  return {
    id: marks.id,
    destination: marks.destination,
    headers,
    body: frame.body,
    size: memorySize(frame),
    persistent: readFlag(frame, "persistent") === true,
    ...(expires !== undefined && { expires }),
  };
}

/** A message of the broker to itself: it is delivered to nobody. */
export function systemMessage(id: string, destination: string): Message {
  const headers = new Map<string, string>();
  const body = new Uint8Array();
  const size = memorySize({ headers, body });
  return { id, destination, headers, body, size, persistent: true };
}

/** Why and from where a message came to the queue of dead letters. */
export interface DeadLetter {
  /** Where it is kept from now on. */
  readonly destination: string;
  readonly reason: string;
}

/** The same message, as it is kept for somebody to look at: it does not expire. */
export function deadLetter(message: Message, letter: DeadLetter): Message {
  const { expires: _, ...rest } = message;
  const headers = new Map(message.headers);
  headers.delete("expires");
  headers.delete("expiration");
  headers.set("original-destination", message.destination);
  headers.set("dead-letter-reason", letter.reason);
  const { destination } = letter;
  const size = memorySize({ headers, body: message.body });
  return { ...rest, headers, destination, size };
}

/** How one delivery of a message is marked. */
export interface DeliveryMarks {
  readonly version: StompVersion;
  /** The id the client gave its subscription; none is possible in STOMP 1.0. */
  readonly subscription: string | undefined;
  /** The id by which this delivery is acknowledged; `undefined` where none is expected. */
  readonly ack: string | undefined;
  /** How many times this message has been delivered, this time included. */
  readonly deliveries: number;
}

/** Makes the MESSAGE frame of one delivery. */
export function messageFrame(message: Message, marks: DeliveryMarks): Frame {
  const headers = new Map<string, string>();
  headers.set("destination", message.destination);
  headers.set("message-id", message.id);
  if (marks.subscription !== undefined) {
    headers.set("subscription", marks.subscription);
  }
  if (marks.ack !== undefined && marks.version === "1.2") {
    headers.set("ack", marks.ack);
  }
  if (marks.deliveries > 1) {
    headers.set("redelivered", "true");
    headers.set("delivery-count", String(marks.deliveries));
  }
  for (const [name, value] of message.headers) {
    if (isExpressible(name, value, marks.version)) headers.set(name, value);
  }
  return { command: "MESSAGE", headers, body: message.body };
}

/** The MESSAGE frame that says, as with ActiveMQ, that a look through a queue has come to its end. */
export function browsedFrame(
  destination: string,
  subscription: string | undefined,
): Frame {
  return makeFrame("MESSAGE", {
    destination,
    // ActiveMQ's number of no message; a MESSAGE must have one.
    "message-id": "0",
    subscription,
    browser: "end",
  });
}

/**
 * Tells whether a header can be written in that version: STOMP 1.0 has no
 * escapes, and takes blanks around a name for none of it. What a newer client
 * put into a header must not make the message a poison for older ones: they get
 * it without that header.
 */
function isExpressible(
  name: string,
  value: string,
  version: StompVersion,
): boolean {
  return version !== "1.0" ||
    !(/^\s*$|[\n:]/.test(name) || value.includes("\n"));
}
