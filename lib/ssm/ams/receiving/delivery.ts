/**
 * A pulled message, as the receiver takes it.
 *
 * @module
 */
import type { PulledMessage } from "../../../ams/mod.ts";
import type { Delivery } from "../../carrier.ts";
import { MOST_SHOWN } from "../service.ts";

/** What is told when a message has found its place, or has not. */
export interface DeliveryEnd {
  saved(): void;
  abandoned(): void;
}

/** How the original names a message without an id. */
const NAMELESS = "N/A";

/**
 * The delivery of a message.
 *
 * It is confirmed at once, since the service is told of many together. A message with
 * an `empaid` is known again by that and its content, wherever it stands: a sender
 * that did not hear of the first may have published it twice. Without one, two equal
 * messages may be meant: they are told apart by where they stand, and by their time,
 * because a topic that is made anew begins with the same offsets.
 */
export function deliveryOf(
  { messageId, ackId, publishTime, attributes, data }: PulledMessage,
  subscription: string,
  { saved, abandoned }: DeliveryEnd,
): Delivery {
  const empaid = attributes.get("empaid") || undefined;
  const id = (empaid ?? NAMELESS).slice(0, MOST_SHOWN);
  const place = messageId || ackId;
  return {
    id,
    label: `${id}, Argo ID = ${place.slice(0, MOST_SHOWN)}`,
    key: empaid ??
      `subscription ${subscription} offset ${place} of ${publishTime ?? ""}`,
    ...("bytes" in data
      ? { body: data.bytes }
      : { body: data.raw, broken: data.broken }),
    ack: () => {
      saved();
      return Promise.resolve();
    },
    abandon: abandoned,
  };
}
