/**
 * How a durable subscription is named: to those who use it, in the store, and in
 * the log.
 *
 * In the store its messages have a queue of their own, and the subscription
 * itself is an empty message in another, whose name tells all there is to know
 * of it. So it is written, recovered and removed like any message.
 *
 * @module
 */
import type { Destination } from "../message/destination.ts";
import { quote, refusal } from "../message/refusal.ts";

/** Whose it is, and what its owner calls it. */
export interface DurableName {
  /** The name of the user, whose alone it is. */
  readonly owner: string;
  /** The `client-id` of the connection; absent where the name stands for itself. */
  readonly client?: string | undefined;
  readonly name: string;
}

/** Where the messages of subscriptions are, in the names of queues. */
const MESSAGES = "/subscriber/";
/** Where the subscriptions are themselves. */
const MARKS = "/subscription/";

/** Longest name, all parts together, as it is spelled: each message in the store has it. */
const MAX_KEY_LENGTH = 1024;

/** One spelling for each name. @throws {SsmError} `STOMP_PROTOCOL` for one that is too long */
export function durableKey({ owner, client, name }: DurableName): string {
  // A name that stands for itself is none that an empty client-id has.
  const parts = [owner, client === undefined ? "" : `=${client}`, name];
  const key = parts.map((part) => encodeURIComponent(part.toWellFormed()))
    .join("/");
  if (key.length <= MAX_KEY_LENGTH) return key;
  throw refusal(
    `Cannot use durable subscription ${quote(name)}: its name, with those of ` +
      `user and client, is longer than ${MAX_KEY_LENGTH} characters`,
  );
}

/** The queue of what waits for a subscription to that topic. */
export function durableQueue(key: string, topic: Destination): Destination {
  return { kind: "subscriber", path: `${MESSAGES}${key}${topic.path}` };
}

/** The queue in the store that says that there is such a subscription. */
export function durableMark(key: string, topic: Destination): string {
  return `${MARKS}${key}${topic.path}`;
}

/** Understands what {@linkcode durableMark} has made; `undefined` for all else. */
export function readDurableMark(
  path: string,
): { readonly key: string; readonly topic: Destination } | undefined {
  if (!path.startsWith(MARKS)) return undefined;
  const [owner, client, name, ...topic] = path.slice(MARKS.length).split("/");
  return {
    key: `${owner}/${client}/${name}`,
    topic: { kind: "topic", path: `/${topic.join("/")}` },
  };
}

/** Tells whether the messages of a subscription wait in a queue of the store. */
export function isDurableQueue(path: string): boolean {
  return path.startsWith(MESSAGES);
}

/** Makes it fit to be read by a human. */
export function describeDurable(key: string): string {
  const [owner = "", client = "", name = ""] = key.split("/")
    .map(decodeURIComponent);
  const of = client === "" ? "" : ` of client ${quote(client.slice(1))}`;
  return `durable subscription ${quote(name)}${of} of user ${quote(owner)}`;
}
