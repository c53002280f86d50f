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
import { SsmError } from "../errors.ts";
import {
  type Certificate,
  contextTag,
  der,
  formatDn,
  TAG,
} from "../pki/mod.ts";
import {
  cipherByName,
  type CipherName,
  type ContentCipher,
  OID,
} from "./algorithms.ts";
import { base64Length, writeBase64 } from "./base64.ts";
import { ByteWriter } from "./byte_writer.ts";
import { encryptContent } from "./content_cipher.ts";
import { toCanonical } from "./line_ends.ts";

/** Settings of {@linkcode encryptMessage}. */
export interface EncryptOptions {
  /**
   * Cipher of the content. `des3` is for receivers of the first generation.
   * @default "aes256"
   */
  cipher?: CipherName;
}

const COLUMNS = 64;
const HEADERS = "MIME-Version: 1.0\n" +
  'Content-Disposition: attachment; filename="smime.p7m"\n' +
  "Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data; " +
  'name="smime.p7m"\n' +
  "Content-Transfer-Encoding: base64\n\n";

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
  const encryptedKey = encryptKey(key, recipient);
  const envelope = writeEnvelope(
    recipient,
    encryptedKey,
    cipher,
    iv,
    await encryptContent(cipher, key, iv, toCanonical(entity)),
  );
  key.fill(0);
  const writer = new ByteWriter(
    HEADERS.length + base64Length(envelope.length, COLUMNS) + 1,
  );
  writer.write(HEADERS);
  writeBase64(writer, envelope, COLUMNS);
  writer.write("\n");
  return writer.bytes();
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

/** ContentInfo with EnvelopedData, version 0 (RFC 5652 §6.1). */
function writeEnvelope(
  recipient: Certificate,
  encryptedKey: Uint8Array,
  cipher: ContentCipher,
  iv: Uint8Array,
  ciphertext: Uint8Array,
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
  // The ciphertext ends all the structures around it, and may be large: their
  // headers are made around its length, from the inside out, and it is copied once.
  const content = der.header(contextTag(0, false), ciphertext.length);
  const contentInfo = startOf(
    TAG.sequence,
    ciphertext.length,
    der.oid(OID.data),
    der.sequence(der.oid(cipher.oid), der.octetString(iv)),
    content,
  );
  const envelopedData = startOf(
    TAG.sequence,
    ciphertext.length,
    der.integer(0),
    der.setOf(recipientInfo),
    contentInfo,
  );
  const explicit = startOf(contextTag(0), ciphertext.length, envelopedData);
  const whole = startOf(
    TAG.sequence,
    ciphertext.length,
    der.oid(OID.envelopedData),
    explicit,
  );
  return joined(whole, ciphertext);
}

/** An element that goes on with `rest` bytes after the given parts. */
function startOf(
  tag: number,
  rest: number,
  ...parts: Uint8Array[]
): Uint8Array {
  const inside = joined(...parts);
  return joined(der.header(tag, inside.length + rest), inside);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  for (const part of parts) writer.write(part);
  return writer.bytes();
}
