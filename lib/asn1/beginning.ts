/**
 * Reading the beginning of a structure that is too large to be read whole.
 *
 * Only where nothing is trusted that is found: nothing behind the beginning is looked at.
 *
 * Source: X.690 §8.1.
 *
 * @module
 */
import { derError } from "./read.ts";

/** An element, of which the content may be cut off. */
export interface Beginning {
  readonly tag: number;
  readonly content: Uint8Array;
  /** What follows it. */
  readonly rest: Uint8Array;
}

/** The first element. @throws {SsmError} `DER` when there is none */
export function readBeginning(bytes: Uint8Array): Beginning {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) throw derError("it is cut off");
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
  if (lengthOctets > 4 || first === 0x80) throw derError("odd length");
  const start = 2 + lengthOctets;
  const length = lengthOctets === 0
    ? first
    : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return {
    tag,
    content: bytes.subarray(start, start + length),
    rest: bytes.subarray(start + length),
  };
}
