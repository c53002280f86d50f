/**
 * One tag of an XML text.
 *
 * @module
 */
import { isSpace, skipSpace } from "./outline.ts";

/** A tag, by its places in the text: there may be millions. */
export interface Tag {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly kind: "start" | "end" | "empty";
  /** The first byte behind it. */
  readonly end: number;
}

/** The name of a tag as it is written, with its prefix; bytes beyond ASCII as Latin-1. */
export function nameOf(
  bytes: Uint8Array,
  { nameStart, nameEnd }: Tag,
): string {
  return LATIN1.decode(bytes.subarray(nameStart, nameEnd));
}

/** Whether one tag ends the element that the other one began. */
export function isSameName(bytes: Uint8Array, one: Tag, other: Tag): boolean {
  const length = one.nameEnd - one.nameStart;
  if (other.nameEnd - other.nameStart !== length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[one.nameStart + i] !== bytes[other.nameStart + i]) return false;
  }
  return true;
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
  return { nameStart, nameEnd, kind, end: next + 1 };
}

function endOfAttribute(bytes: Uint8Array, at: number): number | undefined {
  const equals = skipSpace(bytes, endOfName(bytes, at));
  if (bytes[equals] !== EQUALS) return undefined;
  const start = skipSpace(bytes, equals + 1);
  const quote = bytes[start];
  if (quote !== QUOTE && quote !== APOSTROPHE) return undefined;
  let end = start + 1;
  while (bytes[end] !== quote) {
    if (end >= bytes.length || bytes[end] === LESS) return undefined;
    end++;
  }
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
