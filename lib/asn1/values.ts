/**
 * The values of primitive ASN.1 elements.
 *
 * Source: ITU-T X.690 §8.
 *
 * @module
 */
import { concatBytes } from "../bytes.ts";
import { derError, type DerNode, hexByte, TAG } from "./read.ts";

/** The value of an OBJECT IDENTIFIER in dotted form (X.690 §8.19). */
export function readOid(node: DerNode): string {
  node.expect(TAG.oid, "object identifier");
  const { content } = node;
  if (content.length === 0 || content.at(-1)! & 0x80) {
    throw derError("object identifier is truncated");
  }
  if (content.length > MAX_OID_BYTES) {
    throw derError("object identifier is too long");
  }
  let dotted = "";
  let arc = 0;
  let fresh = true;
  for (let at = 0; at < content.length; at++) {
    const octet = content[at]!;
    if (fresh && octet === 0x80) {
      throw derError("object identifier has a padded arc");
    }
    if (arc > MAX_SHIFTABLE_ARC) return readLargeOid(content);
    arc = arc * 128 + (octet & 0x7f);
    fresh = octet < 0x80;
    if (!fresh) continue;
    dotted = dotted === "" ? firstArcs(arc) : `${dotted}.${arc}`;
    arc = 0;
  }
  return dotted;
}

/** Several times the longest in use. The dotted form takes much more memory. */
const MAX_OID_BYTES = 256;

/** The largest arc that still is exact in a double after seven more bits. */
const MAX_SHIFTABLE_ARC = 2 ** 46 - 1;

/** X.690 §8.19.4: the first two arcs share one number. */
function firstArcs<T extends number | bigint>(value: T): string {
  if (value < 40) return `0.${value}`;
  if (value < 80) return `1.${BigInt(value) - 40n}`;
  return `2.${BigInt(value) - 80n}`;
}

/** The same for arcs beyond 2^53, such as UUIDs under 2.25. */
function readLargeOid(content: Uint8Array): string {
  const arcs: string[] = [];
  let value = 0n;
  let octets = 0;
  for (const octet of content) {
    if (++octets > 20) throw derError("object identifier arc is too long");
    value = (value << 7n) | BigInt(octet & 0x7f);
    if (octet & 0x80) continue;
    arcs.push(arcs.length === 0 ? firstArcs(value) : String(value));
    value = 0n;
    octets = 0;
  }
  return arcs.join(".");
}

/** The content octets of an INTEGER, of which there is at least one (X.690 §8.3.1). */
export function readInteger(node: DerNode): Uint8Array {
  const { content } = node.expect(TAG.integer, "integer");
  if (content.length === 0) throw derError("integer is empty");
  return content;
}

/** A small non-negative INTEGER (versions, lengths); `SsmError` `DER` above 2^31. */
export function readSmallInteger(node: DerNode): number {
  node.expect(TAG.integer, "integer");
  const { content } = node;
  if (content.length === 0 || content.length > 4 || content[0]! & 0x80) {
    throw derError("integer is negative, empty or too large");
  }
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/** BOOLEAN; `tag` names an implicit context tag. */
export function readBoolean(
  node: DerNode,
  tag: number = TAG.boolean,
): boolean {
  node.expect(tag, "boolean");
  if (node.content.length !== 1) throw derError("boolean is not one byte");
  return node.content[0] !== 0;
}

/** BOOLEAN as DER alone has it (X.690 §11.1): `TRUE` is FF. */
export function readStrictBoolean(
  node: DerNode,
  tag: number = TAG.boolean,
): boolean {
  const value = readBoolean(node, tag);
  if (value && node.content[0] !== 0xff) throw derError("boolean is not DER");
  return value;
}

/** The content of an INTEGER or ENUMERATED, which has no octet too many (X.690 §8.3.2). */
export function readStrictInteger(
  node: DerNode,
  tag: number = TAG.integer,
): Uint8Array {
  const { content } = node.expect(tag, "integer");
  if (!isMinimalInteger(content)) throw derError("integer is not DER");
  return content;
}

/** Are these the content octets of an INTEGER, at least one and none too many? */
export function isMinimalInteger([first, second]: Uint8Array): boolean {
  if (first === undefined) return false;
  if (second === undefined) return true;
  return first === 0 ? second >= 0x80 : first !== 0xff || second < 0x80;
}

/** The bytes of a BIT STRING that holds whole bytes (keys, signatures). */
export function readBitString(node: DerNode): Uint8Array {
  node.expect(TAG.bitString, "bit string");
  if (node.content.length === 0) throw derError("bit string is empty");
  if (node.content[0] !== 0) throw derError("bit string has unused bits");
  return node.content.subarray(1);
}

/**
 * The bytes of an OCTET STRING; the constructed form that `-stream` makes is
 * joined (X.690 §8.7.3). `tag` names an implicit context tag, primitive form.
 */
export function readOctets(
  node: DerNode,
  tag: number = TAG.octetString,
): Uint8Array {
  if (node.tag === tag) return node.content;
  if (node.tag !== (tag | 0x20)) {
    throw derError(`octet string has tag 0x${hexByte(node.tag)}`);
  }
  const leaves: Uint8Array[] = [];
  collectLeaves(node, leaves);
  return concatBytes(leaves);
}

/** The primitive strings inside, however deep: each byte is copied once only, by the caller. */
function collectLeaves(node: DerNode, into: Uint8Array[]): void {
  for (const child of node.children) {
    if (child.tag === TAG.octetString) into.push(child.content);
    else if (child.tag === (TAG.octetString | 0x20)) collectLeaves(child, into);
    else throw derError(`octet string has tag 0x${hexByte(child.tag)}`);
  }
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 restricts them (with seconds, `Z`). */
export function readTime(node: DerNode): Date {
  const { tag, content } = node;
  const text = content.length > 15 ? "" : String.fromCharCode(...content);
  const match = tag === TAG.utcTime
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
    : tag === TAG.generalizedTime
    ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
    : null;
  if (!match) throw derError("time is not in the form of RFC 5280");
  const [digits = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] =
    match.slice(1).map(Number);
  const year = tag === TAG.generalizedTime
    ? digits
    : digits < 50
    ? 2000 + digits
    : 1900 + digits;
  const date = new Date(0);
  // Not Date.UTC(), which takes the year 50 for 1950.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // The setters roll 31 February over into March; a certificate must not.
  if (
    date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day ||
    hour > 23 || minute > 59 || second > 59
  ) throw derError("time names an instant that does not exist");
  return date;
}
