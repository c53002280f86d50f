/**
 * Whether data is written in the one way that DER allows.
 *
 * The reader alone takes values in forms that DER does not have, as certificates
 * that exist do. Where another program must read the same bytes and will not,
 * this check comes first.
 *
 * Source: ITU-T X.690 §8, §10, §11.
 *
 * @module
 */
import { derError, type DerNode, hexByte, readDer, TAG } from "./read.ts";
import { readOid, readTime } from "./values.ts";

/**
 * Reads exactly one element that, with all elements inside, would be written
 * with the same bytes again. The order within a SET OF is not looked at.
 *
 * @throws {SsmError} `DER` when it is malformed or written in another form.
 */
export function readCanonicalDer(bytes: Uint8Array): DerNode {
  const node = readDer(bytes, { strict: true });
  requireCanonical(node);
  return node;
}

function requireCanonical(node: DerNode): void {
  const { tag } = node;
  const universal = tag < 0x40;
  if (node.constructed) {
    // X.690 §10.2: strings are in one piece.
    if (universal && tag !== TAG.sequence && tag !== TAG.set) {
      throw derError(`a constructed element 0x${hexByte(tag)} is not DER`);
    }
    node.children.forEach(requireCanonical);
  } else if (universal) {
    requireCanonicalValue(node);
  }
}

function requireCanonicalValue(node: DerNode): void {
  const { tag, content } = node;
  switch (tag) {
    case TAG.boolean:
      if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
        throw derError("boolean is neither 00 nor FF");
      }
      break;
    case TAG.integer:
    case TAG.enumerated:
      requireShortestInteger(content);
      break;
    case TAG.bitString:
      requireClearedBits(content);
      break;
    case TAG.null:
      if (content.length > 0) throw derError("null has content");
      break;
    case TAG.oid:
      readOid(node);
      break;
    case TAG.utcTime:
    case TAG.generalizedTime:
      readTime(node);
      break;
    case 0x00:
    case TAG.sequence & ~0x20:
    case TAG.set & ~0x20:
      throw derError(`a primitive element 0x${hexByte(tag)} is not DER`);
  }
}

/** X.690 §8.3.2: the first nine bits are neither all zero nor all one. */
function requireShortestInteger(content: Uint8Array): void {
  const [first, second = 0] = content;
  if (first === undefined) throw derError("integer is empty");
  const padding = second < 0x80 ? 0 : 0xff;
  if (content.length > 1 && first === padding) {
    throw derError("integer is not in its shortest form");
  }
}

/** X.690 §11.2.1: the bits that are not used are zero. */
function requireClearedBits(content: Uint8Array): void {
  const [unused] = content;
  const last = content.length > 1 ? content.at(-1)! : 0;
  if (
    unused === undefined || unused > 7 || (unused > 0 && content.length === 1)
  ) throw derError("bit string has no valid count of unused bits");
  if ((last & ((1 << unused) - 1)) !== 0) {
    throw derError("bit string has unused bits that are set");
  }
}
