/**
 * MIME entities, read strictly.
 *
 * A signature protects bytes, not their meaning: whatever two readers might
 * understand differently (a doubled header, a delimiter with a tail, a third
 * part) is refused instead of guessed.
 *
 * Source: RFC 2045, RFC 2046 §5.1, RFC 1847 §2.1.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { SsmError } from "../../errors.ts";
import { findText } from "./find_text.ts";
import { checkLimit } from "./limits.ts";

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;

/** A header block, parsed, and what follows its blank line. */
export interface Entity {
  /** Values by lower-case name, unfolded and trimmed; all values of a repeated header. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** A view into the bytes that were parsed. */
  readonly body: Uint8Array;
}

/** A Content-Type, or another header of the same form. */
export interface ContentType {
  /** `type/subtype`, in lower case. */
  readonly type: string;
  /** Values by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The encodings of RFC 2045 §6. */
export type TransferEncoding =
  | "7bit"
  | "8bit"
  | "binary"
  | "base64"
  | "quoted-printable";

const ENCODINGS: readonly string[] = [
  "7bit",
  "8bit",
  "binary",
  "base64",
  "quoted-printable",
];

/**
 * Reads a header block, the blank line and the body; line ends may be CRLF or LF.
 *
 * @throws {SsmError} `MIME` when it is malformed, `LIMIT` when the header block is too long.
 */
export function parseEntity(
  bytes: Uint8Array,
  maxHeaderBytes: number,
): Entity {
  const lines: string[] = [];
  let at = 0;
  while (true) {
    const end = bytes.subarray(0, maxHeaderBytes + 1).indexOf(LF, at);
    if (end < 0) {
      checkLimit("bytes of header", bytes.length, maxHeaderBytes);
      throw mimeError("no blank line between headers and body");
    }
    let textEnd = end;
    while (textEnd > at && bytes[textEnd - 1] === CR) textEnd--;
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + at, textEnd - at)
      .toString("latin1");
    at = end + 1;
    if (line === "") break;
    if (/^[ \t]/.test(line)) {
      if (lines.length === 0) throw mimeError("the first header is folded");
      lines[lines.length - 1] += line;
    } else lines.push(line);
  }
  return { headers: parseFields(lines), body: bytes.subarray(at) };
}

function parseFields(lines: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    // deno-lint-ignore no-control-regex
    const match = /^([!-9;-~]+)[ \t]*:([^\u0000\r]*)$/.exec(line);
    if (!match) throw mimeError("a header line is malformed");
    const name = match[1]!.toLowerCase();
    const values = headers.get(name);
    if (values) values.push(match[2]!.trim());
    else headers.set(name, [match[2]!.trim()]);
  }
  return headers;
}

/** The value of a header that must not be repeated. @throws {SsmError} `MIME` when it is. */
export function singleHeader(entity: Entity, name: string): string | undefined {
  const values = entity.headers.get(name);
  if (values && values.length > 1) {
    throw mimeError(`the header ${name} is repeated`);
  }
  return values?.[0];
}

/** The Content-Type, if the entity has one. @throws {SsmError} `MIME` when malformed or repeated. */
export function contentTypeOf(entity: Entity): ContentType | undefined {
  const value = singleHeader(entity, "content-type");
  return value === undefined ? undefined : parseContentType(value);
}

/** RFC 2045 §5.1, without comments: those who need none to fool a reader write none. */
function parseContentType(value: string): ContentType {
  const token = "[!#$%&'*+\\-.0-9A-Z^_`a-z{|}~]+";
  const head = new RegExp(`^(${token}/${token})[ \\t]*`).exec(value);
  if (!head) throw mimeError("the Content-Type is malformed");
  const parameters = new Map<string, string>();
  const next = new RegExp(
    `;[ \\t]*(?:(${token})[ \\t]*=[ \\t]*(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?`,
    "y",
  );
  next.lastIndex = head[0].length;
  while (next.lastIndex < value.length) {
    const match = next.exec(value);
    if (!match) throw mimeError("a Content-Type parameter is malformed");
    // A semicolon at the end, which some mailers leave.
    if (match[1] === undefined) continue;
    const name = match[1].toLowerCase();
    if (parameters.has(name)) {
      throw mimeError(`the Content-Type parameter ${name} is repeated`);
    }
    parameters.set(name, match[2] ?? match[3]!.replace(/\\(.)/g, "$1"));
  }
  return { type: head[1]!.toLowerCase(), parameters };
}

/** The Content-Transfer-Encoding. @default "7bit" @throws {SsmError} `MIME` when unknown or repeated. */
export function transferEncodingOf(entity: Entity): TransferEncoding {
  const value = singleHeader(entity, "content-transfer-encoding") ?? "7bit";
  const encoding = value.toLowerCase();
  if (!ENCODINGS.includes(encoding)) {
    throw mimeError("the Content-Transfer-Encoding is unknown");
  }
  return encoding as TransferEncoding;
}

/**
 * The parts of a multipart body, as views. What precedes the first delimiter is
 * no part of it; after the closing delimiter there may be only white space.
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
      if (!isBlank(body.subarray(end))) {
        throw mimeError("something follows the closing boundary");
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

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) =>
    byte === SPACE || byte === TAB || byte === CR || byte === LF
  );
}

/** A message that cannot be read. */
export function mimeError(state: string): SsmError {
  return new SsmError("MIME", `Cannot read message: ${state}`);
}
