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
  /**
   * Most elements that are read in all; an element costs more memory than the
   * two bytes that can make one.
   * @default 262144
   */
  maxElements?: number;
  /**
   * Refuse the encodings that BER has beside DER: indefinite and over-long
   * lengths (X.690 §10.1).
   * @default false
   */
  strict?: boolean;
}

/** What all elements of one reading share. */
interface Reading {
  readonly source: Uint8Array;
  readonly strict: boolean;
  elementsLeft: number;
}

/** Where an element lies in its source. */
interface Extent {
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
}

/** One element: its identifier octet, its content and the exact bytes of both. */
export class DerNode {
  /** The identifier octet: class, constructed bit and number. */
  readonly tag: number;
  readonly #reading: Reading;
  readonly #extent: Extent;
  readonly #depth: number;
  #children: readonly DerNode[] | undefined;

  /** For {@linkcode readDer}, which is the way to a node. */
  constructor(
    tag: number,
    extent: Extent,
    inside: {
      reading: Reading;
      depth: number;
      children?: readonly DerNode[];
    },
  ) {
    this.tag = tag;
    this.#extent = extent;
    this.#reading = inside.reading;
    this.#depth = inside.depth;
    this.#children = inside.children;
  }

  /** Header, content and, if indefinite, the end-of-contents octets. A view, not a copy. */
  get raw(): Uint8Array {
    const { start, end } = this.#extent;
    return this.#reading.source.subarray(start, end);
  }

  /** The content octets alone. A view, not a copy. */
  get content(): Uint8Array {
    const { contentStart, contentEnd } = this.#extent;
    return this.#reading.source.subarray(contentStart, contentEnd);
  }

  /** True when the length was indefinite (BER only). */
  get indefinite(): boolean {
    return this.#extent.end !== this.#extent.contentEnd;
  }

  /** True when the content is a series of elements. */
  get constructed(): boolean {
    return (this.tag & 0x20) !== 0;
  }

  /**
   * The elements inside.
   *
   * @throws {SsmError} `DER` when this is a primitive or the content is malformed.
   */
  get children(): readonly DerNode[] {
    if (this.#children) return this.#children;
    if (!this.constructed) {
      throw derError(`element 0x${hexByte(this.tag)} has no elements inside`);
    }
    const { contentStart, contentEnd } = this.#extent;
    const found: DerNode[] = [];
    let at = contentStart;
    while (at < contentEnd) {
      const child = readElement(this.#reading, at, {
        limit: contentEnd,
        depth: this.#depth - 1,
      });
      found.push(child);
      at = child.#extent.end;
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
  const { maxDepth = 32, maxElements = 262_144, strict = false } = options;
  const reading = { source: bytes, strict, elementsLeft: maxElements };
  const node = readElement(reading, 0, {
    limit: bytes.length,
    depth: maxDepth,
  });
  if (node.raw.length !== bytes.length) {
    throw derError(
      `${bytes.length - node.raw.length} bytes follow the last element`,
    );
  }
  return node;
}

/** How far an element may reach, and how deep its content may nest. */
interface Bounds {
  readonly limit: number;
  readonly depth: number;
}

function readElement(reading: Reading, start: number, bounds: Bounds): DerNode {
  const { source, strict } = reading;
  const { limit, depth } = bounds;
  if (depth <= 0) throw derError("nesting is too deep");
  if (--reading.elementsLeft < 0) throw derError("there are too many elements");
  if (limit - start < 2) throw derError("data ends inside an element header");
  const tag = source[start]!;
  const first = source[start + 1]!;
  // No structure of X.509 or CMS uses the multi-byte form.
  if ((tag & 0x1f) === 0x1f) throw derError("tag numbers above 30 are unused");
  if (tag === 0) throw derError("tag 0 is reserved");
  if (first === 0x80) {
    if (strict) throw derError("an indefinite length is not DER");
    return readIndefinite(reading, start, bounds);
  }
  let contentStart = start + 2;
  let length = first;
  if (first > 0x80) {
    const count = first & 0x7f;
    // Four octets already promise 4 GiB.
    if (count > 4) throw derError("length has more than four octets");
    if (limit - contentStart < count) {
      throw derError("data ends inside a length");
    }
    length = 0;
    for (let i = 0; i < count; i++) {
      length = length * 256 + source[contentStart++]!;
    }
    if (strict && (length < 0x80 || length < 256 ** (count - 1))) {
      throw derError("an over-long length is not DER");
    }
  }
  if (length > limit - contentStart) {
    throw derError(
      `length says ${length} bytes, ${limit - contentStart} are there`,
    );
  }
  const end = contentStart + length;
  return new DerNode(
    tag,
    { start, contentStart, contentEnd: end, end },
    { reading, depth },
  );
}

/** X.690 §8.1.3.6: elements up to the end-of-contents octets 00 00. */
function readIndefinite(
  reading: Reading,
  start: number,
  bounds: Bounds,
): DerNode {
  const { source } = reading;
  const { limit, depth } = bounds;
  const tag = source[start]!;
  if ((tag & 0x20) === 0) {
    throw derError("a primitive element has an indefinite length");
  }
  const children: DerNode[] = [];
  let at = start + 2;
  while (limit - at < 2 || source[at] !== 0 || source[at + 1] !== 0) {
    const child = readElement(reading, at, { limit, depth: depth - 1 });
    children.push(child);
    at += child.raw.length;
  }
  return new DerNode(
    tag,
    { start, contentStart: start + 2, contentEnd: at, end: at + 2 },
    { reading, depth, children },
  );
}

/** An octet as two hexadecimal digits. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** A malformation, in words. */
export function derError(state: string): SsmError {
  return new SsmError("DER", `Cannot read ASN.1 data: ${state}`);
}
