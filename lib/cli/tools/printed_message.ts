/**
 * How `ssm printer` shows a message.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { printable, printableJson } from "../../log/mod.ts";
import { harmless } from "../command/terminal.ts";
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

/**
 * Bytes of a body that are made into JSON at a time, a multiple of three as
 * base64 needs it: a body of 100 MB is not to be in memory in three forms.
 */
const PIECE_BYTES = 192 << 10;

/** The bytes to print, a small message in one piece; they end in a line end. */
export function printedMessage(
  message: Pick<StompMessage, "headers" | "body">,
  options: PrintOptions,
): Generator<Uint8Array, void, void> {
  return joinSmall(
    options.json ? jsonOf(message) : plainly(message, options),
  );
}

/** One write for what fits into one: a reader that stops between two writes has half a message. */
function* joinSmall(
  pieces: Iterable<Uint8Array>,
): Generator<Uint8Array, void, void> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    if (length + piece.length > PIECE_BYTES) {
      yield* waiting;
      waiting = [];
      length = 0;
    }
    waiting.push(piece);
    length += piece.length;
  }
  if (length <= PIECE_BYTES) yield Buffer.concat(waiting);
  else yield* waiting;
}

function* plainly(
  { headers, body }: Pick<StompMessage, "headers" | "body">,
  options: PrintOptions,
): Generator<Uint8Array, void, void> {
  if (options.headers) yield utf8.encode(headOf(headers));
  const shown = options.terminal ? utf8.encode(harmless(body)) : body;
  yield shown;
  if (shown.at(-1) !== LF) yield Uint8Array.of(LF);
}

/** Headers are always escaped: a line end in one could pose as another. */
function headOf(headers: StompMessage["headers"]): string {
  const lines = Array.from(
    headers,
    ([name, value]) => `${printable(name)}: ${printable(value)}\n`,
  );
  return `${lines.join("")}\n`;
}

/** Text as text; what is not UTF-8 in base64, under another name. */
function* jsonOf(
  { headers, body }: Pick<StompMessage, "headers" | "body">,
): Generator<Uint8Array, void, void> {
  const head = printableJson({ headers: Object.fromEntries(headers) });
  const name = isUtf8(body) ? "body" : "bodyBase64";
  yield utf8.encode(`${head.slice(0, -1)},"${name}":"`);
  const text = textDecoder();
  for (const piece of piecesOf(body)) {
    yield utf8.encode(
      name === "body"
        ? printableJson(text.decode(piece, { stream: true })).slice(1, -1)
        : piece.toBase64(),
    );
  }
  yield utf8.encode('"}\n');
}

function isUtf8(body: Uint8Array): boolean {
  const text = textDecoder();
  try {
    for (const piece of piecesOf(body)) text.decode(piece, { stream: true });
    text.decode();
    return true;
  } catch {
    return false;
  }
}

function textDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

function* piecesOf(body: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    yield body.subarray(at, at + PIECE_BYTES);
  }
}
