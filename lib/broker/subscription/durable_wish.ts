/**
 * How SUBSCRIBE and UNSUBSCRIBE name a durable subscription.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import { readFlag } from "../message/options.ts";
import { refusal, required } from "../message/refusal.ts";
import type { DurableName } from "../routing/durable_name.ts";

/** The header that has the name, of ActiveMQ (an old misspelling too) and of Artemis (an old form too). */
const NAMES = [
  "activemq.subscriptionName",
  "activemq.subcriptionName",
  "durable-subscription-name",
  "durable-subscriber-name",
];

/** What a frame says of it. */
export interface DurableWish {
  readonly name: string;
  /** It belongs to the `client-id` of the connection, as with ActiveMQ; with RabbitMQ the name is enough. */
  readonly ofClient: boolean;
}

/**
 * The durable subscription that a frame names, if it does: ActiveMQ and Artemis
 * have a header for the name, with RabbitMQ `durable:true` (once `persistent`)
 * makes one of the `id`.
 *
 * @throws {SsmError} `STOMP_PROTOCOL`
 */
export function readDurableWish(frame: Frame): DurableWish | undefined {
  for (const header of NAMES) {
    if (!frame.headers.has(header)) continue;
    return { name: required(frame, header), ofClient: true };
  }
  if (readFlag(frame, "durable") ?? readFlag(frame, "persistent")) {
    return { name: required(frame, "id"), ofClient: false };
  }
  return undefined;
}

/** To whom the durable subscriptions of a connection belong. */
export interface DurableOwner {
  /** The name of the user. */
  readonly owner: string;
  /** The `client-id` that CONNECT gave, if it did. */
  readonly client: string | undefined;
}

/**
 * The full name.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when one is needed
 */
export function durableName(
  { name, ofClient }: DurableWish,
  { owner, client }: DurableOwner,
): DurableName {
  if (!ofClient) return { owner, name };
  if (client !== undefined && client !== "") return { owner, client, name };
  throw refusal(
    "Cannot use a durable subscription by its name: CONNECT had no client-id",
  );
}
