/**
 * A message as a pull hands it out, whatever it looks like.
 *
 * @module
 */
import { count, field, isRecord, textField } from "../call/json.ts";

/** One pulled message. */
export interface PulledMessage {
  /**
   * Its place in the subscription, by which a second delivery is recognised;
   * `undefined` when its `ackId` does not end with one.
   */
  readonly offset: bigint | undefined;
  /** What acknowledges it, and all before it; empty when it has none. */
  readonly ackId: string;
  /** The service's name for it; empty when it has none. */
  readonly messageId: string;
  /** Names and values; what is no text is given as JSON. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The data, or why there are none, with the bytes that stood in their place. */
  readonly data:
    | { readonly bytes: Uint8Array }
    | { readonly broken: string; readonly raw: Uint8Array };
  /** When it was published, as the service writes it. */
  readonly publishTime: string | undefined;
}

/** Reads one element of `receivedMessages`; it may be anything. */
export function readPulledMessage(value: unknown): PulledMessage {
  const ackId = textField(value, "ackId") ?? "";
  const message = field(value, "message");
  return {
    offset: offsetOf(ackId),
    ackId,
    messageId: asText(field(message, "messageId")),
    attributes: readAttributes(field(message, "attributes")),
    data: isRecord(message)
      ? readData(field(message, "data"))
      : { broken: "no message", raw: encode(asText(message ?? value)) },
    publishTime: textField(message, "publishTime"),
  };
}

/** The number at the end of `projects/P/subscriptions/S:42`. */
function offsetOf(ackId: string): bigint | undefined {
  return count(ackId.slice(ackId.lastIndexOf(":") + 1));
}

/** An object; a list of objects is taken as one object. */
function readAttributes(value: unknown): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const part of Array.isArray(value) ? value : [value]) {
    if (!isRecord(part)) continue;
    for (const [name, text] of Object.entries(part)) {
      if (text !== null) attributes.set(name, asText(text));
    }
  }
  return attributes;
}

function readData(value: unknown): PulledMessage["data"] {
  if (value === undefined) {
    return { broken: "no data", raw: new Uint8Array(0) };
  }
  if (typeof value !== "string") {
    return { broken: "data that is no text", raw: encode(asText(value)) };
  }
  try {
    return { bytes: Uint8Array.fromBase64(value) };
  } catch {
    return { broken: "broken base64", raw: encode(value) };
  }
}

function asText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
