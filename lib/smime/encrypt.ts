/**
 * Encryption: the message that `openssl smime -encrypt` would write.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  constants,
  createPublicKey,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { concatBytes } from "../bytes.ts";
import { SsmError } from "../errors.ts";
import { contextTag, der, TAG } from "../asn1/mod.ts";
import { type Certificate, formatDn } from "../pki/mod.ts";
import {
  cipherByName,
  type CipherName,
  type ContentCipher,
  OID,
} from "./cms/algorithms.ts";
import { base64Length, putBase64 } from "./mime/base64.ts";
import { ciphertextLength, encryptContent } from "./cms/content_cipher.ts";
import { canonicalLength, putCanonical } from "./mime/line_ends.ts";

/** Settings of {@linkcode encryptMessage}. */
export interface EncryptOptions {
  /**
   * Cipher of the content. `des3` is for receivers of the first generation.
   * @default "aes256"
   */
  cipher?: CipherName;
}

const COLUMNS = 64;
const LF = 0x0a;
const HEADERS = new TextEncoder().encode(
  "MIME-Version: 1.0\n" +
    'Content-Disposition: attachment; filename="smime.p7m"\n' +
    "Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data; " +
    'name="smime.p7m"\n' +
    "Content-Transfer-Encoding: base64\n\n",
);

/**
 * Encrypts a MIME entity, such as a signed message, to one RSA certificate. Its
 * line ends become CRLF, as they do in `openssl smime`.
 *
 * @throws {SsmError} `CERTIFICATE` when the recipient has no RSA key, or an unusable one.
 */
export async function encryptMessage(
  entity: Uint8Array,
  recipient: Certificate,
  options: EncryptOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const cipher = cipherByName(options.cipher ?? "aes256");
  const key = new Uint8Array(randomBytes(cipher.keyBytes));
  const iv = new Uint8Array(randomBytes(cipher.mode === "AES-CBC" ? 16 : 8));
  const length = canonicalLength(entity);
  const sealedLength = ciphertextLength(cipher, length);
  const start = startOfEnvelope(recipient, sealedLength, {
    encryptedKey: encryptKey(key, recipient),
    cipher,
    iv,
  });
  const envelopeLength = start.length + sealedLength;
  const bodyLength = base64Length(envelopeLength, COLUMNS);
  // An entity may be large: it is encrypted, and then encoded, inside the one
  // buffer of the message, at its end first.
  const message = new Uint8Array(HEADERS.length + bodyLength + 1);
  const body = message.subarray(HEADERS.length, -1);
  const envelope = body.subarray(-envelopeLength);
  const content = envelope.subarray(start.length);
  envelope.set(start);
  putCanonical(content, entity);
  await encryptContent(cipher, { key, iv }, { content, length });
  key.fill(0);
  putBase64(body, envelope, COLUMNS);
  message.set(HEADERS);
  message[message.length - 1] = LF;
  return message;
}

function encryptKey(key: Uint8Array, recipient: Certificate): Uint8Array {
  if (recipient.keyAlgorithm !== "rsa") {
    throw recipientError(recipient, "its key is not an RSA key");
  }
  try {
    const publicKey = createPublicKey({
      key: Buffer.from(recipient.spki),
      format: "der",
      type: "spki",
    });
    return publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_PADDING },
      key,
    );
  } catch (cause) {
    throw recipientError(recipient, "its key is not usable", cause);
  }
}

function recipientError(
  recipient: Certificate,
  state: string,
  cause?: unknown,
): SsmError {
  return new SsmError(
    "CERTIFICATE",
    `Cannot encrypt message to "${formatDn(recipient.subject)}": ${state}`,
    { cause, hint: "Use the RSA certificate of the receiving host." },
  );
}

/** What {@linkcode startOfEnvelope} tells the recipient. */
interface EnvelopeParts {
  readonly encryptedKey: Uint8Array;
  readonly cipher: ContentCipher;
  readonly iv: Uint8Array;
}

/**
 * ContentInfo with EnvelopedData, version 0 (RFC 5652 §6.1), up to the
 * ciphertext, which ends all the structures around it.
 */
function startOfEnvelope(
  recipient: Certificate,
  sealedLength: number,
  { encryptedKey, cipher, iv }: EnvelopeParts,
): Uint8Array {
  const recipientInfo = der.sequence(
    der.integer(0),
    der.sequence(
      recipient.issuer.raw,
      der.element(TAG.integer, recipient.serial),
    ),
    der.sequence(der.oid(OID.rsaEncryption), der.nullValue()),
    der.octetString(encryptedKey),
  );
  // From the inside out, since each header tells the length of what it is around.
  const contentInfo = startOf(
    TAG.sequence,
    sealedLength,
    der.oid(OID.data),
    der.sequence(der.oid(cipher.oid), der.octetString(iv)),
    der.header(contextTag(0, false), sealedLength),
  );
  const envelopedData = startOf(
    TAG.sequence,
    sealedLength,
    der.integer(0),
    der.setOf(recipientInfo),
    contentInfo,
  );
  const explicit = startOf(contextTag(0), sealedLength, envelopedData);
  return startOf(
    TAG.sequence,
    sealedLength,
    der.oid(OID.envelopedData),
    explicit,
  );
}

/** An element that goes on with `rest` bytes after the given parts. */
function startOf(
  tag: number,
  rest: number,
  ...parts: Uint8Array[]
): Uint8Array {
  const inside = concatBytes(parts);
  return concatBytes([der.header(tag, inside.length + rest), inside]);
}
