/**
 * PKCS#8 keys under a passphrase. The runtime opens only some of what OpenSSL
 * writes: none with the pseudo-random function of OpenSSL 1.0 (HMAC with SHA-1)
 * and AES, and nothing with Triple DES.
 *
 * Source: RFC 5958 §3; RFC 8018 §5.2 (PBKDF2), §6.2 (PBES2), appendix A and B;
 * RFC 7914 §7 (scrypt); RFC 7292 appendix C (the PBES1 of PKCS #12).
 *
 * @module
 */
import { createDecipheriv, pbkdf2Sync, scryptSync } from "node:crypto";
import { SsmError } from "../../errors.ts";
import {
  type AlgorithmIdentifier,
  type DerNode,
  readAlgorithm,
  readDer,
  readOctets,
  readSmallInteger,
  TAG,
} from "../../asn1/mod.ts";
import { derivePkcs12 } from "./pkcs12_derivation.ts";

const PBES2 = "1.2.840.113549.1.5.13";
const PBKDF2 = "1.2.840.113549.1.5.12";
const SCRYPT = "1.3.6.1.4.1.11591.4.11";
/** pbeWithSHAAnd3-KeyTripleDES-CBC. */
const PBE_SHA1_3DES = "1.2.840.113549.1.12.1.3";

/** A cipher of the runtime, but for AES-192, and how long its keys are. */
interface Cipher {
  readonly name: "aes-128-cbc" | "aes-192-cbc" | "aes-256-cbc" | "des-ede3-cbc";
  readonly keyBytes: number;
}

const TRIPLE_DES: Cipher = { name: "des-ede3-cbc", keyBytes: 24 };

const CIPHERS: ReadonlyMap<string, Cipher> = new Map<string, Cipher>([
  ["2.16.840.1.101.3.4.1.2", { name: "aes-128-cbc", keyBytes: 16 }],
  ["2.16.840.1.101.3.4.1.22", { name: "aes-192-cbc", keyBytes: 24 }],
  ["2.16.840.1.101.3.4.1.42", { name: "aes-256-cbc", keyBytes: 32 }],
  ["1.2.840.113549.3.7", TRIPLE_DES],
]);

/** The hashes of PBKDF2's HMAC. */
const PSEUDO_RANDOM: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.2.6", "md5"],
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.8", "sha224"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.10", "sha384"],
  ["1.2.840.113549.2.11", "sha512"],
  ["1.2.840.113549.2.12", "sha512-224"],
  ["1.2.840.113549.2.13", "sha512-256"],
]);

/** RFC 8018 counts in thousands, current advice in hundreds of thousands. */
const MAX_ITERATIONS = 10_000_000;

/** OpenSSL takes 16 MiB by default; advice for files goes up to 1 GiB, which no service should need for its key. */
const MAX_SCRYPT_BYTES = 256 << 20;
const MAX_SCRYPT_PARALLEL = 16;

/**
 * The PrivateKeyInfo inside an EncryptedPrivateKeyInfo. A wrong passphrase throws
 * the runtime's error or, by chance, yields garbage.
 *
 * @throws {SsmError} `DER` when it is malformed, `KEY` when it is encrypted in a
 * way that is not supported.
 */
export function decryptPkcs8(
  encrypted: Uint8Array,
  passphrase: string,
): Uint8Array {
  const node = readDer(encrypted);
  const scheme = readAlgorithm(node.at(0, "encryption"));
  const ciphertext = readOctets(node.at(1, "encrypted key"));
  const { cipher, key, iv } = scheme.oid === PBES2
    ? pbes2(parametersOf(scheme), passphrase)
    : scheme.oid === PBE_SHA1_3DES
    ? pbes1(parametersOf(scheme), passphrase)
    : unsupported(scheme.oid);
  return decryptCbc(cipher, { key, iv }, ciphertext);
}

