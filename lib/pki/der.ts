/**
 * Reading of ASN.1 data: DER, and the BER that CMS senders stream.
 *
 * Signatures are made over exact bytes, so every node keeps the very bytes it
 * came from (`raw`), without copying: an envelope of 100 MB is read in place.
 * Nothing is allocated for what a length merely promises, and nesting is bounded.
 *
 * Source: ITU-T X.690 §8 (BER), §10 (DER).
 *
 * @module
 */
import { SsmError } from "../errors.ts";

/** Identifier octets of the types that X.509 and CMS use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  numeric: 0x12,
  printable: 0x13,
  teletex: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visible: 0x1a,
  universal: 0x1c,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The identifier octet of a context-specific tag: `[n]`, constructed unless said otherwise. */
export function contextTag(n: number, constructed = true): number {
  return 0x80 | (constructed ? 0x20 : 0) | n;
}

/** Settings of {@linkcode readDer}. */
export interface ReadDerOptions {
  /**
   * Deepest nesting that is followed.
   * @default 32
   */
  maxDepth?: number;
}

/** One element: its identifier octet, its content and the exact bytes of both. */
export class DerNode {
  /** The identifier octet: class, constructed bit and number. */
  readonly tag: number;
  /** Header, content and, if indefinite, the end-of-contents octets. */
  readonly raw: Uint8Array;
  /** The content octets alone. */
  readonly content: Uint8Array;
  /** True when the length was indefinite (BER only). */
  readonly indefinite: boolean;
  readonly #depth: number;
  #children: readonly DerNode[] | undefined;

  constructor(
    tag: number,
    raw: Uint8Array,
    content: Uint8Array,
    indefinite: boolean,
    depth: number,
    children?: readonly DerNode[],
  ) {
    this.tag = tag;
    this.raw = raw;
    this.content = content;
    this.indefinite = indefinite;
    this.#depth = depth;
    this.#children = children;
  }

  /** True when the content is a series of elements. */
  get constructed(): boolean {
    return (this.tag & 0x20) !== 0;
  }

  /** The elements inside; `SsmError` `DER` when this is a primitive or the content is malformed. */
  get children(): readonly DerNode[] {
    if (this.#children) return this.#children;
    if (!this.constructed) {
      throw derError(`element 0x${hexByte(this.tag)} has no elements inside`);
    }
    const found: DerNode[] = [];
    let at = 0;
    while (at < this.content.length) {
      const node = readElement(this.content, at, this.#depth - 1);
      found.push(node);
      at += node.raw.length;
    }
    return this.#children = found;
  }

  /** This node if it has the given tag; `SsmError` `DER` otherwise. */
  expect(tag: number, what: string): this {
    if (this.tag !== tag) {
      throw derError(
        `${what} has tag 0x${hexByte(this.tag)} instead of 0x${hexByte(tag)}`,
      );
    }
    return this;
  }

  /** The n-th element inside, which must exist. */
  at(index: number, what: string): DerNode {
    const child = this.children[index];
    if (!child) throw derError(`${what} is missing`);
    return child;
  }

  /** The first element inside with this tag, if any. */
  find(tag: number): DerNode | undefined {
    return this.children.find((child) => child.tag === tag);
  }
}

/**
 * Reads exactly one element that fills `bytes`.
 *
 * @throws {SsmError} `DER` when it is malformed, truncated, too deep, or followed by more bytes.
 */
export function readDer(
  bytes: Uint8Array,
  options: ReadDerOptions = {},
): DerNode {
  const { maxDepth = 32 } = options;
  const node = readElement(bytes, 0, maxDepth);
  if (node.raw.length !== bytes.length) {
    throw derError(
      `${bytes.length - node.raw.length} bytes follow the last element`,
    );
  }
  return node;
}

function readElement(bytes: Uint8Array, start: number, depth: number): DerNode {
  if (depth <= 0) throw derError("nesting is too deep");
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) {
    throw derError("data ends inside an element header");
  }
  // No structure of X.509 or CMS uses the multi-byte form.
  if ((tag & 0x1f) === 0x1f) throw derError("tag numbers above 30 are unused");
  if (first === 0x80) return readIndefinite(bytes, start, tag, depth);
  let at = start + 2;
  let length = first;
  if (first > 0x80) {
    const count = first & 0x7f;
    // Four octets already promise 4 GiB.
    if (count > 4) throw derError("length has more than four octets");
    length = 0;
    for (let i = 0; i < count; i++) {
      const octet = bytes[at++];
      if (octet === undefined) throw derError("data ends inside a length");
      length = length * 256 + octet;
    }
  }
  if (length > bytes.length - at) {
    throw derError(
      `length says ${length} bytes, ${bytes.length - at} are there`,
    );
  }
  const end = at + length;
  return new DerNode(
    tag,
    bytes.subarray(start, end),
    bytes.subarray(at, end),
    false,
    depth,
  );
}

/** X.690 §8.1.3.6: elements up to the end-of-contents octets 00 00. */
function readIndefinite(
  bytes: Uint8Array,
  start: number,
  tag: number,
  depth: number,
): DerNode {
  if ((tag & 0x20) === 0) {
    throw derError("a primitive element has an indefinite length");
  }
  const children: DerNode[] = [];
  let at = start + 2;
  while (!(bytes[at] === 0 && bytes[at + 1] === 0)) {
    const child = readElement(bytes, at, depth - 1);
    children.push(child);
    at += child.raw.length;
  }
  return new DerNode(
    tag,
    bytes.subarray(start, at + 2),
    bytes.subarray(start + 2, at),
    true,
    depth,
    children,
  );
}

/** The value of an OBJECT IDENTIFIER in dotted form (X.690 §8.19). */
export function readOid(node: DerNode): string {
  node.expect(TAG.oid, "object identifier");
  const arcs: bigint[] = [];
  let value = 0n;
  let octets = 0;
  for (const octet of node.content) {
    if (++octets > 20) throw derError("object identifier arc is too long");
    value = (value << 7n) | BigInt(octet & 0x7f);
    if (octet & 0x80) continue;
    if (arcs.length === 0) {
      const root = value < 40n ? 0n : value < 80n ? 1n : 2n;
      arcs.push(root, value - root * 40n);
    } else arcs.push(value);
    value = 0n;
    octets = 0;
  }
  if (octets !== 0 || arcs.length === 0) {
    throw derError("object identifier is truncated");
  }
  return arcs.join(".");
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

/** BOOLEAN. */
export function readBoolean(node: DerNode): boolean {
  node.expect(TAG.boolean, "boolean");
  if (node.content.length !== 1) throw derError("boolean is not one byte");
  return node.content[0] !== 0;
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
  const parts = node.children.map((child) => readOctets(child));
  const joined = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 restricts them (with seconds, `Z`). */
export function readTime(node: DerNode): Date {
  const text = String.fromCharCode(...node.content.subarray(0, 20));
  const match = node.tag === TAG.utcTime
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/.exec(text)
    : node.tag === TAG.generalizedTime
    ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
    : null;
  if (!match || node.content.length > 20) {
    throw derError("time is not in the form of RFC 5280");
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1).map((digits) => Number(digits ?? 0));
  const full = match[1]!.length === 4
    ? year
    : year < 50
    ? 2000 + year
    : 1900 + year;
  const date = new Date(
    Date.UTC(full, month - 1, day, hour, minute, second),
  );
  // Date.UTC rolls 31 February over into March; a certificate must not.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    throw derError("time names a day that does not exist");
  }
  return date;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

function derError(state: string): SsmError {
  return new SsmError("DER", `Cannot read ASN.1 data: ${state}`);
}
