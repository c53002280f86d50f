/**
 * The beginning of a message: its headers, and a few lines.
 *
 * @module
 */
import { harmless } from "../command/terminal.ts";

/** What is looked at. */
const HEAD_BYTES = 16 << 10;

/** Lines that are shown, and characters of each. */
const LINES = 10;
const COLUMNS = 200;

/** The header block of a message, and the first lines of what is in it. */
export interface MessageHead {
  readonly headers: readonly string[];
  readonly lines: readonly string[];
  /** Whether there is more. */
  readonly more: boolean;
}

/**
 * Looks at a message.
 *
 * @param payload what was signed, where it is known: its lines say more than the message's
 */
export function messageHead(
  message: Uint8Array,
  payload?: Uint8Array,
): MessageHead {
  const { headers, rest } = splitHeaders(message);
  const content = payload ?? rest;
  const all = harmless(content.subarray(0, HEAD_BYTES)).split("\n");
  const isWhole = content.length <= HEAD_BYTES && all.length <= LINES &&
    all.every((line) => line.length <= COLUMNS);
  const lines = all.slice(0, LINES).map((line) => line.slice(0, COLUMNS));
  while (lines.at(-1) === "") lines.pop();
  return { headers, lines, more: !isWhole };
}

/** The lines before the first empty one, if they look like headers. */
function splitHeaders(message: Uint8Array) {
  const text = new TextDecoder("latin1").decode(
    message.subarray(0, HEAD_BYTES),
  );
  const end = /\r?\n\r?\n/.exec(text);
  const block = end ? text.slice(0, end.index) : "";
  if (!/^[\x21-\x39\x3b-\x7e]+:/.test(block)) {
    return { headers: [], rest: message };
  }
  const headers = block.split(/\r?\n/).map((line) => line.slice(0, COLUMNS));
  return { headers, rest: message.subarray(end!.index + end![0].length) };
}

/** The lines of it, for people. */
export function headLines({ headers, lines, more }: MessageHead): string[] {
  return [
    ...(headers.length > 0 ? ["", "Headers:", ...indented(headers)] : []),
    ...(lines.length > 0 ? ["", "Begins with:", ...indented(lines)] : []),
    ...(more ? ["  …"] : []),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
