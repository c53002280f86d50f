/**
 * Keys from passphrases as PKCS #12 makes them, with SHA-1.
 *
 * Source: RFC 7292 appendix B.2, B.3.
 *
 * @module
 */
import { createHash } from "node:crypto";

const SHA1_BYTES = 20;
const SHA1_BLOCK_BYTES = 64;

/** What makes the same passphrase give another key. */
export interface Derivation {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** 1 for a key, 2 for an IV. */
  readonly purpose: number;
}

/** The first 40 bytes that a passphrase gives, enough for the key of Triple DES. */
export function derivePkcs12(
  passphrase: string,
  { salt, iterations, purpose }: Derivation,
): Uint8Array {
  const input = new Uint8Array([
    ...wholeBlocks(salt),
    ...wholeBlocks(bigEndianUtf16(`${passphrase}\0`)),
  ]);
  const diversifier = new Uint8Array(SHA1_BLOCK_BYTES).fill(purpose);
  const derived = new Uint8Array(2 * SHA1_BYTES);
  for (let at = 0; at < derived.length; at += SHA1_BYTES) {
    let hash = createHash("sha1").update(diversifier).update(input).digest();
    for (let round = 1; round < iterations; round++) {
      hash = createHash("sha1").update(hash).digest();
    }
    derived.set(hash, at);
    for (let block = 0; block < input.length; block += SHA1_BLOCK_BYTES) {
      addRepeated(input.subarray(block, block + SHA1_BLOCK_BYTES), hash);
    }
  }
  return derived;
}

/** Repeated until it fills whole blocks of the hash. */
function wholeBlocks(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil(bytes.length / SHA1_BLOCK_BYTES) * SHA1_BLOCK_BYTES;
  return new Uint8Array(length).map((_, at) => bytes[at % bytes.length]!);
}

function bigEndianUtf16(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) {
    view.setUint16(2 * at, text.charCodeAt(at));
  }
  return bytes;
}

/** `block` becomes `block` + `addend`, repeated to its length, + 1, without what overflows. */
function addRepeated(block: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let at = block.length - 1; at >= 0; at--) {
    carry += block[at]! + addend[at % addend.length]!;
    block[at] = carry;
    carry >>= 8;
  }
}
