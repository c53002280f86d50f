/**
 * A message of AMS as it is kept: the JSON of its attributes, data and time.
 *
 * @module
 */
import type { Message } from "../message/message.ts";

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** What a message costs in memory besides its JSON, in bytes; an estimate for limits. */
const OVERHEAD_BYTES = 512;

/** A message as its publisher gives it. */
export interface Published {
  readonly attributes: Readonly<Record<string, string>>;
  /** Base64, or whatever else it says: nobody looks into it. */
  readonly data: string;
}

/** A message as it is kept. */
export interface AmsRecord extends Published {
  readonly publishTime: string;
}

/**
 * The size of a message as AMS counts it: its JSON with the id and the time,
 * indented by three.
 */
export function storedSize(
  { attributes, data }: Published,
  publishTime: string,
): number {
  // The id is not known yet and counts as the longest.
  const whole = { messageId: "9".repeat(19), attributes, data, publishTime };
  return utf8.encode(JSON.stringify(whole, null, 3)).length;
}

/** What is to be kept of a message. */
export function toMessage(
  published: Published,
  about: { topic: string; now: Date; retentionMs: number },
): Message {
  const { attributes, data } = published;
  const record: AmsRecord = {
    attributes,
    data,
    publishTime: about.now.toISOString(),
  };
  const body = utf8.encode(JSON.stringify(record));
  return {
    id: "",
    destination: about.topic,
    headers: new Map(),
    body,
    size: OVERHEAD_BYTES + body.length,
    persistent: true,
    expires: about.now.getTime() + about.retentionMs,
  };
}

/** A message that was kept. */
export function fromMessage({ body }: Message): AmsRecord {
  return JSON.parse(decoder.decode(body));
}
