/**
 * Verification of signatures: RSA (PKCS#1 v1.5 and PSS), ECDSA, Ed25519.
 *
 * @module
 */
import { constants, verify } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { isSsmError, SsmError } from "../../errors.ts";
import {
  type AlgorithmIdentifier,
  type Digest,
  isTooWeak,
  readDer,
  TAG,
  type WeakDigests,
} from "../../asn1/mod.ts";
import {
  importPublicKey,
  type PublicKeyInfo,
  readPublicKeyInfo,
  readRsaKey,
  rsaBits,
} from "../certificate/public_key.ts";
import { verifyPkcs1 } from "./large_rsa.ts";
import { type SignatureScheme, signatureScheme, unusable } from "./scheme.ts";

/** What was signed, how, and the signature. */
export interface Signed {
  readonly algorithm: AlgorithmIdentifier;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

/** Settings of {@linkcode verifySignature}. */
export interface VerifySignatureOptions {
  /** @default "none" */
  allowWeakDigests?: WeakDigests | undefined;
  /**
   * The digest, where the algorithm identifier leaves it open (CMS:
   * `rsaEncryption`, `id-ecPublicKey`). Where it names one, both must agree.
   */
  digest?: Digest | undefined;
}

/**
 * Was `signed.data` signed with the private half of this key?
 *
 * @param spki The signer's SubjectPublicKeyInfo in DER.
 * @throws {SsmError} `SIGNATURE` when the algorithm is weak, unknown or does
 * not belong to the kind of key; `CERTIFICATE` or `DER` when the key cannot be
 * used.
 */
export async function verifySignature(
  spki: Uint8Array,
  signed: Signed,
  options: VerifySignatureOptions = {},
): Promise<boolean> {
  const { allowWeakDigests, digest } = options;
  const scheme = signatureScheme(signed.algorithm, digest);
  if (scheme.digest && isTooWeak(scheme.digest, allowWeakDigests)) {
    throw unusable(`digest ${scheme.digest} is too weak`);
  }
  const key = readPublicKeyInfo(readDer(spki, { strict: true }));
  if (!fits(scheme, key)) {
    throw unusable(`a key of type ${key.algorithm} cannot have made it`);
  }
  switch (scheme.kind) {
    case "pkcs1":
    case "pss":
      return await verifyRsa(key, scheme, signed);
    case "ecdsa":
      return await verifyEcdsa(key, scheme.digest!, signed);
    case "ed25519":
      return verify(null, signed.data, importPublicKey(spki), signed.signature);
  }
}

function fits({ kind }: SignatureScheme, key: PublicKeyInfo): boolean {
  switch (kind) {
    case "pkcs1":
      return key.algorithm === "rsa";
    case "pss":
      return key.algorithm === "rsa" || key.algorithm === "rsa-pss";
    case "ecdsa":
      return key.algorithm === "ec";
    case "ed25519":
      return key.algorithm === "ed25519";
  }
}

/** Below, a key can be broken; above, a verification costs too much. */
const RSA_BITS = { least: 1024, most: 16_384, native: 4096 };

async function verifyRsa(
  key: PublicKeyInfo,
  scheme: SignatureScheme,
  signed: Signed,
): Promise<boolean> {
  const rsa = readRsaKey(key.key);
  const bits = rsaBits(rsa);
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) {
    throw unusable(`an RSA key of ${bits} bits is not accepted`);
  }
  const digest = scheme.digest!;
  // The runtime stops at 4096 bits; some grid roots have 8192.
  if (bits > RSA_BITS.native) {
    if (scheme.kind === "pss") {
      throw unusable(`PSS with an RSA key of ${bits} bits is not supported`);
    }
    // Up to 20 ms: whatever else is due comes first.
    await setImmediate();
    return verifyPkcs1(rsa, digest, signed);
  }
  const publicKey = importPublicKey(key.raw);
  return scheme.kind === "pss"
    ? verify(digest, signed.data, {
      key: publicKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: scheme.saltLength,
    }, signed.signature)
    : verify(digest, signed.data, publicKey, signed.signature);
}

/** Octets of a coordinate, by curve. */
const CURVE_OCTETS: ReadonlyMap<string, number> = new Map([
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
]);

const WEB_DIGESTS: Readonly<Partial<Record<Digest, string>>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** Web Crypto is several times as fast here as `node:crypto`, and knows P-521 with every digest. */
async function verifyEcdsa(
  key: PublicKeyInfo,
  digest: Digest,
  { data, signature }: Signed,
): Promise<boolean> {
  const namedCurve = key.curve ?? "given by its parameters";
  const octets = CURVE_OCTETS.get(namedCurve);
  if (!octets) throw unusable(`curve ${namedCurve} is not supported`);
  const hash = WEB_DIGESTS[digest];
  // The runtime says "false", not "unsupported", to these.
  if (!hash || (digest === "sha1" && namedCurve === "P-384")) {
    throw unusable(`curve ${namedCurve} with ${digest} is not supported`);
  }
  const plain = plainEcdsa(signature, octets);
  if (!plain) return false;
  try {
    const publicKey = await crypto.subtle.importKey(
      "spki",
      asBufferSource(key.raw),
      { name: "ECDSA", namedCurve },
      false,
      ["verify"],
    );
    return await crypto.subtle.verify(
      { name: "ECDSA", hash },
      publicKey,
      plain,
      asBufferSource(data),
    );
  } catch (cause) {
    // A point beside the curve may be imported and is found out only here.
    throw new SsmError("CERTIFICATE", "Cannot use public key: no curve point", {
      cause,
    });
  }
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) as the two numbers side by side; `undefined` if malformed. */
function plainEcdsa(
  signature: Uint8Array,
  octets: number,
): Uint8Array<ArrayBuffer> | undefined {
  const plain = new Uint8Array(2 * octets);
  try {
    const node = readDer(signature, { strict: true });
    node.expect(TAG.sequence, "signature");
    if (node.children.length !== 2) return undefined;
    for (const [index, { tag, content }] of node.children.entries()) {
      const number = content[0] === 0 ? content.subarray(1) : content;
      if (tag !== TAG.integer || number.length > octets) return undefined;
      if (content.length === 0 || content[0]! & 0x80) return undefined;
      plain.set(number, (index + 1) * octets - number.length);
    }
    return plain;
  } catch (error) {
    if (isSsmError(error, "DER")) return undefined;
    throw error;
  }
}

/** Web Crypto wants it said that a view is not on shared memory. */
function asBufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
}
