/**
 * Headers by which clients ask a broker for something, beyond the protocol: of
 * ActiveMQ, Artemis and RabbitMQ, which call the same thing by several names.
 *
 * Whatever would change what becomes of a message, and is not done here, is
 * refused by its name rather than confirmed and left undone.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { Frame } from "../../stomp/mod.ts";
import type { Destination } from "./destination.ts";
import { quote, refusal } from "./refusal.ts";

/** Properties of a queue that RabbitMQ takes from SUBSCRIBE and SEND. */
const QUEUE_ARGUMENTS = [
  "x-dead-letter-exchange",
  "x-dead-letter-routing-key",
  "x-dead-letter-strategy",
  "x-expires",
  "x-max-age",
  "x-max-length",
  "x-max-length-bytes",
  "x-max-priority",
  "x-message-ttl",
  "x-overflow",
  "x-priority",
  "x-queue-mode",
  "x-queue-name",
  "x-queue-type",
  "x-single-active-consumer",
  "x-stream-filter",
  "x-stream-filter-value",
  "x-stream-match-unfiltered",
  "x-stream-max-segment-size-bytes",
  "x-stream-offset",
];

/** What is refused in SUBSCRIBE: selection and conversion of messages, and the like. */
const NOT_IN_SUBSCRIBE: ReadonlySet<string> = new Set([
  "selector",
  "transformation",
  "activemq.maximumPendingMessageLimit",
  "activemq.priority",
  "activemq.retroactive",
  ...QUEUE_ARGUMENTS,
]);

/** What is refused in SEND: delays, message groups, duplicate detection, conversion, and the like. */
const NOT_IN_SEND: ReadonlySet<string> = new Set([
  "JMSXGroupID",
  "JMSXGroupSeq",
  "_AMQ_DUPL_ID",
  "_AMQ_GROUP_ID",
  "_AMQ_LVQ_NAME",
  "_AMQ_SCHED_DELIVERY",
  "transformation",
  "ttl",
  "x-delay",
  ...QUEUE_ARGUMENTS,
]);

/** ActiveMQ's options of a subscription that are done, or do not matter here. */
const OF_ACTIVEMQ: ReadonlySet<string> = new Set([
  "activemq.dispatchAsync",
  "activemq.exclusive",
  "activemq.noLocal",
  "activemq.prefetchSize",
  "activemq.subcriptionName",
  "activemq.subscriptionName",
]);

/** Refuses a SUBSCRIBE that asks for what is not done here. @throws {SsmError} `STOMP_PROTOCOL` */
export function checkSubscribeOptions({ headers }: Frame): void {
  for (const [name, value] of headers) {
    const unknown = name.startsWith("activemq.") && !OF_ACTIVEMQ.has(name);
    if (!unknown && !NOT_IN_SUBSCRIBE.has(name)) continue;
    if (!isOff(name, value)) throw unsupported("subscribe", name);
  }
}

/** Refuses a SEND that asks for what is not done here. @throws {SsmError} `STOMP_PROTOCOL` */
export function checkSendOptions({ headers }: Frame): void {
  for (const [name, value] of headers) {
    if (!NOT_IN_SEND.has(name) && !name.startsWith("AMQ_SCHEDULED_")) continue;
    if (!isOff(name, value)) throw unsupported("send", name);
  }
  for (const name of ["auto-delete", "exclusive"]) {
    if (headers.get(name) === "true") throw unsupported("send", `${name}:true`);
  }
  if (headers.get("durable") === "false") {
    throw unsupported("send", "durable:false");
  }
}

/**
 * Holds a destination against Artemis' header that says what it is to be.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it is something else here
 */
export function checkRouting(
  frame: Frame,
  name: "destination-type" | "subscription-type",
  { kind, path }: Destination,
): void {
  const value = frame.headers.get(name);
  if (value === undefined) return;
  const routing = kind === "topic" ? "MULTICAST" : "ANYCAST";
  if (value.toUpperCase() === routing) return;
  throw refusal(
    `Cannot process ${frame.command}: ${name} is ${quote(value)}, ` +
      `but ${quote(path)} is ${routing}`,
  );
}

/** A header that is true or false, if it is there. @throws {SsmError} `STOMP_PROTOCOL` for anything else */
export function readFlag(frame: Frame, name: string): boolean | undefined {
  const value = frame.headers.get(name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (value === "true" || value === "false") return value === "true";
  throw refusal(
    `Cannot process ${frame.command}: ${name} is ${quote(value)}, ` +
      "not true or false",
  );
}

/** What is said of something that this broker does not do. */
export function unsupported(action: string, what: string): SsmError {
  return refusal(`Cannot ${action}: ${what} is not supported`);
}

/** Tells whether a client only says that it does not want it. */
function isOff(name: string, value: string): boolean {
  if (value === "") return true;
  if (value === "false") {
    return /^(activemq\.|x-single|x-stream-match)/.test(name);
  }
  return value === "0" &&
    /^(AMQ_SCHEDULED_|activemq\.priority$|ttl$)/.test(name);
}
