/**
 * What a SUBSCRIBE frame asks for.
 *
 * @module
 */
import type { AckMode, Frame, StompVersion } from "../../stomp/mod.ts";
import {
  type Destination,
  type Destinations,
  isPattern,
  levelsOf,
} from "../message/destination.ts";
import {
  checkRouting,
  checkSubscribeOptions,
  readFlag,
  unsupported,
} from "../message/options.ts";
import { quote, refusal, required } from "../message/refusal.ts";
import { type DurableWish, readDurableWish } from "./durable_wish.ts";

/** Largest window a client can ask for, in messages. */
export const MAX_PREFETCH = 10_000;

/** What a client asks of a subscription, whatever it is to. */
export interface SubscriptionWish {
  /** Absent only in STOMP 1.0. */
  readonly id: string | undefined;
  readonly ack: AckMode;
  /** Messages that may be unacknowledged at once, if the client says so. */
  readonly prefetch?: number | undefined;
  /** Their bytes, if the client says so. */
  readonly prefetchBytes?: number | undefined;
  /** Nobody else is to get messages of its queues. */
  readonly exclusive?: boolean | undefined;
  /** It wants nothing that its own connection sends. */
  readonly noLocal?: boolean | undefined;
  /** It only looks at what waits. */
  readonly browse?: boolean | undefined;
}

/** A SUBSCRIBE frame, understood. */
export interface SubscribeRequest extends SubscriptionWish {
  readonly destinations: Destinations;
  /** What comes while it is away is to wait for it. */
  readonly durable?: DurableWish | undefined;
}

/**
 * Reads a SUBSCRIBE frame, whose destinations are understood already. What this
 * broker cannot do is refused, rather than left to be noticed by messages that
 * never come.
 *
 * @throws {SsmError} `STOMP_PROTOCOL`
 */
export function readSubscribe(
  frame: Frame,
  destinations: Destinations,
  version: StompVersion,
): SubscribeRequest {
  // STOMP 1.0 leaves the id to the client; later versions demand it.
  const id = version === "1.0"
    ? frame.headers.get("id")
    : required(frame, "id");
  checkSubscribeOptions(frame);
  for (const destination of destinations) {
    checkDestination(destination);
    checkRouting(frame, "subscription-type", destination);
  }
  const request: SubscribeRequest = {
    destinations,
    id,
    ack: readAckMode(frame),
    prefetch: readPrefetch(frame),
    prefetchBytes: readPrefetchBytes(frame),
    exclusive: readFlag(frame, "activemq.exclusive") ??
      readFlag(frame, "exclusive"),
    noLocal: readFlag(frame, "activemq.noLocal") ??
      readFlag(frame, "no-local"),
    browse: readFlag(frame, "browser"),
    durable: readDurable(frame, destinations),
  };
  checkTogether(request);
  return request;
}

function checkDestination(destination: Destination): void {
  const { kind, path } = destination;
  if (kind === "reply-queue") {
    throw refusal(
      `Cannot subscribe to ${quote(path)}: it belongs to another connection`,
    );
  }
  if (/^\/queue\/Consumer\.[^.]+\.VirtualTopic\./.test(path)) {
    throw unsupported("subscribe", "a virtual topic");
  }
  if (kind === "temp-queue") return;
  // Patterns that would match nothing here.
  const levels = levelsOf(destination);
  if (levels.includes("#")) {
    throw refusal(
      `Cannot subscribe to ${
        quote(path)
      }: the wildcards here are * and >, not #`,
    );
  }
  if (levels.slice(0, -1).includes(">")) {
    throw refusal(
      `Cannot subscribe to ${quote(path)}: > must be the last level`,
    );
  }
}

/** Refuses what each makes sense, but not together. */
function checkTogether(request: SubscribeRequest): void {
  const { destinations, noLocal, browse, durable } = request;
  const [first, ...others] = destinations;
  if (others.length > 0) {
    if (destinations.some(({ kind }) => kind === "temp-queue")) {
      throw unsupported("subscribe", "a temporary queue along with others");
    }
    if (browse || durable) {
      const what = browse ? "browser" : "a durable subscription";
      throw unsupported("subscribe", `${what} of several destinations`);
    }
  }
  if (noLocal && destinations.some(({ kind }) => kind !== "topic")) {
    throw unsupported("subscribe", "no-local on a queue");
  }
  if (durable && first.kind !== "topic") {
    throw unsupported("subscribe", "a durable subscription to a queue");
  }
  if (browse && (first.kind === "topic" || isPattern(first))) {
    throw unsupported("subscribe", "browser of anything but one queue");
  }
}

/** The durable subscription asked for; what RabbitMQ's headers ask of a queue is what queues are here, or refused. */
function readDurable(
  frame: Frame,
  destinations: readonly Destination[],
): DurableWish | undefined {
  const wish = readDurableWish(frame);
  const autoDelete = readFlag(frame, "auto-delete");
  const onTopic = destinations.some(({ kind }) => kind === "topic");
  if (autoDelete && (wish !== undefined || !onTopic)) {
    throw unsupported("subscribe", "auto-delete:true");
  }
  if (onTopic) {
    if (autoDelete === false && wish === undefined) {
      throw unsupported("subscribe", "auto-delete:false without durable:true");
    }
    return wish;
  }
  if (readFlag(frame, "durable") === false) {
    throw unsupported("subscribe", "durable:false");
  }
  return wish?.ofClient ? wish : undefined;
}

function readAckMode(frame: Frame): AckMode {
  const ack = frame.headers.get("ack") ?? "auto";
  if (ack === "auto" || ack === "client" || ack === "client-individual") {
    return ack;
  }
  throw refusal(
    `Cannot subscribe: ack is ${quote(ack)}, ` +
      "not auto, client or client-individual",
  );
}

/** The window asked for by ActiveMQ's or RabbitMQ's header; 0 asks for the largest. */
function readPrefetch(frame: Frame): number | undefined {
  for (const name of ["activemq.prefetchSize", "prefetch-count"]) {
    const value = readNumber(frame, name);
    if (value !== undefined) {
      return Math.min(value || MAX_PREFETCH, MAX_PREFETCH);
    }
  }
  return undefined;
}

/** The window asked for by Artemis' header, in bytes; -1 asks for the largest, 0 for single messages. */
function readPrefetchBytes(frame: Frame): number | undefined {
  const name = "consumer-window-size";
  if (frame.headers.get(name) === "-1") return undefined;
  const value = readNumber(frame, name);
  return value === undefined ? undefined : Math.max(value, 1);
}

function readNumber(frame: Frame, name: string): number | undefined {
  const value = frame.headers.get(name);
  if (value === undefined) return undefined;
  if (/^[0-9]{1,9}$/.test(value)) return Number(value);
  throw refusal(
    `Cannot subscribe: ${name} is ${quote(value)}, not a whole number`,
  );
}
