/**
 * Writing of SignedData as `openssl smime -sign` does: one signer, its
 * certificate only, its four signed attributes (RFC 5652 §5, RFC 8551 §2.5), and
 * one more that makes each signature unlike every other.
 *
 * @module
 */
import { der, oidOfDigest, TAG } from "../../asn1/mod.ts";
import type { Certificate } from "../../pki/mod.ts";
import { cipherByName, type DigestName, OID } from "./algorithms.ts";

/** What a peer may encrypt to us with, best first (RFC 8551 §2.5.2). */
const CAPABILITIES = der.sequence(
  ...(["aes256", "aes192", "aes128", "des3"] as const)
    .map((name) => der.sequence(der.oid(cipherByName(name).oid))),
);

/** So long that none comes twice by chance: a receiver takes a second message with the same nonce for a replay. */
const NONCE_BYTES = 16;

/**
 * The SET OF signed attributes, as it is signed (RFC 5652 §5.4). No two are the
 * same, not even for one text within one second: there is a random one among them
 * (RFC 2985 §5.3.4), which receivers that do not know it pass over.
 */
export function writeSignedAttributes(
  messageDigest: Uint8Array,
  signingTime: Date,
): Uint8Array<ArrayBuffer> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return der.setOf(
    attribute(OID.contentType, der.oid(OID.data)),
    attribute(OID.signingTime, der.time(signingTime)),
    attribute(OID.randomNonce, der.octetString(nonce)),
    attribute(OID.messageDigest, der.octetString(messageDigest)),
    attribute(OID.smimeCapabilities, CAPABILITIES),
  );
}

/** The parts of a signature that was made. */
export interface MadeSignature {
  readonly certificate: Certificate;
  readonly digest: DigestName;
  /** As {@linkcode writeSignedAttributes} made them. */
  readonly signedAttributes: Uint8Array;
  /** AlgorithmIdentifier, in DER. */
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** The ContentInfo with a detached signature. */
export function writeSignedData(made: MadeSignature): Uint8Array<ArrayBuffer> {
  const { certificate, digest, signedAttributes, algorithm, signature } = made;
  const digestAlgorithm = der.sequence(
    der.oid(oidOfDigest(digest)),
    der.nullValue(),
  );
  // The attributes travel under the tag [0] instead of SET.
  const tagged = signedAttributes.slice();
  tagged[0] = 0xa0;
  const signerInfo = der.sequence(
    der.integer(1),
    der.sequence(
      certificate.issuer.raw,
      der.element(TAG.integer, certificate.serial),
    ),
    digestAlgorithm,
    tagged,
    algorithm,
    der.octetString(signature),
  );
  const signedData = der.sequence(
    der.integer(1),
    der.setOf(digestAlgorithm),
    der.sequence(der.oid(OID.data)),
    der.context(0, certificate.raw),
    der.setOf(signerInfo),
  );
  return der.sequence(der.oid(OID.signedData), der.context(0, signedData));
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return der.sequence(der.oid(type), der.setOf(value));
}
