/**
 * EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083): the structure,
 * as far as S/MIME needs it.
 *
 * @module
 */
import {
  type AlgorithmIdentifier,
  contextTag,
  der,
  type DerNode,
  Members,
  readAlgorithm,
  readExplicit,
  readOctets,
  readOid,
  readSmallInteger,
  TAG,
} from "../../asn1/mod.ts";
import { cipherByOid, type ContentCipher, OID } from "./algorithms.ts";
import {
  type CertificateId,
  cmsError,
  readContentInfo,
  readIssuerAndSerial,
} from "./content_info.ts";
import { checkLimit, type SmimeLimits } from "../mime/limits.ts";

/** An envelope, parsed but closed. */
export interface Envelope {
  /** The recipients; forms other than key transport and key agreement are left out. */
  readonly recipients: readonly RecipientInfo[];
  readonly cipher: ContentCipher;
  /** The IV of CBC, the nonce of GCM. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** What GCM adds; absent otherwise. */
  readonly authentication: Authentication | undefined;
}

/** The authenticated part of an AuthEnvelopedData. */
export interface Authentication {
  readonly tag: Uint8Array;
  /** The authenticated attributes as SET OF, or nothing (RFC 5083 §2.2). */
  readonly additionalData: Uint8Array;
}

/** How one recipient gets the content key. */
export type RecipientInfo = KeyTransport | KeyAgreement;

/** The content key, encrypted to an RSA key (RFC 5652 §6.2.1). */
export interface KeyTransport {
  readonly kind: "transport";
  readonly id: CertificateId;
  readonly algorithm: AlgorithmIdentifier;
  readonly encryptedKey: Uint8Array;
}

/** The content key, wrapped under an agreed one (RFC 5652 §6.2.2, RFC 5753 §3.1). */
export interface KeyAgreement {
  readonly kind: "agreement";
  readonly id: CertificateId;
  readonly algorithm: AlgorithmIdentifier;
  /** The sender's ephemeral public key: the content of its BIT STRING. */
  readonly originatorKey: DerNode;
  /** User keying material, which enters the derivation. */
  readonly keyingMaterial: Uint8Array | undefined;
  readonly encryptedKey: Uint8Array;
}

/**
 * Reads an envelope.
 *
 * @throws {SsmError} `DER` or `CMS` when it is malformed or its cipher is
 * unknown; `LIMIT` when there is too much besides the content.
 */
export function readEnvelope(
  der: Uint8Array,
  { maxStructureBytes, maxRecipients }: SmimeLimits,
): Envelope {
  const { contentType, content } = readContentInfo(der);
  const authenticated = contentType === OID.authEnvelopedData;
  if (!authenticated && contentType !== OID.envelopedData) {
    throw cmsError("it is not encrypted data");
  }
  const fields = new Members(content, "EnvelopedData");
  fields.take("version").expect(TAG.integer, "version");
  fields.takeIf(contextTag(0)); // originatorInfo: certificates and CRLs
  const infos = fields.take("recipientInfos")
    .expect(TAG.set, "recipientInfos").children;
  const encrypted = new Members(
    fields.take("encryptedContentInfo"),
    "encryptedContentInfo",
  );
  const encryptedType = readOid(encrypted.take("contentType"));
  const { oid, parameters } = readAlgorithm(
    encrypted.take("contentEncryptionAlgorithm"),
  );
  const ciphertext = encrypted.take("encryptedContent");
  encrypted.end();
  checkLimit(
    "bytes of envelope",
    der.length - ciphertext.raw.length,
    maxStructureBytes,
  );
  checkLimit("recipients", infos.length, maxRecipients);
  const recipients = infos.flatMap(readRecipient);
  checkLimit("recipients", recipients.length, maxRecipients);

  if (encryptedType !== OID.data) {
    throw cmsError("the encrypted content is not plain data");
  }
  const cipher = cipherByOid(oid);
  if (!cipher || (cipher.mode === "AES-GCM") !== authenticated) {
    throw cmsError("the cipher is not supported");
  }
  if (!parameters) throw cmsError("the cipher has no parameters");
  const authentication = authenticated
    ? readAuthentication(fields, parameters)
    : undefined;
  // Attributes that nothing protects.
  fields.takeIf(contextTag(authenticated ? 2 : 1));
  fields.end();
  return {
    recipients,
    cipher,
    iv: readIv(cipher, parameters),
    ciphertext: readOctets(ciphertext, contextTag(0, false)),
    authentication,
  };
}

