/**
 * Messages that no honest program writes, validly signed where they can be.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { der, TAG } from "../../../lib/asn1/mod.ts";
import { OID } from "../../../lib/smime/cms/algorithms.ts";
import type { Signer } from "../../../lib/smime/mod.ts";
import { signingKey } from "../../../lib/smime/cms/signing_key.ts";
import { bytes } from "../text.ts";

const SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.nullValue());

/** What to do differently from an honest signer. */
export interface Forgery {
  /** The signed attributes, from the honest ones; none at all for `null`. */
  attributes?: ((honest: Uint8Array[]) => Uint8Array[]) | null;
  /** The certificates that come along. */
  certificates?: Uint8Array[];
  /** The SignerInfo structures, from the honest one. */
  signerInfos?: (honest: Uint8Array) => Uint8Array[];
  /** The SignerIdentifier. */
  sid?: Uint8Array;
  digestAlgorithm?: Uint8Array;
  contentType?: string;
  /** The content inside the structure: opaque. */
  content?: Uint8Array;
}

/** An attribute with one value or several. */
export function attribute(oid: string, ...values: Uint8Array[]): Uint8Array {
  return der.sequence(der.oid(oid), der.setOf(...values));
}

/** A CMS structure over `signed`, with the flaws asked for. */
export async function forgeSignedData(
  signer: Signer,
  signed: Uint8Array,
  forgery: Forgery = {},
): Promise<Uint8Array> {
  const { certificate, key } = signer;
  const {
    attributes = (honest) => honest,
    certificates = [certificate.raw],
    signerInfos = (honest) => [honest],
    sid = der.sequence(
      certificate.issuer.raw,
      der.element(TAG.integer, certificate.serial),
    ),
    digestAlgorithm = SHA256,
    contentType = OID.data,
    content,
  } = forgery;
  const { algorithm, sign } = await signingKey(certificate, key, "sha256");
  const digest = createHash("sha256").update(signed).digest();
  const set = attributes && attributeSet(attributes([
    attribute(OID.contentType, der.oid(OID.data)),
    attribute(OID.messageDigest, der.octetString(digest)),
  ]));
  const signature = await sign(set ?? new Uint8Array(signed));
  const signerInfo = der.sequence(
    der.integer(1),
    sid,
    digestAlgorithm,
    ...(set ? [retagged(set, 0xa0)] : []),
    algorithm,
    der.octetString(signature),
  );
  return signedData({
    contentType,
    content,
    certificates,
    signerInfos: signerInfos(signerInfo),
  });
}

/** The attributes as SET OF, in the order given. */
export function attributeSet(
  attributes: Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return der.element(TAG.set, ...attributes);
}

/** The same element under another tag. */
function retagged(element: Uint8Array, tag: number): Uint8Array {
  const copy = element.slice();
  copy[0] = tag;
  return copy;
}

interface SignedDataParts {
  contentType: string;
  content: Uint8Array | undefined;
  certificates: Uint8Array[];
  signerInfos: Uint8Array[];
}

/** A SignedData of any parts, in ContentInfo. */
export function signedData(parts: SignedDataParts): Uint8Array {
  const { contentType, content, certificates, signerInfos } = parts;
  return der.sequence(
    der.oid(OID.signedData),
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.setOf(SHA256),
        der.sequence(
          der.oid(contentType),
          ...(content ? [der.context(0, der.octetString(content))] : []),
        ),
        der.context(0, ...certificates),
        der.element(TAG.set, ...signerInfos),
      ),
    ),
  );
}

/** An entity as it is signed. */
export function textEntity(text: string): string {
  return `Content-Type: text/plain\r\n\r\n${text}`;
}

/** A clear-signed message around any entity and structure. */
export function clearSigned(entity: string, cms: Uint8Array): Uint8Array {
  return bytes(
    'MIME-Version: 1.0\nContent-Type: multipart/signed; boundary="b"\n\n' +
      `--b\n${entity}\n--b\nContent-Type: application/pkcs7-signature\n` +
      `Content-Transfer-Encoding: base64\n\n${cms.toBase64()}\n--b--\n`,
  );
}

/** An opaque-signed or encrypted message around any structure. */
export function opaque(cms: Uint8Array): Uint8Array {
  return bytes(
    "Content-Type: application/pkcs7-mime\n" +
      `Content-Transfer-Encoding: base64\n\n${cms.toBase64()}\n`,
  );
}
