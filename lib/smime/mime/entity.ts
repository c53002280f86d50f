/**
 * MIME entities, read strictly.
 *
 * A signature protects bytes, not their meaning: anything that two readers might
 * understand differently (a doubled header, a delimiter with a tail, a third
 * part) is refused instead of guessed.
 *
 * Source: RFC 2045.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { SsmError } from "../../errors.ts";
import { checkLimit } from "./limits.ts";

const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** `From ` */
const MAILBOX_LINE = [0x46, 0x72, 0x6f, 0x6d, 0x20];

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
 * Reads a whole message, as {@linkcode parseEntity} does. What programs put
 * before the first header is skipped: a byte order mark, and the line with which
 * a message begins in a mailbox (RFC 4155).
 *
 * @throws {SsmError} `MIME`, `LIMIT`
 */
export function parseMessage(
  bytes: Uint8Array,
  maxHeaderBytes: number,
): Entity {
  const start = BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte)
    ? BYTE_ORDER_MARK.length
    : 0;
  const begins = MAILBOX_LINE.every((byte, at) => bytes[start + at] === byte);
  const lineEnd = begins
    ? bytes.subarray(0, maxHeaderBytes).indexOf(LF, start)
    : -1;
  const from = lineEnd < 0 ? start : lineEnd + 1;
  return parseEntity(bytes.subarray(from), maxHeaderBytes);
}

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
function singleHeader(entity: Entity, name: string): string | undefined {
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

/** RFC 2045 §5.1, without comments, which real senders do not write. */
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

/**
 * The Content-Transfer-Encoding, without comments (RFC 822 §3.4.3).
 *
 * @default "7bit"
 * @throws {SsmError} `MIME` when unknown or repeated.
 */
export function transferEncodingOf(entity: Entity): TransferEncoding {
  const value = singleHeader(entity, "content-transfer-encoding") ?? "7bit";
  const encoding = value.replace(/\([^()\\]*\)/g, "").trim().toLowerCase();
  if (!ENCODINGS.includes(encoding)) {
    throw mimeError("the Content-Transfer-Encoding is unknown");
  }
  return encoding as TransferEncoding;
}

/** A message that cannot be read. */
export function mimeError(state: string): SsmError {
  return new SsmError("MIME", `Cannot read message: ${state}`);
}
