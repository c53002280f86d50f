/**
 * How `ssm printer` shows a message.
 *
 * @module
 */
import { printable, printableJson } from "../../log/mod.ts";
import type { StompMessage } from "../../stomp/mod.ts";

/** How messages are shown. */
export interface PrintOptions {
  /** Whether header lines and an empty line come first. */
  readonly headers: boolean;
  /** Whether each message is one JSON object on one line. */
  readonly json: boolean;
  /**
   * Whether a terminal reads it: then nothing in a body can drive it. Elsewhere
   * bodies are the bytes that came.
   */
  readonly terminal: boolean;
}

const utf8 = new TextEncoder();
const LF = 0x0a;

/** The bytes to print, which end in a line end. */
export function printedMessage(
  { headers, body }: Pick<StompMessage, "headers" | "body">,
  options: PrintOptions,
): Uint8Array {
  if (options.json) return utf8.encode(jsonOf(headers, body) + "\n");
  const shown = options.terminal ? utf8.encode(harmless(body)) : body;
  const end = shown.at(-1) === LF ? [] : [LF];
  const head = options.headers ? headOf(headers) : "";
  return join([utf8.encode(head), shown, Uint8Array.from(end)]);
}

/** Headers are always escaped: a line end in one could pose as another. */
function headOf(headers: StompMessage["headers"]): string {
  const lines = Array.from(
    headers,
    ([name, value]) => `${printable(name)}: ${printable(value)}\n`,
  );
  return `${lines.join("")}\n`;
}

/** Line ends and tabs remain; what is not UTF-8 shows as U+FFFD. */
function harmless(body: Uint8Array): string {
  const text = new TextDecoder().decode(body).replaceAll("\r\n", "\n");
  return text.replace(/[^\n\t]+/g, printable);
}

function jsonOf(headers: StompMessage["headers"], body: Uint8Array): string {
  return printableJson({
    headers: Object.fromEntries(headers),
    ...bodyOf(body),
  });
}

/** Text as text; what is not UTF-8 in base64, under another name. */
function bodyOf(body: Uint8Array): { body: string } | { bodyBase64: string } {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { body: decoder.decode(body) };
  } catch {
    return { bodyBase64: body.toBase64() };
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
