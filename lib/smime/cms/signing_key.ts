/**
 * Private keys that sign, through WebCrypto: unlike the synchronous sign() of
 * node:crypto it works in parallel, and knows P-521 with every digest.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { der } from "../../asn1/mod.ts";
import type { Certificate, PrivateKey } from "../../pki/mod.ts";
import { type DigestName, OID } from "./algorithms.ts";

/** What makes the signature of one signer. */
export interface SigningKey {
  /** The AlgorithmIdentifier of the signatures, in DER. */
  readonly algorithm: Uint8Array;
  /** Signs data in the form that CMS holds. */
  sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** RFC 5758 §3.2. */
const ECDSA_OIDS: Record<DigestName, string> = {
  sha256: "1.2.840.10045.4.3.2",
  sha384: "1.2.840.10045.4.3.3",
  sha512: "1.2.840.10045.4.3.4",
};

/** WebCrypto's names of the digests. */
const HASHES: Record<DigestName, string> = {
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** The digest that is as strong as the key: SHA-256 but for the larger curves. */
export function naturalDigest(certificate: Certificate): DigestName {
  if (certificate.curve === "P-384") return "sha384";
  return certificate.curve === "P-521" ? "sha512" : "sha256";
}

/** Importing costs as much as signing, and a process signs with one key. */
const imported = new WeakMap<
  PrivateKey,
  Map<DigestName, Promise<SigningKey>>
>();

/**
 * The key of `certificate`, ready to sign with `digest`; remembered for as long as `key` lives.
 *
 * @throws {SsmError} `KEY` when keys of this type cannot sign S/MIME messages here.
 */
export function signingKey(
  certificate: Certificate,
  key: PrivateKey,
  digest: DigestName,
): Promise<SigningKey> {
  let byDigest = imported.get(key);
  if (!byDigest) imported.set(key, byDigest = new Map());
  let ready = byDigest.get(digest);
  if (!ready) {
    byDigest.set(digest, ready = importKey(certificate, key, digest));
  }
  return ready;
}

async function importKey(
  certificate: Certificate,
  key: PrivateKey,
  digest: DigestName,
): Promise<SigningKey> {
  const { keyAlgorithm, curve } = certificate;
  const hash = HASHES[digest];
  if (keyAlgorithm === "rsa") {
    const name = "RSASSA-PKCS1-v1_5";
    const handle = await subtleKey(key, { name, hash });
    return {
      algorithm: der.sequence(der.oid(OID.rsaEncryption), der.nullValue()),
      sign: async (data) =>
        new Uint8Array(await crypto.subtle.sign(name, handle, data)),
    };
  }
  if (keyAlgorithm === "ec" && curve !== undefined) {
    const handle = await subtleKey(key, { name: "ECDSA", namedCurve: curve });
    return {
      algorithm: der.sequence(der.oid(ECDSA_OIDS[digest])),
      sign: async (data) =>
        ecdsaDer(
          new Uint8Array(
            await crypto.subtle.sign({ name: "ECDSA", hash }, handle, data),
          ),
        ),
    };
  }
  throw new SsmError(
    "KEY",
    `Cannot sign message: keys of type ${keyAlgorithm} are not supported`,
    { hint: "Use an RSA key, or an EC key on P-256, P-384 or P-521." },
  );
}

async function subtleKey(
  key: PrivateKey,
  algorithm: RsaHashedImportParams | EcKeyImportParams,
): Promise<CryptoKey> {
  const pkcs8 = key.keyObject.export({ format: "der", type: "pkcs8" });
  const bytes = new Uint8Array(pkcs8);
  try {
    return await crypto.subtle.importKey("pkcs8", bytes, algorithm, false, [
      "sign",
    ]);
  } catch (cause) {
    throw new SsmError("KEY", "Cannot sign message: the key is not usable", {
      cause,
    });
  } finally {
    bytes.fill(0);
    pkcs8.fill(0);
  }
}

/** WebCrypto gives r and s side by side, CMS wants them in a SEQUENCE (RFC 5753 §2.1.1). */
function ecdsaDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return der.sequence(
    der.integer(signature.subarray(0, half)),
    der.integer(signature.subarray(half)),
  );
}
