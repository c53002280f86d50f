/**
 * Header escaping, which differs in every version of STOMP.
 *
 * | version | escapes |
 * |---|---|
 * | 1.0 | none: a line feed, or a colon in a name, cannot be expressed |
 * | 1.1 | `\n` `\c` `\\` |
 * | 1.2 | `\r` `\n` `\c` `\\` |
 *
 * CONNECT, STOMP and CONNECTED are never escaped, so that they can be read
 * before a version is agreed upon (STOMP 1.2, "Value Encoding").
 *
 * In 1.0, whose frames are usually written `name: value`, blanks around name and
 * value do not count when they are read; in 1.1 and 1.2 they belong to them.
 *
 * Output follows the specification to the letter. Input does too, with one
 * deviation: a bare colon in a value is taken as it is, because every broker
 * takes it and many clients send it. An escape that the version does not define
 * is an error. NUL is refused in headers of every version: the grammar of 1.1
 * would allow it, no implementation does.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { StompVersion } from "./frame.ts";

/** The rule by which the headers of one frame are written. */
export type HeaderRule = StompVersion | "connect";

const CODES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  ":": "\\c",
  "\n": "\\n",
  "\r": "\\r",
};

const CHARACTERS: Readonly<Record<string, string>> = {
  "\\": "\\",
  c: ":",
  n: "\n",
  r: "\r",
};

/** The rule for `command` once `version` is agreed upon. */
export function headerRule(command: string, version: StompVersion): HeaderRule {
  switch (command) {
    case "CONNECT":
    case "STOMP":
    case "CONNECTED":
      return "connect";
    default:
      return version;
  }
}

/**
 * Writes a header name or value.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when the rule has no way to express it.
 */
export function escapeHeader(
  text: string,
  part: "name" | "value",
  rule: HeaderRule,
): string {
  if (!text.isWellFormed()) throw inexpressible(part, "a lone surrogate", rule);
  // deno-lint-ignore no-control-regex
  if (!/[\\:\n\r\u0000]/.test(text)) return text;
  if (text.includes("\0")) throw inexpressible(part, "a NUL", rule);
  switch (rule) {
    case "1.2":
      return text.replace(/[\\:\n\r]/g, (char) => CODES[char]!);
    case "1.1":
      return text.replace(/[\\:\n]/g, (char) => CODES[char]!);
    case "1.0":
    case "connect":
      if (text.includes("\n")) throw inexpressible(part, "a line feed", rule);
      // A 1.2 peer takes a final CR of a CONNECT line as part of the line end.
      if (rule === "connect" && text.includes("\r")) {
        throw inexpressible(part, "a carriage return", rule);
      }
      if (part === "name" && text.includes(":")) {
        throw inexpressible(part, "a colon", rule);
      }
      return text;
  }
}

/**
 * Reads a header name or value.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` on an escape that the rule does not define.
 */
export function unescapeHeader(text: string, rule: HeaderRule): string {
  if (rule === "connect") return text;
  if (rule === "1.0") return withoutBlanks(text);
  if (rule === "1.2" && text.includes("\r")) {
    throw new SsmError(
      "STOMP_PROTOCOL",
      "Cannot read header: it contains a bare carriage return",
    );
  }
  if (!text.includes("\\")) return text;
  // One pass from left to right, so that `\\n` stays a backslash and an n.
  return text.replace(/\\(.?)/gsu, (escape, code: string) => {
    const char = CHARACTERS[code];
    if (char === undefined || (char === "\r" && rule === "1.1")) {
      throw new SsmError(
        "STOMP_PROTOCOL",
        `Cannot read header: STOMP ${rule} does not define the escape "${escape}"`,
      );
    }
    return char;
  });
}

/** By hand: a pattern would try the end of a long run of blanks from each of them. */
function withoutBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === " " || text[at] === "\t";
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

function inexpressible(
  part: "name" | "value",
  what: string,
  rule: HeaderRule,
): SsmError {
  const where = rule === "connect"
    ? "a CONNECT or CONNECTED frame"
    : `STOMP ${rule}`;
  return new SsmError(
    "STOMP_PROTOCOL",
    `Cannot write header: ${what} in a ${part} cannot be expressed in ${where}`,
  );
}