/** What a passphrase has become. */
interface Derived {
  readonly cipher: Cipher;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

function pbes2(parameters: DerNode, passphrase: string): Derived {
  const derivation = readAlgorithm(parameters.at(0, "key derivation"));
  const encryption = readAlgorithm(parameters.at(1, "cipher"));
  const cipher = CIPHERS.get(encryption.oid) ?? unsupported(encryption.oid);
  const derive = derivation.oid === PBKDF2
    ? pbkdf2
    : derivation.oid === SCRYPT
    ? scrypt
    : unsupported(derivation.oid);
  return {
    cipher,
    key: derive(parametersOf(derivation), passphrase, cipher.keyBytes),
    iv: readOctets(parametersOf(encryption)),
  };
}

function pbkdf2(
  parameters: DerNode,
  passphrase: string,
  keyBytes: number,
): Uint8Array {
  const salt = readOctets(parameters.at(0, "salt"));
  const iterations = readIterations(parameters.at(1, "iteration count"));
  const named = parameters.find(TAG.sequence);
  const oid = named && readAlgorithm(named).oid;
  const hash = oid === undefined
    ? "sha1"
    : PSEUDO_RANDOM.get(oid) ?? unsupported(oid);
  return pbkdf2Sync(passphrase, salt, iterations, keyBytes, hash);
}

function scrypt(
  parameters: DerNode,
  passphrase: string,
  keyBytes: number,
): Uint8Array {
  const salt = readOctets(parameters.at(0, "salt"));
  const cost = readSmallInteger(parameters.at(1, "cost"));
  const blockSize = readSmallInteger(parameters.at(2, "block size"));
  const parallelization = readSmallInteger(parameters.at(3, "parallelization"));
  if (
    128 * cost * blockSize > MAX_SCRYPT_BYTES ||
    parallelization > MAX_SCRYPT_PARALLEL
  ) return unsupported("scrypt of this cost");
  return scryptSync(passphrase, salt, keyBytes, {
    ...{ cost, blockSize, parallelization },
    maxmem: 2 * MAX_SCRYPT_BYTES,
  });
}

/** As Windows, Java and `openssl pkcs8 -v1` have it. */
function pbes1(parameters: DerNode, passphrase: string): Derived {
  const salt = readOctets(parameters.at(0, "salt"));
  const iterations = readIterations(parameters.at(1, "iteration count"));
  const derive = (purpose: number, length: number) =>
    derivePkcs12(passphrase, { salt, iterations, purpose }).subarray(0, length);
  const { keyBytes } = TRIPLE_DES;
  return { cipher: TRIPLE_DES, key: derive(1, keyBytes), iv: derive(2, 8) };
}

function decryptCbc(
  { name }: Cipher,
  { key, iv }: Omit<Derived, "cipher">,
  ciphertext: Uint8Array,
): Uint8Array {
  if (name === "aes-192-cbc") return decryptAes192(key, iv, ciphertext);
  const decipher = createDecipheriv(name, key, iv);
  const head = decipher.update(ciphertext);
  return new Uint8Array([...head, ...decipher.final()]);
}

/** CBC by its definition (NIST SP 800-38A §6.2): of AES-192 the runtime has single blocks only. */
function decryptAes192(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const decipher = createDecipheriv("aes-192-ecb", key, null);
  decipher.setAutoPadding(false);
  const head = decipher.update(ciphertext);
  const plain = new Uint8Array([...head, ...decipher.final()]);
  const before = [...iv, ...ciphertext];
  plain.forEach((octet, at) => plain[at] = octet ^ before[at]!);
  // A wrong padding needs no word of its own: what is left then is no key.
  return plain.subarray(0, plain.length - (plain.at(-1) ?? 0));
}

function parametersOf({ oid, parameters }: AlgorithmIdentifier): DerNode {
  return parameters ?? unsupported(`${oid} without parameters`);
}

function readIterations(node: DerNode): number {
  const iterations = readSmallInteger(node);
  if (iterations >= 1 && iterations <= MAX_ITERATIONS) return iterations;
  return unsupported(`${iterations} iterations`);
}

function unsupported(what: string): never {
  throw unsupportedEncryption(what);
}

/** The error for a key that is encrypted in a way that is not supported. */
export function unsupportedEncryption(what: string): SsmError {
  return new SsmError(
    "KEY",
    `Cannot read private key: its encryption is not supported (${what})`,
    { hint: "convert the key: openssl pkcs8 -topk8 -v2 aes-256-cbc" },
  );
}
