/**
 * Base64 on bytes (RFC 2045 §6.8): a large payload never becomes a string.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { ByteWriter } from "./byte_writer.ts";

const ALPHABET = new TextEncoder().encode(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);
const PAD = 0x3d;
const LF = 0x0a;

/** Meaning of each byte: 0–63 a digit, or one of the following. */
const SPACE = 64;
const PADDING = 65;
const INVALID = 66;
const VALUES = (() => {
  const values = new Uint8Array(256).fill(INVALID);
  ALPHABET.forEach((char, value) => values[char] = value);
  for (const space of [0x20, 0x09, 0x0a, 0x0d]) values[space] = SPACE;
  values[PAD] = PADDING;
  return values;
})();

/** Size of {@linkcode writeBase64}'s output. */
export function base64Length(byteCount: number, columns: number): number {
  const digits = Math.ceil(byteCount / 3) * 4;
  return digits + Math.ceil(digits / columns);
}

/**
 * Writes `bytes` as base64 lines, each ended by LF.
 *
 * @param columns Digits in a line, a multiple of 4: 64 as OpenSSL writes, at most 76.
 */
export function writeBase64(
  writer: ByteWriter,
  bytes: Uint8Array,
  columns: number,
): void {
  const size = base64Length(bytes.length, columns);
  putBase64(writer.reserve(size), bytes, columns);
  writer.advance(size);
}

/**
 * Puts base64 lines at the start of `out`, which {@linkcode base64Length} measures.
 *
 * `bytes` may be the last bytes of an `out` of exactly that length: it is read
 * faster than it is overwritten.
 */
export function putBase64(
  out: Uint8Array,
  bytes: Uint8Array,
  columns: number,
): void {
  const whole = bytes.length - bytes.length % 3;
  let at = 0;
  let column = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const left = i < whole ? 3 : bytes.length - i;
    const group = bytes[i]! << 16 |
      (left > 1 ? bytes[i + 1]! << 8 : 0) |
      (left > 2 ? bytes[i + 2]! : 0);
    out[at] = ALPHABET[group >> 18]!;
    out[at + 1] = ALPHABET[group >> 12 & 63]!;
    out[at + 2] = left > 1 ? ALPHABET[group >> 6 & 63]! : PAD;
    out[at + 3] = left > 2 ? ALPHABET[group & 63]! : PAD;
    at += 4;
    column += 4;
    if (column === columns) {
      out[at++] = LF;
      column = 0;
    }
  }
  if (column > 0) out[at] = LF;
}

/** `bytes` as base64 lines of so many digits, each ended by LF. */
export function encodeBase64(
  bytes: Uint8Array,
  columns: number,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(base64Length(bytes.length, columns));
  writeBase64(writer, bytes, columns);
  return writer.bytes();
}

/**
 * Decodes base64; white space is skipped, anything else foreign is refused, as
 * are digits after the padding and bits that belong to no byte.
 *
 * @throws {SsmError} `MIME`.
 */
export function decodeBase64(encoded: Uint8Array): Uint8Array<ArrayBuffer> {
  const decoded = new Uint8Array(Math.ceil(encoded.length / 4) * 3);
  let at = 0;
  let group = 0;
  let digits = 0;
  let padding = 0;
  for (let i = 0; i < encoded.length; i++) {
    const value = VALUES[encoded[i]!]!;
    if (value < SPACE) {
      if (padding > 0) throw base64Error("digits follow the padding");
      group = group << 6 | value;
      if (++digits === 4) {
        decoded[at] = group >> 16 & 255;
        decoded[at + 1] = group >> 8 & 255;
        decoded[at + 2] = group & 255;
        at += 3;
        group = digits = 0;
      }
    } else if (value === PADDING) padding++;
    else if (value === INVALID) throw base64Error("a byte is not base64");
  }
  if ((digits + padding) % 4 !== 0 || digits === 1 || padding > 2) {
    throw base64Error("it is truncated or wrongly padded");
  }
  const unused = digits === 2 ? group & 15 : digits === 3 ? group & 3 : 0;
  if (unused !== 0) throw base64Error("its last digit has unused bits");
  if (digits >= 2) decoded[at++] = group >> (digits === 2 ? 4 : 10) & 255;
  if (digits === 3) decoded[at++] = group >> 2 & 255;
  return decoded.subarray(0, at);
}

function base64Error(state: string): SsmError {
  return new SsmError("MIME", `Cannot decode base64: ${state}`);
}
