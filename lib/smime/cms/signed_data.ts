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
  Members,
  readAlgorithm,
  readExplicit,
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
  /** Random bytes by which a signer makes each signature unlike every other (RFC 2985 §5.3.4). */
  readonly randomNonce: Uint8Array | undefined;
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
  const fields = new Members(content, "SignedData");
  fields.take("version").expect(TAG.integer, "version");
  fields.take("digestAlgorithms").expect(TAG.set, "digestAlgorithms")
    .children.forEach((node) => readAlgorithm(node));
  const explicit = readEncapsulated(fields.take("encapContentInfo"));
  checkLimit(
    "bytes of signature",
    der.length - (explicit?.raw.length ?? 0),
    maxStructureBytes,
  );
  const certificates = fields.takeIf(contextTag(0))?.children ?? [];
  checkLimit("certificates", certificates.length, maxCertificates);
  fields.takeIf(contextTag(1)); // CRLs: only those of the CA directory count
  const signers = fields.take("signerInfos").expect(TAG.set, "signerInfos")
    .children;
  fields.end();
  if (signers.length !== 1) {
    throw cmsError(
      signers.length === 0 ? "it has no signer" : "it has several signers",
    );
  }
  return {
    content: explicit && readOctets(readExplicit(explicit, "eContent")),
    certificates: certificates.filter(isX509).map((node) => node.raw),
    signer: readSignerInfo(signers[0]!),
  };
}

/** False for the other choices of CertificateChoices (RFC 5652 §10.2.2), which prove no signer. */
function isX509({ tag }: DerNode): boolean {
  if (tag === TAG.sequence) return true;
  if (tag >= contextTag(0) && tag <= contextTag(3)) return false;
  throw cmsError("there is something else among its certificates");
}

/** The content with its explicit tag; `undefined` when it is elsewhere. */
function readEncapsulated(node: DerNode): DerNode | undefined {
  const fields = new Members(node, "encapContentInfo");
  if (readOid(fields.take("eContentType")) !== OID.data) {
    throw cmsError("the signed content is not plain data");
  }
  const content = fields.takeIf(contextTag(0));
  fields.end();
  return content;
}

function readSignerInfo(node: DerNode): SignerInfo {
  const fields = new Members(node, "SignerInfo");
  fields.take("version").expect(TAG.integer, "version");
  const sid = fields.take("sid");
  const digest = readDigest(fields.take("digestAlgorithm"));
  const attributes = fields.takeIf(contextTag(0));
  const signatureAlgorithm = readAlgorithm(fields.take("signatureAlgorithm"));
  const signature = readOctets(fields.take("signature"));
  fields.takeIf(contextTag(1)); // unsigned attributes: anybody's
  fields.end();
  return {
    id: sid.tag === TAG.sequence
      ? readIssuerAndSerial(sid)
      : { subjectKeyId: readOctets(sid, contextTag(0, false)) },
    digest,
    signedAttributes: attributes && readSignedAttributes(attributes),
    signatureAlgorithm,
    signature,
  };
}

function readSignedAttributes(node: DerNode): SignedAttributes {
  const attributes = new Map<string, readonly DerNode[]>();
  for (const attribute of node.children) {
    const fields = new Members(attribute, "attribute");
    const oid = readOid(fields.take("attribute type"));
    const values = fields.take("attribute values")
      .expect(TAG.set, "attribute values").children;
    fields.end();
    if (attributes.has(oid)) throw cmsError("a signed attribute is repeated");
    attributes.set(oid, values);
  }
  // RFC 5652 §11.1 to §11.3, RFC 2985 §5.3.4: one value each, and the first two must be there.
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
  const randomNonce = single(OID.randomNonce);
  return {
    // RFC 5652 §5.4: signed as a SET OF, not with the tag it travels under.
    der: der.element(TAG.set, node.content),
    messageDigest: readOctets(messageDigest),
    signingTime: signingTime && readTime(signingTime),
    randomNonce: randomNonce && readOctets(randomNonce),
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
