/**
 * Multipart bodies, taken apart strictly.
 *
 * Source: RFC 2046 §5.1, RFC 1847 §2.1.
 *
 * @module
 */
import { mimeError } from "./entity.ts";
import { findText } from "./find_text.ts";

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;

/**
 * The parts of a multipart body, as views. What precedes the first delimiter and
 * what follows the closing one belongs to no part (RFC 2046 §5.1.1).
 *
 * @throws {SsmError} `MIME` when a delimiter is malformed, missing, or there are more than `maxParts`.
 */
export function splitMultipart(
  body: Uint8Array,
  boundary: string,
  maxParts: number,
): Uint8Array[] {
  // RFC 2046 §5.1.1: 1 to 70 characters, no space at the end.
  if (
    !/^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)
  ) {
    throw mimeError("the boundary is malformed");
  }
  const parts: Uint8Array[] = [];
  let partStart = -1;
  for (const { start, end, closing } of delimiters(body, `--${boundary}`)) {
    if (partStart >= 0) {
      if (parts.length === maxParts) {
        throw mimeError(`there are more than ${maxParts} parts`);
      }
      parts.push(withoutLineEnd(body.subarray(partStart, start)));
    }
    if (closing) {
      // One reader would stop before it, another would not.
      if (findLine(body, `--${boundary}`, end) >= 0) {
        throw mimeError("a delimiter follows the closing one");
      }
      if (partStart < 0) throw mimeError("there are no parts");
      return parts;
    }
    partStart = end;
  }
  throw mimeError("the closing boundary is missing");
}

/** Where a delimiter line starts, where the next line starts, and whether it closes the whole. */
interface Delimiter {
  readonly start: number;
  readonly end: number;
  readonly closing: boolean;
}

function* delimiters(body: Uint8Array, text: string): Generator<Delimiter> {
  let from = 0;
  while (true) {
    const start = findLine(body, text, from);
    if (start < 0) return;
    let at = start + text.length;
    const closing = body[at] === DASH && body[at + 1] === DASH;
    if (closing) at += 2;
    while (body[at] === SPACE || body[at] === TAB || body[at] === CR) at++;
    // OpenSSL takes any line with this beginning for the delimiter, RFC 2046 does not.
    if (at < body.length && body[at] !== LF) {
      throw mimeError("a line begins with the boundary and goes on");
    }
    from = Math.min(at + 1, body.length);
    yield { start, end: from, closing };
  }
}

/**
 * Where the next line begins that begins with `text`; `from` is the start of a
 * line. A search costs as much as it reads ahead, and text inside of lines may
 * repeat a million times: so it is the line end that is searched for with it.
 */
function findLine(body: Uint8Array, text: string, from: number): number {
  const here = body.subarray(from, from + text.length);
  if (findText(here, text) === 0) return from;
  const lineEnd = findText(body, `\n${text}`, from);
  return lineEnd < 0 ? -1 : lineEnd + 1;
}

/** RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter. */
function withoutLineEnd(part: Uint8Array): Uint8Array {
  let end = part.length;
  if (part[end - 1] === LF) {
    end--;
    while (end > 0 && part[end - 1] === CR) end--;
  }
  return part.subarray(0, end);
}
