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
  readAlgorithm,
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
  /** Whom it is for; forms other than key transport and key agreement are left out. */
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
  content.expect(TAG.sequence, "EnvelopedData");
  let next = 1;
  if (content.at(next, "recipientInfos").tag === contextTag(0)) next++;
  const infos = content.at(next++, "recipientInfos")
    .expect(TAG.set, "recipientInfos").children;
  const encrypted = content.at(next++, "encryptedContentInfo")
    .expect(TAG.sequence, "encryptedContentInfo");
  const ciphertext = encrypted.at(2, "encryptedContent");
  checkLimit(
    "bytes of envelope",
    der.length - ciphertext.raw.length,
    maxStructureBytes,
  );
  checkLimit("recipients", infos.length, maxRecipients);
  const recipients = infos.flatMap(readRecipient);
  checkLimit("recipients", recipients.length, maxRecipients);

  if (readOid(encrypted.at(0, "contentType")) !== OID.data) {
    throw cmsError("the encrypted content is not plain data");
  }
  const { oid, parameters } = readAlgorithm(
    encrypted.at(1, "contentEncryptionAlgorithm"),
  );
  const cipher = cipherByOid(oid);
  if (!cipher || (cipher.mode === "AES-GCM") !== authenticated) {
    throw cmsError("the cipher is not supported");
  }
  if (!parameters) throw cmsError("the cipher has no parameters");
  return {
    recipients,
    cipher,
    iv: readIv(cipher, parameters),
    ciphertext: readOctets(ciphertext, contextTag(0, false)),
    authentication: authenticated
      ? readAuthentication(content.children.slice(next), parameters)
      : undefined,
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
  rest: readonly DerNode[],
  parameters: DerNode,
): Authentication {
  const attributes = rest[0]?.tag === contextTag(1) ? rest[0] : undefined;
  const mac = rest[attributes ? 1 : 0];
  if (!mac) throw cmsError("the authentication code is missing");
  const length = parameters.children[1];
  // RFC 5084 §3.2: 12 by default, and shorter ones are not worth the name.
  const tagBytes = length ? readSmallInteger(length) : 12;
  const tag = readOctets(mac);
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
  return node.tag === contextTag(1) ? readKeyAgreement(node) : [];
}

function readKeyTransport(node: DerNode): KeyTransport {
  const rid = node.at(1, "rid");
  return {
    kind: "transport",
    id: rid.tag === TAG.sequence
      ? readIssuerAndSerial(rid)
      : { subjectKeyId: readOctets(rid, contextTag(0, false)) },
    algorithm: readAlgorithm(node.at(2, "keyEncryptionAlgorithm")),
    encryptedKey: readOctets(node.at(3, "encryptedKey")),
  };
}

function readKeyAgreement(node: DerNode): KeyAgreement[] {
  const originator = node.at(1, "originator")
    .expect(contextTag(0), "originator").at(0, "originator");
  // A static sender key, named by its certificate, is not in use (RFC 5753 §3.1.1).
  if (originator.tag !== contextTag(1)) return [];
  const originatorKey = originator.at(1, "publicKey")
    .expect(TAG.bitString, "publicKey");
  const ukm = node.at(2, "ukm");
  const keyingMaterial = ukm.tag === contextTag(1)
    ? readOctets(ukm.at(0, "ukm"))
    : undefined;
  const next = keyingMaterial ? 3 : 2;
  const algorithm = readAlgorithm(node.at(next, "keyEncryptionAlgorithm"));
  const keys = node.at(next + 1, "recipientEncryptedKeys")
    .expect(TAG.sequence, "recipientEncryptedKeys").children;
  return keys.map((key) => ({
    kind: "agreement",
    id: readAgreementId(key.at(0, "rid")),
    algorithm,
    originatorKey,
    keyingMaterial,
    encryptedKey: readOctets(key.at(1, "encryptedKey")),
  }));
}

/** KeyAgreeRecipientIdentifier. */
function readAgreementId(rid: DerNode): CertificateId {
  return rid.tag === TAG.sequence ? readIssuerAndSerial(rid) : {
    subjectKeyId: readOctets(
      rid.expect(contextTag(0), "rKeyId").at(0, "subjectKeyIdentifier"),
    ),
  };
}
