/**
 * How the raw client of a test uses one queue.
 *
 * @module
 */
import type { Frame, StompVersion } from "../../../lib/stomp/mod.ts";
import { type RawClient, text } from "../../kit/net/test_broker.ts";

/** The queue. */
export const QUEUE = "/queue/a";

/** Puts bodies 1 to `count` into the queue. */
export async function fill(client: RawClient, count: number): Promise<void> {
  for (let n = 1; n < count; n++) {
    client.send("SEND", { destination: QUEUE }, `${n}`);
  }
  await client.confirmed("SEND", { destination: QUEUE }, `${count}`);
}

/** Subscribes to the queue, with the id `s`. */
export function subscribe(
  client: RawClient,
  ack = "client-individual",
  headers: Record<string, string> = {},
): void {
  client.send("SUBSCRIBE", { destination: QUEUE, id: "s", ack, ...headers });
}

/** The headers by which each version acknowledges a message. */
export function ackHeaders(message: Frame, version: StompVersion) {
  const { headers } = message;
  if (version === "1.2") return { id: headers.get("ack") };
  const id = { "message-id": headers.get("message-id") };
  return version === "1.1" ? { ...id, subscription: "s" } : id;
}

/** The bodies of frames, as text. */
export const bodies = (frames: Frame[]) => frames.map(text);
