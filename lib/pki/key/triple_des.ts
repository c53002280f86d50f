/**
 * PKCS#8 keys under Triple DES, which the runtime cannot open although
 * `openssl pkcs12` long made host keys of this kind.
 *
 * Source: RFC 8018 §6.2 (PBES2), §5.2 (PBKDF2), appendix B.2.2.
 *
 * @module
 */
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { readAlgorithm } from "../../asn1/mod.ts";
import { type DerNode, readDer, TAG } from "../../asn1/mod.ts";
import { readOctets, readSmallInteger } from "../../asn1/mod.ts";

const PBES2 = "1.2.840.113549.1.5.13";
const PBKDF2 = "1.2.840.113549.1.5.12";
const DES_EDE3_CBC = "1.2.840.113549.3.7";

const PSEUDO_RANDOM: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.11", "sha512"],
]);

/** RFC 8018 counts in thousands, current advice in hundreds of thousands. */
const MAX_ITERATIONS = 10_000_000;

/**
 * The PrivateKeyInfo inside an EncryptedPrivateKeyInfo under Triple DES;
 * `undefined` when it is encrypted in another way. A wrong passphrase throws
 * the runtime's error or, by chance, yields garbage.
 *
 * @throws {SsmError} `DER` when it is malformed.
 */
export function decryptTripleDes(
  encrypted: Uint8Array,
  passphrase: string,
): Uint8Array | undefined {
  const node = readDer(encrypted);
  const scheme = readAlgorithm(node.at(0, "encryption"));
  if (scheme.oid !== PBES2 || !scheme.parameters) return undefined;
  const derivation = readAlgorithm(scheme.parameters.at(0, "key derivation"));
  const cipher = readAlgorithm(scheme.parameters.at(1, "cipher"));
  if (cipher.oid !== DES_EDE3_CBC || !cipher.parameters) return undefined;
  if (derivation.oid !== PBKDF2 || !derivation.parameters) return undefined;
  const { parameters } = derivation;
  const iterations = readSmallInteger(parameters.at(1, "iteration count"));
  const digest = readPseudoRandom(parameters);
  if (!digest || iterations < 1 || iterations > MAX_ITERATIONS) {
    return undefined;
  }
  const salt = readOctets(parameters.at(0, "salt"));
  const key = pbkdf2Sync(passphrase, salt, iterations, 24, digest);
  const decipher = createDecipheriv(
    "des-ede3-cbc",
    key,
    readOctets(cipher.parameters),
  );
  const content = readOctets(node.at(1, "encrypted key"));
  const head = decipher.update(content);
  return new Uint8Array([...head, ...decipher.final()]);
}

function readPseudoRandom(parameters: DerNode): string | undefined {
  const named = parameters.find(TAG.sequence);
  return named ? PSEUDO_RANDOM.get(readAlgorithm(named).oid) : "sha1";
}
