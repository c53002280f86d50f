/**
 * SubjectPublicKeyInfo: which kind of key a certificate binds, and the key.
 *
 * Source: RFC 3279 §2.3, RFC 5480 §2, RFC 8017 appendix A.1, RFC 8410 §3.
 *
 * @module
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import { Buffer } from "node:buffer";
import { reason, SsmError } from "../../errors.ts";
import {
  type DerNode,
  readAlgorithm,
  readBitString,
  readDer,
  readInteger,
  readOid,
  TAG,
} from "../../asn1/mod.ts";

/** What a SubjectPublicKeyInfo says without a look at the key itself. */
export interface PublicKeyInfo {
  /** The whole SubjectPublicKeyInfo in DER. */
  readonly raw: Uint8Array;
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`, or the dotted identifier of another kind. */
  readonly algorithm: string;
  /** For `ec`: `P-256`, `P-384`, `P-521`, or a dotted identifier. */
  readonly curve: string | undefined;
  /** The content of the bit string. */
  readonly key: Uint8Array;
}

const KEY_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.1.1.1", "rsa"],
  ["1.2.840.113549.1.1.10", "rsa-pss"],
  ["1.2.840.10045.2.1", "ec"],
  ["1.3.101.112", "ed25519"],
]);

const CURVES: ReadonlyMap<string, string> = new Map([
  ["1.2.840.10045.3.1.7", "P-256"],
  ["1.3.132.0.34", "P-384"],
  ["1.3.132.0.35", "P-521"],
]);

/**
 * Reads a SubjectPublicKeyInfo.
 *
 * @throws {SsmError} `DER` when it is malformed.
 */
export function readPublicKeyInfo(node: DerNode): PublicKeyInfo {
  node.expect(TAG.sequence, "public key");
  const { oid, parameters } = readAlgorithm(node.at(0, "key algorithm"));
  const algorithm = KEY_ALGORITHMS.get(oid) ?? oid;
  let curve: string | undefined;
  // Parameters that spell a curve out are refused with the key, later.
  if (algorithm === "ec" && parameters?.tag === TAG.oid) {
    const named = readOid(parameters);
    curve = CURVES.get(named) ?? named;
  }
  const key = readBitString(node.at(1, "key bits"));
  return { raw: node.raw, algorithm, curve, key };
}

/** Modulus and exponent of an RSA key, as unsigned big-endian octets. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

/**
 * Reads an RSAPublicKey.
 *
 * @throws {SsmError} `DER` when it is malformed.
 */
export function readRsaKey(key: Uint8Array): RsaPublicKey {
  const node = readDer(key, { strict: true });
  node.expect(TAG.sequence, "RSA key");
  return {
    modulus: unsigned(node.at(0, "modulus")),
    exponent: unsigned(node.at(1, "public exponent")),
  };
}

/** Length of the modulus in bits. */
export function rsaBits({ modulus }: RsaPublicKey): number {
  return bitLength(modulus);
}

/** Length in bits of an unsigned big-endian number without leading zero octets. */
export function bitLength(number: Uint8Array): number {
  const [first] = number;
  return first ? number.length * 8 - Math.clz32(first) + 24 : 0;
}

/** Without the octet that says that it is positive: no number here is anything else. */
function unsigned(node: DerNode): Uint8Array {
  const octets = readInteger(node);
  return octets[0] === 0 && octets.length > 1 ? octets.subarray(1) : octets;
}

/**
 * The public key as `node:crypto` takes it.
 *
 * @throws {SsmError} `CERTIFICATE` when the runtime cannot use it: RSA above
 * 4096 bits, curves other than P-256, P-384 and P-521, unknown algorithms.
 */
export function importPublicKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({
      key: Buffer.from(spki.buffer, spki.byteOffset, spki.length),
      format: "der",
      type: "spki",
    });
  } catch (cause) {
    throw new SsmError(
      "CERTIFICATE",
      `Cannot use public key: ${reason(cause)}`,
      { cause },
    );
  }
}
