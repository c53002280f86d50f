/**
 * Writing of DER: each function returns the complete bytes of one element.
 *
 * Source: ITU-T X.690 §8 and §10.
 *
 * @module
 */
import { concatBytes } from "../bytes.ts";
import { contextTag, TAG } from "./read.ts";

/** An element with the given identifier octet around the joined parts. */
export function element(
  tag: number,
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concatBytes([header(tag, length), ...parts]);
}

/** The header alone, for content of `length` bytes that is too large to be copied into an element. */
export function header(tag: number, length: number): Uint8Array<ArrayBuffer> {
  if (length < 0x80) return new Uint8Array([tag, length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  return new Uint8Array([tag, 0x80 | octets.length, ...octets]);
}

/** SEQUENCE. */
export function sequence(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(TAG.sequence, ...parts);
}

/** SET OF, in the ascending order that DER demands (X.690 §11.6). */
export function setOf(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(TAG.set, ...parts.toSorted(compareBytes));
}

/** `[n]` EXPLICIT around one element, or IMPLICIT around the elements of a constructed type. */
export function context(
  n: number,
  ...parts: Uint8Array[]
): Uint8Array<ArrayBuffer> {
  return element(contextTag(n), ...parts);
}

/** `[n]` IMPLICIT of a primitive type. */
export function contextPrimitive(
  n: number,
  content: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return element(contextTag(n, false), content);
}

/** INTEGER from a non-negative number, or from unsigned big-endian bytes. */
export function integer(value: number | Uint8Array): Uint8Array<ArrayBuffer> {
  let octets: number[];
  if (typeof value === "number") {
    octets = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) {
      octets.unshift(rest % 256);
    }
  } else octets = [...value];
  while (octets.length > 1 && octets[0] === 0) octets.shift();
  if (octets.length === 0 || octets[0]! & 0x80) octets.unshift(0);
  return element(TAG.integer, new Uint8Array(octets));
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0;) {
      groups.unshift(0x80 | left % 128);
      left = Math.floor(left / 128);
    }
    octets.push(...groups);
  }
  return element(TAG.oid, new Uint8Array(octets));
}

/** OCTET STRING. */
export function octetString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return element(TAG.octetString, bytes);
}

/** BIT STRING of whole bytes. */
export function bitString(
  bytes: Uint8Array,
  unusedBits = 0,
): Uint8Array<ArrayBuffer> {
  return element(TAG.bitString, new Uint8Array([unusedBits]), bytes);
}

/** NULL. */
export function nullValue(): Uint8Array<ArrayBuffer> {
  return element(TAG.null);
}

/** BOOLEAN. */
export function boolean(value: boolean): Uint8Array<ArrayBuffer> {
  return element(TAG.boolean, new Uint8Array([value ? 0xff : 0]));
}

/** UTF8String. */
export function utf8String(text: string): Uint8Array<ArrayBuffer> {
  return element(TAG.utf8, new TextEncoder().encode(text));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(date: Date): Uint8Array<ArrayBuffer> {
  const digits = date.toISOString().replace(/[-:T]/g, "").slice(0, 14) + "Z";
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(TAG.utcTime, new TextEncoder().encode(digits.slice(2)))
    : element(TAG.generalizedTime, new TextEncoder().encode(digits));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
