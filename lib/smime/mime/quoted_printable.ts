/**
 * Quoted-printable on bytes (RFC 2045 §6.7), in a form that survives receivers
 * which trim the text, split it into lines and join them with LF before they
 * decode it.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { ByteWriter } from "./byte_writer.ts";

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const HEX = new TextEncoder().encode("0123456789ABCDEF");
/** RFC 2045 §6.7 (5): a line has at most 76 characters, the soft break's `=` included. */
const MAX_COLUMNS = 76;
/** So that room is made for a part of an endless line, not for four times the whole. */
const CHUNK_BYTES = 1 << 16;
const LINE_END = new Uint8Array([LF]);
/** 1 for what may always stand for itself. */
const PLAIN = new Uint8Array(256).fill(1, 0x21, 0x7f);
PLAIN[EQUALS] = 0;
PLAIN[SLASH] = 0;
/** `application`, which must not be followed by a plain slash: see below. */
const MEDIA_TYPE = new TextEncoder().encode("application");

/**
 * Writes `bytes` as quoted-printable without a final line end.
 *
 * An LF inside stays a line end, so that text stays readable; the last byte of
 * all, when it is an LF, is escaped, because receivers trim the end. Spaces at
 * line ends, controls, CR and everything beyond ASCII are escaped. So is the
 * slash of `application/…`: the Python receiver takes any message that mentions
 * `application/pkcs7-mime` for an encrypted one.
 */
export function writeQuotedPrintable(
  writer: ByteWriter,
  bytes: Uint8Array,
): void {
  // A last LF is no line end but a byte to be escaped.
  const lastLineEnd = bytes.length - 1;
  let start = 0;
  while (start < bytes.length) {
    let end = bytes.indexOf(LF, start);
    if (end < 0 || end === lastLineEnd) end = bytes.length;
    writeLine(writer, bytes, start, end);
    if (end < bytes.length) writer.write(LINE_END);
    start = end + 1;
  }
}

/** The bytes of one line, with soft line breaks where it is too long. */
function writeLine(
  writer: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let column = 0;
  for (let from = start; from < end; from += CHUNK_BYTES) {
    const to = Math.min(end, from + CHUNK_BYTES);
    // At worst every byte is escaped and every 25th escape begins a new line.
    const out = writer.reserve((to - from) * 4);
    let at = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      const last = i === end - 1;
      const literal = PLAIN[byte] === 1 ||
        (byte === SPACE || byte === TAB) && !last ||
        byte === SLASH && !followsMediaType(bytes, i);
      const width = literal ? 1 : 3;
      // The last character of a line may fill the column kept for the `=`.
      if (column + width > (last ? MAX_COLUMNS : MAX_COLUMNS - 1)) {
        out[at++] = EQUALS;
        out[at++] = LF;
        column = 0;
      }
      if (literal) out[at++] = byte;
      else {
        out[at++] = EQUALS;
        out[at++] = HEX[byte >> 4]!;
        out[at++] = HEX[byte & 15]!;
      }
      column += width;
    }
    writer.advance(at);
  }
}

function followsMediaType(bytes: Uint8Array, i: number): boolean {
  const from = i - MEDIA_TYPE.length;
  return from >= 0 && MEDIA_TYPE.every((char, k) => bytes[from + k] === char);
}

/**
 * Decodes quoted-printable; line ends become LF, white space before them is
 * padding that a transport added (RFC 2045 §6.7 (3)) and goes.
 *
 * @throws {SsmError} `MIME` when an `=` begins neither an escape nor a soft line break.
 */
export function decodeQuotedPrintable(
  encoded: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(encoded.length);
  let at = 0;
  let i = 0;
  while (i < encoded.length) {
    const byte = encoded[i]!;
    if (byte === EQUALS) {
      const high = hexValue(encoded[i + 1]);
      const low = hexValue(encoded[i + 2]);
      if (high >= 0 && low >= 0) {
        out[at++] = high << 4 | low;
        i += 3;
        continue;
      }
      const next = skipPadding(encoded, i + 1);
      // A soft line break, or one that lost its line end at the very end.
      if (next < encoded.length && encoded[next] !== LF) {
        throw new SsmError(
          "MIME",
          'Cannot decode quoted-printable: "=" begins no escape',
        );
      }
      i = next + 1;
      continue;
    }
    if (byte === SPACE || byte === TAB || byte === CR) {
      const next = skipPadding(encoded, i);
      if (next === encoded.length || encoded[next] === LF) {
        i = next;
        continue;
      }
      while (i < next) out[at++] = encoded[i++]!;
      continue;
    }
    out[at++] = byte;
    i++;
  }
  return out.subarray(0, at);
}

function skipPadding(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === CR) at++;
  return at;
}

function hexValue(char: number | undefined): number {
  if (char === undefined) return -1;
  if (char >= 0x30 && char <= 0x39) return char - 0x30;
  const upper = char & ~0x20;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
}
