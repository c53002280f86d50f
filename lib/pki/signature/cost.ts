/**
 * What the verification of signatures costs, so that certificates that anybody
 * may have written do not keep the process from its other work.
 *
 * @module
 */
import { isSsmError } from "../../errors.ts";
import { readDer } from "../../asn1/mod.ts";
import {
  bitLength,
  readPublicKeyInfo,
  readRsaKey,
  rsaBits,
} from "../certificate/public_key.ts";

/**
 * Work that one verdict on a path may take, in units of which a processor of
 * 2020 does a thousand in a millisecond. A path of four authorities with roots of
 * 8192 bits takes a fifth of it.
 */
export const MAX_PATH_COST = 24_000;

/** What every signature costs: digest, key, and the call. */
const LEAST_COST = 375;

/**
 * The cost of verifying one signature with this key: for RSA, the square of the
 * modulus' length in kilobits times the length of the exponent in bits.
 *
 * @param spki The SubjectPublicKeyInfo in DER; one that cannot be read costs
 * what it takes to find that out.
 */
export function verificationCost(spki: Uint8Array): number {
  try {
    const { algorithm, key } = readPublicKeyInfo(
      readDer(spki, { strict: true }),
    );
    if (!algorithm.startsWith("rsa")) return LEAST_COST;
    const rsa = readRsaKey(key);
    const kilobits = rsaBits(rsa) / 1024;
    return LEAST_COST + kilobits ** 2 * bitLength(rsa.exponent);
  } catch (error) {
    if (isSsmError(error)) return LEAST_COST;
    throw error;
  }
}
