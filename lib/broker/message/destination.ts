/**
 * Names of the places messages go to.
 *
 * @module
 */
import { quote, refusal } from "./refusal.ts";

/** Longest accepted destination, in UTF-16 units. */
export const MAX_DESTINATION_LENGTH = 512;

/**
 * What a destination is.
 *
 * - `queue`: each message goes to one consumer and waits until there is one.
 * - `topic`: each message goes to everyone subscribed at that moment.
 * - `temp-queue`: a queue of the connection that names it, under that connection's own name.
 * - `reply-queue`: the name under which everyone else reaches such a queue.
 */
export type DestinationKind = "queue" | "topic" | "temp-queue" | "reply-queue";

/** A destination, understood. */
export interface Destination {
  readonly kind: DestinationKind;
  /** The full name, one spelling for each place: `/queue/x` also for the bare `x`. */
  readonly path: string;
}

const KINDS: readonly DestinationKind[] = [
  "queue",
  "topic",
  "temp-queue",
  "reply-queue",
];

/**
 * Understands a `destination` header. A name without a leading slash is a
 * queue, as with ActiveMQ.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it names nothing this broker has.
 */
export function parseDestination(text: string): Destination {
  if (text.length > MAX_DESTINATION_LENGTH) {
    throw refusal(
      `Cannot use destination ${quote(text)}: it is longer than ` +
        `${MAX_DESTINATION_LENGTH} characters`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw refusal(
      `Cannot use destination ${quote(text)}: it contains control characters`,
    );
  }
  if (text !== text.trim()) {
    throw refusal(
      `Cannot use destination ${
        quote(text)
      }: a blank stands before or after it`,
    );
  }
  if (text !== "" && !text.startsWith("/")) {
    return { kind: "queue", path: `/queue/${text}` };
  }
  for (const kind of KINDS) {
    const prefix = `/${kind}/`;
    if (text.startsWith(prefix) && text.length > prefix.length) {
      return { kind, path: text };
    }
  }
  throw refusal(
    `Cannot use destination ${quote(text)}: ` +
      "it is neither /queue/NAME, /topic/NAME, /temp-queue/NAME nor a bare queue name",
  );
}

/** The levels of a topic's name, which dots or slashes separate. */
export function topicLevels({ path }: Destination): string[] {
  return path.slice("/topic/".length).split(/[./]/);
}

/** Tells whether a topic name has a wildcard, `*` or `>`, as a whole level. */
export function isPattern(destination: Destination): boolean {
  return destination.kind === "topic" &&
    topicLevels(destination).some((level) => level === "*" || level === ">");
}
