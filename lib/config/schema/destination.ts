/**
 * Names of queues and topics in a configuration.
 *
 * Many a broker makes whatever queue it is asked for: a name with a comment or
 * a quote in it would be confirmed, and nobody would ever read what is there.
 *
 * @module
 */
import type { Kind } from "./kinds.ts";

/** The beginnings that brokers understand: of STOMP itself, of RabbitMQ, of ActiveMQ. */
const PREFIXES = [
  "/queue/",
  "/topic/",
  "/exchange/",
  "/amq/queue/",
  "/reply-queue/",
  "/temp-queue/",
  "/temp-topic/",
];

/** RabbitMQ and Artemis have `#` as a wildcard: a whole level of a topic. */
const WILDCARD = /(?<=[./])#(?=\.|$)/g;

/** A queue or topic to receive from. */
export const destination: Kind<string> = {
  allowed:
    "the name of a queue or topic such as /queue/name, in ASCII without white space, quotes, #, ;, $, { and }",
  parse: (value) =>
    value === "" || wrongCharacter(value) !== undefined ? undefined : value,
  fault(value) {
    const wrong = wrongCharacter(value);
    return wrong === undefined
      ? undefined
      : `${wrong} is no part of such a name`;
  },
  remark(value) {
    if (PREFIXES.some((prefix) => value.startsWith(prefix))) return undefined;
    // A bare name is what some brokers call an address.
    if (!value.includes("/")) return undefined;
    return `"${value}" begins with neither /queue/ nor /topic/: a broker may take it for a name of its own, which nobody reads`;
  },
};

/** A queue to send to: SSM2 has no way to know whether anybody listens to a topic. */
export const outgoingDestination: Kind<string> = {
  ...destination,
  remark: (value) =>
    value.startsWith("/topic/")
      ? `"${value}" is a topic: a broker confirms messages to it that no receiver gets, use a queue`
      : destination.remark?.(value),
};

function wrongCharacter(value: string): string | undefined {
  const [found] = /[^\x21-\x7e]|["'`#;${}]/u
    .exec(value.replace(WILDCARD, "*")) ?? [];
  if (found === undefined) return undefined;
  if (/[\x21-\x7e]/.test(found)) return found;
  if (found === " ") return "a blank";
  const code = found.codePointAt(0)!.toString(16).toUpperCase();
  return `U+${code.padStart(4, "0")}`;
}
