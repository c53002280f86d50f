/**
 * SignedData (RFC 5652 §5): the structure, as far as S/MIME needs it.
 *
 * @module
 */
import {
  type AlgorithmIdentifier,
  contextTag,
  der,
  type DerNode,
  type Digest,
  digestOfOid,
  readAlgorithm,
  readOctets,
  readOid,
  readTime,
  TAG,
} from "../../asn1/mod.ts";
import { OID } from "./algorithms.ts";
import {
  type CertificateId,
  cmsError,
  readContentInfo,
  readIssuerAndSerial,
} from "./content_info.ts";
import { checkLimit, type SmimeLimits } from "../mime/limits.ts";

/** A signature by one signer, parsed but not verified. */
export interface SignedData {
  /** The content, unless the signature is detached from it. */
  readonly content: Uint8Array | undefined;
  /** The certificates that came along, in DER, in their order. */
  readonly certificates: readonly Uint8Array[];
  readonly signer: SignerInfo;
}

/** What the one signer says (RFC 5652 §5.3). */
export interface SignerInfo {
  readonly id: CertificateId;
  readonly digest: Digest;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** Absent when the signature is made over the content itself. */
  readonly signedAttributes: SignedAttributes | undefined;
}

/** The attributes that the signature covers (RFC 5652 §11). */
export interface SignedAttributes {
  /** The exact bytes that were signed (RFC 5652 §5.4). */
  readonly der: Uint8Array;
  readonly messageDigest: Uint8Array;
  readonly signingTime: Date | undefined;
  /** Hashes of the signer's certificate (RFC 2634 §5.4, RFC 5035), where the signer states them. */
  readonly certificateHashes: readonly CertificateHash[];
}

/** The first certificate named by a signing-certificate attribute. */
export interface CertificateHash {
  readonly digest: Digest;
  readonly hash: Uint8Array;
}

/**
 * Reads a SignedData with exactly one signer.
 *
 * @throws {SsmError} `DER` or `CMS` when it is malformed, has no signer or several;
 * `LIMIT` when there is too much besides the content.
 */
export function readSignedData(
  der: Uint8Array,
  { maxStructureBytes, maxCertificates }: SmimeLimits,
): SignedData {
  const { contentType, content } = readContentInfo(der);
  if (contentType !== OID.signedData) throw cmsError("it is not signed data");
  const fields = content.expect(TAG.sequence, "SignedData").children;
  const encapsulated = content.at(2, "encapContentInfo")
    .expect(TAG.sequence, "encapContentInfo");
  if (readOid(encapsulated.at(0, "eContentType")) !== OID.data) {
    throw cmsError("the signed content is not plain data");
  }
  const explicit = encapsulated.children[1]
    ?.expect(contextTag(0), "eContent");
  checkLimit(
    "bytes of signature",
    der.length - (explicit?.raw.length ?? 0),
    maxStructureBytes,
  );
  const certificates = content.find(contextTag(0))?.children ?? [];
  checkLimit("certificates", certificates.length, maxCertificates);
  const signers = fields.at(-1)!.expect(TAG.set, "signerInfos").children;
  if (signers.length !== 1) {
    throw cmsError(
      signers.length === 0 ? "it has no signer" : "it has several signers",
    );
  }
  return {
    content: explicit && readOctets(explicit.at(0, "eContent")),
    // Attribute certificates and other choices prove no signer.
    certificates: certificates.filter((node) => node.tag === TAG.sequence)
      .map((node) => node.raw),
    signer: readSignerInfo(signers[0]!),
  };
}

function readSignerInfo(node: DerNode): SignerInfo {
  node.expect(TAG.sequence, "SignerInfo");
  const sid = node.at(1, "sid");
  let next = 3;
  const attributes = node.at(next, "signedAttrs");
  const hasAttributes = attributes.tag === contextTag(0);
  if (hasAttributes) next++;
  return {
    id: sid.tag === TAG.sequence
      ? readIssuerAndSerial(sid)
      : { subjectKeyId: readOctets(sid, contextTag(0, false)) },
    digest: readDigest(node.at(2, "digestAlgorithm")),
    signedAttributes: hasAttributes
      ? readSignedAttributes(attributes)
      : undefined,
    signatureAlgorithm: readAlgorithm(node.at(next, "signatureAlgorithm")),
    signature: readOctets(node.at(next + 1, "signature")),
  };
}

function readSignedAttributes(node: DerNode): SignedAttributes {
  const attributes = new Map<string, readonly DerNode[]>();
  for (const attribute of node.children) {
    attribute.expect(TAG.sequence, "attribute");
    const oid = readOid(attribute.at(0, "attribute type"));
    if (attributes.has(oid)) throw cmsError("a signed attribute is repeated");
    attributes.set(
      oid,
      attribute.at(1, "attribute values").expect(TAG.set, "attribute values")
        .children,
    );
  }
  // RFC 5652 §11.1 to §11.3: one value each, and the first two must be there.
  const single = (oid: string): DerNode | undefined => {
    const values = attributes.get(oid);
    if (values && values.length !== 1) {
      throw cmsError("a signed attribute has not exactly one value");
    }
    return values?.[0];
  };
  const contentType = single(OID.contentType);
  const messageDigest = single(OID.messageDigest);
  if (!contentType || !messageDigest) {
    throw cmsError("a mandatory signed attribute is missing");
  }
  if (readOid(contentType) !== OID.data) {
    throw cmsError("the signed content type is not that of the content");
  }
  const signingTime = single(OID.signingTime);
  return {
    // RFC 5652 §5.4: signed as a SET OF, not with the tag it travels under.
    der: der.element(TAG.set, node.content),
    messageDigest: readOctets(messageDigest),
    signingTime: signingTime && readTime(signingTime),
    certificateHashes: [
      // RFC 2634 §5.4.1: by SHA-1; RFC 5035 §4: by SHA-256 unless it says otherwise.
      ...certificateHash(single(OID.signingCertificate), "sha1"),
      ...certificateHash(single(OID.signingCertificateV2), "sha256"),
    ],
  };
}

function certificateHash(
  attribute: DerNode | undefined,
  defaultDigest: Digest,
): CertificateHash[] {
  if (!attribute) return [];
  const certId = attribute.at(0, "certs").at(0, "certificate id");
  const first = certId.at(0, "certificate hash");
  return first.tag === TAG.sequence
    ? [{
      digest: readDigest(first),
      hash: readOctets(certId.at(1, "certificate hash")),
    }]
    : [{ digest: defaultDigest, hash: readOctets(first) }];
}

function readDigest(node: DerNode): Digest {
  const digest = digestOfOid(readAlgorithm(node).oid);
  if (!digest) throw cmsError("the digest algorithm is not supported");
  return digest;
}