function readIv(cipher: ContentCipher, parameters: DerNode): Uint8Array {
  if (cipher.mode === "AES-GCM") {
    // RFC 5084 §3.2; other lengths are not recommended, nor implemented.
    const nonce = readOctets(parameters.at(0, "nonce"));
    if (nonce.length !== 12) throw cmsError("the nonce has not 12 bytes");
    return nonce;
  }
  const iv = readOctets(parameters);
  if (iv.length !== (cipher.mode === "AES-CBC" ? 16 : 8)) {
    throw cmsError("the initialisation vector has a wrong length");
  }
  return iv;
}

function readAuthentication(
  fields: Members,
  parameters: DerNode,
): Authentication {
  const attributes = fields.takeIf(contextTag(1));
  const tag = readOctets(fields.take("authentication code"));
  const length = parameters.children[1];
  // RFC 5084 §3.2: 12 by default, and shorter ones are not worth the name.
  const tagBytes = length ? readSmallInteger(length) : 12;
  if (tagBytes < 12 || tagBytes > 16 || tag.length !== tagBytes) {
    throw cmsError("the authentication code has a wrong length");
  }
  return {
    tag,
    additionalData: attributes
      ? der.element(TAG.set, attributes.content)
      : new Uint8Array(),
  };
}

function readRecipient(node: DerNode): RecipientInfo[] {
  if (node.tag === TAG.sequence) return [readKeyTransport(node)];
  if (node.tag === contextTag(1)) return readKeyAgreement(node);
  // Keys that were agreed on before, passwords, and what may come.
  if (node.tag >= contextTag(2) && node.tag <= contextTag(4)) return [];
  throw cmsError("there is something else among its recipients");
}

function readKeyTransport(node: DerNode): KeyTransport {
  const fields = new Members(node, "KeyTransRecipientInfo");
  fields.take("version").expect(TAG.integer, "version");
  const rid = fields.take("rid");
  const algorithm = readAlgorithm(fields.take("keyEncryptionAlgorithm"));
  const encryptedKey = readOctets(fields.take("encryptedKey"));
  fields.end();
  return {
    kind: "transport",
    id: rid.tag === TAG.sequence
      ? readIssuerAndSerial(rid)
      : { subjectKeyId: readOctets(rid, contextTag(0, false)) },
    algorithm,
    encryptedKey,
  };
}

function readKeyAgreement(node: DerNode): KeyAgreement[] {
  const fields = new Members(node, "KeyAgreeRecipientInfo", contextTag(1));
  fields.take("version").expect(TAG.integer, "version");
  const originator = readExplicit(
    fields.take("originator").expect(contextTag(0), "originator"),
    "originator",
  );
  const ukm = fields.takeIf(contextTag(1));
  const algorithm = readAlgorithm(fields.take("keyEncryptionAlgorithm"));
  const keys = fields.take("recipientEncryptedKeys")
    .expect(TAG.sequence, "recipientEncryptedKeys").children;
  fields.end();
  // A static sender key, named by its certificate, is not in use (RFC 5753 §3.1.1).
  if (originator.tag !== contextTag(1)) return [];
  const sender = new Members(originator, "originatorKey", contextTag(1));
  readAlgorithm(sender.take("algorithm"));
  const originatorKey = sender.take("publicKey")
    .expect(TAG.bitString, "publicKey");
  sender.end();
  const keyingMaterial = ukm && readOctets(readExplicit(ukm, "ukm"));
  return keys.map((key) => {
    const parts = new Members(key, "RecipientEncryptedKey");
    const id = readAgreementId(parts.take("rid"));
    const encryptedKey = readOctets(parts.take("encryptedKey"));
    parts.end();
    return {
      kind: "agreement",
      id,
      algorithm,
      originatorKey,
      keyingMaterial,
      encryptedKey,
    };
  });
}

/** KeyAgreeRecipientIdentifier. */
function readAgreementId(rid: DerNode): CertificateId {
  return rid.tag === TAG.sequence ? readIssuerAndSerial(rid) : {
    subjectKeyId: readOctets(
      rid.expect(contextTag(0), "rKeyId").at(0, "subjectKeyIdentifier"),
    ),
  };
}
