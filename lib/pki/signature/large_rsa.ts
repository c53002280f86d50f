/**
 * RSA signatures of keys that are too long for the runtime.
 *
 * Source: RFC 8017 §8.2.2.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Digest } from "../../asn1/mod.ts";
import type { RsaPublicKey } from "../certificate/public_key.ts";
import { unusable } from "./scheme.ts";

/** DigestInfo up to the digest itself (RFC 8017 §9.2, note 1). */
const DIGEST_INFO: Readonly<Record<Digest, string>> = {
  md5: "3020300c06082a864886f70d020505000410",
  sha1: "3021300906052b0e03021a05000414",
  sha224: "302d300d06096086480165030402040500041c",
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
  "sha3-224": "302d300d06096086480165030402070500041c",
  "sha3-256": "3031300d060960864801650304020805000420",
  "sha3-384": "3041300d060960864801650304020905000430",
  "sha3-512": "3051300d060960864801650304020a05000440",
};

/**
 * RFC 8017 §8.2.2, by making the one right encoding and comparing, so that no
 * padding is ever parsed. Public data only: BigInt takes time that depends on it.
 */
export function verifyPkcs1(
  { modulus, exponent }: RsaPublicKey,
  digest: Digest,
  { data, signature }: { data: Uint8Array; signature: Uint8Array },
): boolean {
  // 2^64: no real exponent is larger, and the work grows with it.
  if (exponent.length > 8) throw unusable("the RSA exponent is too large");
  const e = BigInt(`0x${exponent.toHex()}`);
  // With 1 a signature is the text itself; the runtime refuses the same ones.
  if (e < 3n || e % 2n === 0n) throw unusable(`the RSA exponent is ${e}`);
  const n = BigInt(`0x${modulus.toHex()}`);
  const s = BigInt(`0x${signature.toHex() || "0"}`);
  if (signature.length !== modulus.length || s >= n) return false;
  const info = DIGEST_INFO[digest] +
    createHash(digest).update(data).digest("hex");
  const padding = "ff".repeat(modulus.length - 3 - info.length / 2);
  const expected = BigInt(`0x0001${padding}00${info}`);
  return power(s, e, n) === expected;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = result * result % modulus;
    if (bit === "1") result = result * base % modulus;
  }
  return result;
}
