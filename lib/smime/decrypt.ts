/**
 * Decryption of S/MIME messages.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { type Certificate, formatDn, type PrivateKey } from "../pki/mod.ts";
import { OID } from "./cms/algorithms.ts";
import { decodeBase64 } from "./mime/base64.ts";
import { identifies, peekContentType } from "./cms/content_info.ts";
import { decryptContent } from "./cms/content_cipher.ts";
import { readEnvelope, type RecipientInfo } from "./cms/enveloped_data.ts";
import { checkLimit, type SmimeLimits, withDefaults } from "./mime/limits.ts";
import { decodeBody, isBase64, isCmsType } from "./mime/media_types.ts";
import {
  contentTypeOf,
  type Entity,
  mimeError,
  parseMessage,
} from "./mime/entity.ts";
import { contentKey } from "./cms/recipient_key.ts";

/** Who decrypts: a certificate and its private key. */
export interface Recipient {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/** Enough base64 digits for the identifier at the head of a CMS message. */
const HEAD_DIGITS = 64;

/**
 * Tells by its Content-Type and by the identifier at the head of its content
 * whether `message` is an encrypted one; false for anything that cannot be read.
 */
export function isEncrypted(
  message: Uint8Array,
  limits?: Partial<SmimeLimits>,
): boolean {
  try {
    const entity = parseMessage(message, withDefaults(limits).maxHeaderBytes);
    if (!isCms(entity)) return false;
    const type = peekContentType(decodeHead(entity));
    return type === OID.envelopedData || type === OID.authEnvelopedData;
  } catch (error) {
    if (error instanceof SsmError) return false;
    throw error;
  }
}

/**
 * Decrypts a message; what comes out is the MIME entity that was encrypted,
 * usually a signed message. It is not authenticated: the signature inside is
 * what tells who wrote it.
 *
 * Of several recipients, a host's present and earlier certificates, the first
 * that the message is for counts.
 *
 * Whether the key, the padding or the content was wrong is not told, since the
 * difference would help an attacker to decrypt.
 *
 * @throws {SsmError} `MIME`, `DER` or `CMS` when the message is malformed or not
 * supported; `DECRYPT` when it is not for any recipient, or does not open;
 * `LIMIT` when a bound is exceeded.
 */
export async function decryptMessage(
  message: Uint8Array,
  recipients: Recipient | readonly Recipient[],
  limits?: Partial<SmimeLimits>,
): Promise<Uint8Array> {
  const bounds = withDefaults(limits);
  checkLimit("bytes of message", message.length, bounds.maxMessageBytes);
  const entity = parseMessage(message, bounds.maxHeaderBytes);
  if (!isCms(entity)) throw mimeError("it is not encrypted");
  const envelope = readEnvelope(ownBody(entity), bounds);
  const { info, certificate, key } = findRecipient(
    envelope.recipients,
    [recipients].flat(),
  );
  const { cipher, iv, ciphertext, authentication } = envelope;
  const content = await contentKey(info, certificate, key, cipher.keyBytes);
  try {
    return await decryptContent(cipher, { key: content, iv }, {
      ciphertext,
      authentication,
    });
  } catch {
    throw new SsmError("DECRYPT", "Cannot decrypt message: it does not open");
  } finally {
    content.fill(0);
  }
}

/** What is decoded may be decrypted in its place; the message must stay as it is. */
function ownBody(entity: Entity): Uint8Array {
  const decoded = decodeBody(entity);
  return decoded === entity.body ? decoded.slice() : decoded;
}

/** Whose message it is, and the part that is for them. */
function findRecipient(
  infos: readonly RecipientInfo[],
  candidates: readonly Recipient[],
): Recipient & { info: RecipientInfo } {
  for (const { certificate, key } of candidates) {
    const info = infos.find((one) =>
      identifies(one.id, certificate) && fits(one, certificate)
    );
    if (info) return { info, certificate, key };
  }
  const subjects = candidates.map(({ certificate }) =>
    formatDn(certificate.subject)
  );
  throw new SsmError(
    "DECRYPT",
    `Cannot decrypt message: no recipient matches "${
      [...new Set(subjects)].join('" or "')
    }"`,
    { hint: "Give the sender the certificate of this host." },
  );
}

function fits({ kind }: RecipientInfo, { keyAlgorithm }: Certificate): boolean {
  return keyAlgorithm === (kind === "transport" ? "rsa" : "ec");
}

function isCms(entity: Entity): boolean {
  return isCmsType(contentTypeOf(entity)?.type);
}

/** The first bytes of what {@linkcode decodeBody} would return. */
function decodeHead(entity: Entity): Uint8Array {
  const { body } = entity;
  if (!isBase64(entity)) return body.subarray(0, 64);
  const digits = body.subarray(0, 2 * HEAD_DIGITS).filter((char) => char > 0x20)
    .subarray(0, HEAD_DIGITS);
  return decodeBase64(digits.subarray(0, digits.length & ~3));
}
