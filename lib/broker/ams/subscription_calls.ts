/**
 * The calls of consumers.
 *
 * @module
 */
import type { HttpServerAnswer } from "../../net/mod.ts";
import type { SubscriptionOfTopic } from "../ams_topics/catalogue.ts";
import {
  integerOf,
  listOf,
  type Members,
  readMembers,
  textOf,
} from "./go_json.ts";
import { fromMessage } from "../ams_topics/record.ts";
import { json, NOTHING, refuse } from "./refusal.ts";
import { zulu } from "./topic_calls.ts";

/** Largest number that a server in Go reads: what is more is none. */
const MAX_INT64 = 2n ** 63n - 1n;

/** The most seconds that the deadline of a subscription can be. */
const MAX_ACK_DEADLINE_SECONDS = 600;

/** What handing out depends on. */
export interface PullRules {
  /** What the messages of one answer may take; one is always handed out. */
  readonly maxPullBytes: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/**
 * Hands out messages. With `returnImmediately` it says "false" what AMS would hold
 * up, with the whole topic, until there are as many as are asked for; here every
 * pull is answered at once.
 */
export function pull(
  { topic, subscription }: SubscriptionOfTopic,
  body: Uint8Array,
  { maxPullBytes, now }: PullRules,
): HttpServerAnswer {
  const max = readMaximum(body);
  if (max === undefined) throw refuse.body("Pull Parameters");
  const { min } = topic.bounds;
  if (subscription.offset < min) subscription.moveTo(min);
  const first = subscription.offset;
  const { project } = topic;
  const receivedMessages = [];
  let bytes = 0;
  for (let offset = first; offset < topic.bounds.max; offset++) {
    if (receivedMessages.length >= max) break;
    const message = topic.read(offset);
    bytes += message.size;
    if (bytes > maxPullBytes && offset > first) break;
    const { attributes, data, publishTime } = fromMessage(message);
    const hasAttributes = Object.keys(attributes).length > 0;
    receivedMessages.push({
      ackId: `projects/${project}/subscriptions/${subscription.name}:${offset}`,
      message: {
        messageId: String(offset),
        ...(hasAttributes && { attributes }),
        data,
        publishTime,
      },
    });
  }
  subscription.handedOut(receivedMessages.length, now());
  return json({ receivedMessages });
}

/** How many messages are asked for; `undefined` when the body is malformed. */
function readMaximum(body: Uint8Array): number | undefined {
  const members = read(body);
  if (members === undefined) return undefined;
  try {
    textOf(members.get("returnimmediately"));
    const text = textOf(members.get("maxmessages")) ?? "";
    // What is no number of messages means one.
    if (!/^\+?\d{1,19}$/.test(text) || BigInt(text) > MAX_INT64) return 1;
    return Math.max(1, Number(text));
  } catch {
    return undefined;
  }
}

/** Acknowledges all up to the highest id. */
export async function acknowledge(
  { topic, subscription }: SubscriptionOfTopic,
  body: Uint8Array,
  now: number,
): Promise<HttpServerAnswer> {
  const ids = readAckIds(body);
  if (ids === undefined) throw refuse.data("Invalid ack parameter");
  const start = `projects/${topic.project}/subscriptions/${subscription.name}:`;
  const offsets = ids.map((id) =>
    id.startsWith(start) ? readOffset(id.slice(start.length)) : undefined
  );
  if (offsets.length === 0 || offsets.includes(undefined)) {
    throw refuse.data("Invalid ack id");
  }
  const highest = offsets.reduce<number>(
    (most, offset) => Math.max(most, offset!),
    -Infinity,
  );
  const wrong = subscription.acknowledge(highest, now);
  if (wrong === "ack timeout") throw refuse.late(wrong);
  if (wrong !== undefined) throw refuse.internal(wrong);
  await topic.save();
  return { ...NOTHING, body: "{}" };
}

function readAckIds(body: Uint8Array): string[] | undefined {
  const members = read(body);
  if (members === undefined) return undefined;
  try {
    return (listOf(members.get("ackids")) ?? []).map((id) => textOf(id) ?? "");
  } catch {
    return undefined;
  }
}

/** The number at the end of an id. */
function readOffset(text: string): number | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  return Number(text);
}

/** Gives all consumers of a subscription more or less time to acknowledge. */
export async function modifyAckDeadline(
  { topic, subscription }: SubscriptionOfTopic,
  body: Uint8Array,
): Promise<HttpServerAnswer> {
  const seconds = readInteger(body, "ackdeadlineseconds");
  if (
    seconds === undefined || seconds < 0 || seconds > MAX_ACK_DEADLINE_SECONDS
  ) {
    throw refuse.body("ackDeadlineSeconds(needs value between 0 and 600)");
  }
  subscription.ackDeadlineSeconds = seconds;
  await topic.save();
  return NOTHING;
}

/** Goes to another message. AMS goes to one that is not there, too; this does not. */
export async function modifyOffset(
  { topic, subscription }: SubscriptionOfTopic,
  body: Uint8Array,
): Promise<HttpServerAnswer> {
  const offset = readInteger(body, "offset");
  if (offset === undefined) throw refuse.body("Offset");
  const { min, max } = topic.bounds;
  if (offset < min || offset > max) {
    throw refuse.data("Offset out of bounds");
  }
  subscription.moveTo(offset);
  await topic.save();
  return NOTHING;
}

/** A member that is a number, and 0 if it is not there; `undefined` when the body is malformed. */
function readInteger(body: Uint8Array, name: string): number | undefined {
  const members = read(body);
  if (members === undefined) return undefined;
  try {
    return integerOf(members.get(name)) ?? 0;
  } catch {
    return undefined;
  }
}

function read(body: Uint8Array): Members | undefined {
  try {
    return readMembers(body);
  } catch {
    return undefined;
  }
}

/** Where a subscription stands, and where it could. */
export function offsets(
  { topic, subscription }: SubscriptionOfTopic,
): HttpServerAnswer {
  const { max, min } = topic.bounds;
  if (subscription.offset < min) subscription.moveTo(min);
  return json({ max, min, current: subscription.offset });
}

/** The first message that was published then or later. */
export function timeToOffset(
  { topic }: SubscriptionOfTopic,
  time: string,
): HttpServerAnswer {
  const wanted = Date.parse(time);
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ||
    Number.isNaN(wanted)
  ) throw refuse.data("Time is not in valid Zulu format.");
  const { min, max } = topic.bounds;
  // Times of publishing go up with the offsets.
  let [low, high] = [min, max];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { publishTime } = fromMessage(topic.read(middle));
    if (Date.parse(publishTime) < wanted) low = middle + 1;
    else high = middle;
  }
  if (low === max) {
    throw refuse.conflict(
      "Timestamp is out of bounds for the subscription's topic/partition",
    );
  }
  return json({ offset: low });
}

/** A subscription as AMS shows it. It pushes nothing. */
export function shownSubscription(
  { topic, subscription }: SubscriptionOfTopic,
) {
  const { name, ackDeadlineSeconds, created } = subscription;
  return {
    name: `/projects/${topic.project}/subscriptions/${name}`,
    topic: topic.fullName,
    pushConfig: {
      type: "",
      pushEndpoint: "",
      maxMessages: 0,
      authorizationHeader: {},
      retryPolicy: {},
      verificationHash: "",
      verified: false,
      mattermostUrl: "",
      mattermostUsername: "",
      mattermostChannel: "",
      base64Decode: false,
    },
    ackDeadlineSeconds,
    createdOn: zulu(created),
  };
}
