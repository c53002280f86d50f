/**
 * What a SUBSCRIBE frame asks for.
 *
 * @module
 */
import type { AckMode, Frame, StompVersion } from "../../stomp/mod.ts";
import {
  type Destination,
  parseDestination,
  topicLevels,
} from "../message/destination.ts";
import { quote, refusal, required } from "../message/refusal.ts";

/** Largest window a client can ask for, in messages. */
export const MAX_PREFETCH = 10_000;

/** A SUBSCRIBE frame, understood. */
export interface SubscribeRequest {
  readonly destination: Destination;
  /** Absent only in STOMP 1.0. */
  readonly id: string | undefined;
  readonly ack: AckMode;
  /** Messages that may be unacknowledged at once, if the client says so. */
  readonly prefetch?: number | undefined;
}

/**
 * Reads a SUBSCRIBE frame. What this broker cannot do is refused, rather than
 * left to be noticed by messages that never come.
 *
 * @throws {SsmError} `STOMP_PROTOCOL`
 */
export function readSubscribe(
  frame: Frame,
  version: StompVersion,
): SubscribeRequest {
  const destination = parseDestination(required(frame, "destination"));
  // STOMP 1.0 leaves the id to the client; later versions demand it.
  const id = version === "1.0"
    ? frame.headers.get("id")
    : required(frame, "id");
  if (frame.headers.has("selector")) {
    throw refusal("Cannot subscribe: selectors are not supported");
  }
  checkPattern(destination);
  if (destination.kind === "reply-queue") {
    throw refusal(
      `Cannot subscribe to ${quote(destination.path)}: ` +
        "it belongs to another connection",
    );
  }
  return {
    destination,
    id,
    ack: readAckMode(frame),
    prefetch: readPrefetch(frame),
  };
}

/** Refuses patterns of topics that would match nothing here. */
function checkPattern(destination: Destination): void {
  if (destination.kind !== "topic") return;
  const levels = topicLevels(destination);
  const name = quote(destination.path);
  if (levels.includes("#")) {
    throw refusal(
      `Cannot subscribe to ${name}: the wildcards here are * and >, not #`,
    );
  }
  if (levels.slice(0, -1).includes(">")) {
    throw refusal(`Cannot subscribe to ${name}: > must be the last level`);
  }
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
    const value = frame.headers.get(name);
    if (value === undefined) continue;
    if (!/^[0-9]{1,9}$/.test(value)) {
      throw refusal(
        `Cannot subscribe: ${name} is ${quote(value)}, not a whole number`,
      );
    }
    return Math.min(Number(value) || MAX_PREFETCH, MAX_PREFETCH);
  }
  return undefined;
}
