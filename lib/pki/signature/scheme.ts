/**
 * The ways of signing that algorithm identifiers name.
 *
 * Source: RFC 3279 §2.2, RFC 4055, RFC 5758, RFC 8410.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import {
  type AlgorithmIdentifier,
  contextTag,
  type Digest,
  digestOfOid,
  readAlgorithm,
  readSmallInteger,
} from "../../asn1/mod.ts";

/** A way of signing, without its key. */
export interface SignatureScheme {
  readonly kind: "pkcs1" | "pss" | "ecdsa" | "ed25519";
  /** `undefined` for Ed25519, which has its own. */
  readonly digest: Digest | undefined;
  /** For PSS, in octets. */
  readonly saltLength?: number;
}

const SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map([
  ["1.2.840.113549.1.1.1", { kind: "pkcs1", digest: undefined }],
  ["1.2.840.113549.1.1.4", { kind: "pkcs1", digest: "md5" }],
  ["1.2.840.113549.1.1.5", { kind: "pkcs1", digest: "sha1" }],
  ["1.3.14.3.2.29", { kind: "pkcs1", digest: "sha1" }],
  ["1.2.840.113549.1.1.14", { kind: "pkcs1", digest: "sha224" }],
  ["1.2.840.113549.1.1.11", { kind: "pkcs1", digest: "sha256" }],
  ["1.2.840.113549.1.1.12", { kind: "pkcs1", digest: "sha384" }],
  ["1.2.840.113549.1.1.13", { kind: "pkcs1", digest: "sha512" }],
  ["2.16.840.1.101.3.4.3.13", { kind: "pkcs1", digest: "sha3-224" }],
  ["2.16.840.1.101.3.4.3.14", { kind: "pkcs1", digest: "sha3-256" }],
  ["2.16.840.1.101.3.4.3.15", { kind: "pkcs1", digest: "sha3-384" }],
  ["2.16.840.1.101.3.4.3.16", { kind: "pkcs1", digest: "sha3-512" }],
  ["1.2.840.10045.2.1", { kind: "ecdsa", digest: undefined }],
  ["1.2.840.10045.4.1", { kind: "ecdsa", digest: "sha1" }],
  ["1.2.840.10045.4.3.1", { kind: "ecdsa", digest: "sha224" }],
  ["1.2.840.10045.4.3.2", { kind: "ecdsa", digest: "sha256" }],
  ["1.2.840.10045.4.3.3", { kind: "ecdsa", digest: "sha384" }],
  ["1.2.840.10045.4.3.4", { kind: "ecdsa", digest: "sha512" }],
  ["1.3.101.112", { kind: "ed25519", digest: undefined }],
]);

const RSASSA_PSS = "1.2.840.113549.1.1.10";

/**
 * The way of signing that an algorithm identifier names.
 *
 * @param digest The digest named elsewhere, as in CMS.
 * @throws {SsmError} `SIGNATURE` when it is unknown, leaves the digest open, or
 * names another one than `digest`.
 */
export function signatureScheme(
  algorithm: AlgorithmIdentifier,
  digest?: Digest,
): SignatureScheme {
  const scheme = algorithm.oid === RSASSA_PSS
    ? readPssScheme(algorithm)
    : SCHEMES.get(algorithm.oid);
  if (!scheme) throw unusable(`algorithm ${algorithm.oid} is not supported`);
  if (scheme.kind === "ed25519") return scheme;
  if (digest && scheme.digest && digest !== scheme.digest) {
    throw unusable(`it names both ${scheme.digest} and ${digest} as digest`);
  }
  const chosen = scheme.digest ?? digest;
  if (!chosen) throw unusable("it names no digest");
  return { ...scheme, digest: chosen };
}

/** RFC 4055 §3.1. All parameters have defaults, of SHA-1. */
function readPssScheme({ parameters }: AlgorithmIdentifier): SignatureScheme {
  const member = (n: number) => parameters?.find(contextTag(n))?.at(0, "value");
  const hash = member(0);
  const generator = member(1);
  const salt = member(2);
  const digest = hash ? digestOfOid(readAlgorithm(hash).oid) : "sha1";
  let maskDigest: Digest | undefined = "sha1";
  if (generator) {
    const inner = readAlgorithm(generator).parameters;
    maskDigest = inner && digestOfOid(readAlgorithm(inner).oid);
  }
  if (!digest || digest !== maskDigest) {
    throw unusable("its PSS parameters are not supported");
  }
  return {
    kind: "pss",
    digest,
    saltLength: salt ? readSmallInteger(salt) : 20,
  };
}

/** A signature that cannot even be tried, in words. */
export function unusable(state: string): SsmError {
  return new SsmError("SIGNATURE", `Cannot verify signature: ${state}`);
}
