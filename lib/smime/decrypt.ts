/**
 * Decryption of S/MIME messages.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { type Certificate, formatDn, type PrivateKey } from "../pki/mod.ts";
import { identifies } from "./cms/content_info.ts";
import { decryptContent } from "./cms/content_cipher.ts";
import { readEnvelope, type RecipientInfo } from "./cms/enveloped_data.ts";
import { contentKey } from "./cms/recipient_key.ts";
import { SmimeMessage } from "./message.ts";
import { type Entity, mimeError } from "./mime/entity.ts";
import type { SmimeLimits } from "./mime/limits.ts";
import { decodeBody, isCmsType } from "./mime/media_types.ts";

/** Who decrypts: a certificate and its private key. */
export interface Recipient {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/**
 * Decrypts a message; what comes out is the MIME entity that was encrypted,
 * usually a signed message. It is not authenticated: only the signature
 * inside tells the author.
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
  message: Uint8Array | SmimeMessage,
  recipients: Recipient | readonly Recipient[],
  limits?: Partial<SmimeLimits>,
): Promise<Uint8Array> {
  const read = SmimeMessage.of(message, limits);
  const { entity, contentType } = read.head();
  if (!isCmsType(contentType?.type)) throw mimeError("it is not encrypted");
  const envelope = readEnvelope(ownBody(entity), read.limits);
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

/** The recipient that the message is for, and the part that is for it. */
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
