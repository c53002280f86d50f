/**
 * One tag of an XML text.
 *
 * @module
 */
import { isSpace, skipSpace } from "./outline.ts";

/** A tag, and where it ends. */
export interface Tag {
  /** As it is written, with its prefix; bytes beyond ASCII as Latin-1. */
  readonly name: string;
  /** Without the prefix. */
  readonly localName: string;
  readonly kind: "start" | "end" | "empty";
  /** The first byte behind it. */
  readonly end: number;
}

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const LATIN1 = new TextDecoder("latin1");

/** The tag that begins at `at`; `undefined` when none does, or it is not well-formed. */
export function readTag(bytes: Uint8Array, at: number): Tag | undefined {
  if (bytes[at] !== LESS) return undefined;
  const isEnd = bytes[at + 1] === SLASH;
  const nameStart = at + (isEnd ? 2 : 1);
  const nameEnd = endOfName(bytes, nameStart);
  if (nameEnd === nameStart) return undefined;
  const name = LATIN1.decode(bytes.subarray(nameStart, nameEnd));
  const localName = name.slice(name.indexOf(":") + 1);
  let next = skipSpace(bytes, nameEnd);
  while (!isEnd && isNameByte(bytes[next]) && isSpace(bytes[next - 1])) {
    const end = endOfAttribute(bytes, next);
    if (end === undefined) return undefined;
    next = skipSpace(bytes, end);
  }
  const isEmpty = !isEnd && bytes[next] === SLASH;
  if (isEmpty) next++;
  if (bytes[next] !== GREATER) return undefined;
  const kind = isEnd ? "end" : isEmpty ? "empty" : "start";
  return { name, localName, kind, end: next + 1 };
}

function endOfAttribute(bytes: Uint8Array, at: number): number | undefined {
  const equals = skipSpace(bytes, endOfName(bytes, at));
  if (bytes[equals] !== EQUALS) return undefined;
  const start = skipSpace(bytes, equals + 1);
  const quote = bytes[start];
  if (quote !== QUOTE && quote !== APOSTROPHE) return undefined;
  const end = bytes.indexOf(quote, start + 1);
  if (end < 0 || bytes.subarray(start, end).includes(LESS)) return undefined;
  return end + 1;
}

function endOfName(bytes: Uint8Array, at: number): number {
  while (isNameByte(bytes[at])) at++;
  return at;
}

/** Letters, digits, `:`, `_`, `-`, `.`, and all beyond ASCII; where a name may begin is not judged. */
function isNameByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte >= 0x61 && byte <= 0x7a || byte >= 0x41 && byte <= 0x5a ||
    byte >= 0x30 && byte <= 0x3a || byte === 0x5f || byte === 0x2d ||
    byte === 0x2e || byte >= 0x80;
}
