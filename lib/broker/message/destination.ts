/**
 * Names of the places messages go to.
 *
 * @module
 */
import { quote, refusal } from "./refusal.ts";

/** Longest accepted destination, in UTF-16 units. */
export const MAX_DESTINATION_LENGTH = 512;

/** Kinds that clients can name. */
const KINDS = ["queue", "topic", "temp-queue", "reply-queue"] as const;

/**
 * What a destination is.
 *
 * - `queue`: each message goes to one consumer and waits until there is one.
 * - `topic`: each message goes to everyone subscribed at that moment.
 * - `temp-queue`: a queue of the connection that names it, under that connection's own name.
 * - `reply-queue`: the name under which everyone else reaches such a queue.
 * - `subscriber`: what waits for one durable subscription; no client can name it.
 */
export type DestinationKind = typeof KINDS[number] | "subscriber";

/** A destination, understood. */
export interface Destination {
  readonly kind: DestinationKind;
  /** The full name, one spelling for each place: `/queue/x` also for the bare `x`. */
  readonly path: string;
}

/** The places that one header names, at least one. */
export type Destinations = readonly [Destination, ...Destination[]];

/**
 * Understands a `destination` header that names one place. A name without a
 * leading slash is a queue, as with ActiveMQ.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it names nothing this broker has.
 */
export function parseDestination(text: string): Destination {
  const [destination, ...more] = parseDestinations(text);
  if (more.length > 0) throw unusable(text, "one place only can stand here");
  return destination;
}

/**
 * Understands a `destination` header that may name several places between
 * commas, as with ActiveMQ: `/queue/a,/topic/b`. Each place counts once.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it names something this broker does
 *   not have.
 */
export function parseDestinations(text: string): Destinations {
  if (text.length > MAX_DESTINATION_LENGTH) {
    throw unusable(
      text,
      `it is longer than ${MAX_DESTINATION_LENGTH} characters`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw unusable(text, "it contains control characters");
  }
  if (/\?consumer\./.test(text)) {
    throw unusable(text, "options in its name are not supported");
  }
  const [first, ...more] = text.split(",");
  const places = [parsePlace(first!, text)];
  for (const name of more) {
    const place = parsePlace(name, text);
    if (!places.some(({ path }) => path === place.path)) places.push(place);
  }
  return places as [Destination, ...Destination[]];
}

function parsePlace(name: string, text: string): Destination {
  if (name !== name.trim()) {
    throw unusable(text, "a blank stands before or after a name");
  }
  if (name !== "" && !name.startsWith("/")) {
    return { kind: "queue", path: `/queue/${name}` };
  }
  for (const kind of KINDS) {
    const prefix = `/${kind}/`;
    if (name.startsWith(prefix) && name.length > prefix.length) {
      return { kind, path: name };
    }
  }
  throw unusable(
    text,
    "it is neither /queue/NAME, /topic/NAME, /temp-queue/NAME nor a bare queue name",
  );
}

function unusable(text: string, why: string) {
  return refusal(`Cannot use destination ${quote(text)}: ${why}`);
}

/** The levels of a name, which dots or slashes separate. */
export function levelsOf({ kind, path }: Destination): string[] {
  return path.slice(kind.length + 2).split(/[./]/);
}

/** Tells whether the name of a topic or queue has a wildcard, `*` or `>`, as a whole level. */
export function isPattern({ kind, path }: Destination): boolean {
  return (kind === "topic" || kind === "queue") &&
    /[./][*>](?:[./]|$)/.test(path);
}

/** Tells whether a pattern matches a name, both in levels. */
export function matches(
  pattern: readonly string[],
  name: readonly string[],
): boolean {
  for (const [index, level] of pattern.entries()) {
    // "a.>" is also "a" itself, as with ActiveMQ.
    if (level === ">") return true;
    if (index >= name.length) return false;
    if (level !== "*" && level !== name[index]) return false;
  }
  return pattern.length === name.length;
}
