/**
 * Signing: the message that `openssl smime -sign -text` would write.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Certificate, PrivateKey } from "../pki/mod.ts";
import { systemClock } from "../time/mod.ts";
import type { DigestName } from "./cms/algorithms.ts";
import { writeBase64 } from "./mime/base64.ts";
import { ByteWriter } from "./mime/byte_writer.ts";
import { feedCanonical } from "./mime/line_ends.ts";
import {
  choosePayloadForm,
  estimatePayloadLength,
  type PayloadForm,
  writePayload,
} from "./mime/payload_form.ts";
import {
  writeSignedAttributes,
  writeSignedData,
} from "./cms/signed_data_write.ts";
import { naturalDigest, signingKey } from "./cms/signing_key.ts";

/** Who signs: a certificate and its private key. */
export interface Signer {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/** Settings of {@linkcode signMessage}. */
export interface SignOptions {
  /**
   * Digest of the content.
   * @default sha256; sha384 for keys on P-384, sha512 for keys on P-521
   */
  digest?: DigestName;
  /**
   * The time that the signature states.
   * @default now
   */
  signingTime?: Date;
  /**
   * How the payload travels.
   * @default "auto": text when that is enough, else quoted-printable, else base64
   */
  form?: "auto" | PayloadForm;
}

/** RFC 8551 §3.5.3.2. */
const MICALG: Readonly<Record<DigestName, string>> = {
  sha256: "sha-256",
  sha384: "sha-384",
  sha512: "sha-512",
};

/** Signature, certificate and MIME headers: a guess above all usual keys. */
export const TRAILER_BYTES = 8192;
const SIGNATURE_COLUMNS = 64;

/**
 * Signs a payload: a clear-signed S/MIME message with LF line ends, from which
 * `verifyMessage()` returns exactly these bytes.
 *
 * @throws {SsmError} `KEY` when keys of this type cannot sign; `UNSENDABLE` when
 * the form `text` is demanded for bytes that are no plain text.
 */
export async function signMessage(
  payload: Uint8Array,
  signer: Signer,
  options: SignOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { certificate, key } = signer;
  const { signingTime = systemClock.date(), form = "auto" } = options;
  const { digest = naturalDigest(certificate) } = options;
  const { algorithm, sign } = await signingKey(certificate, key, digest);
  const boundary = randomBoundary();

  const chosen = form === "auto" ? choosePayloadForm(payload) : form;
  const writer = new ByteWriter(
    estimatePayloadLength(payload, chosen) + TRAILER_BYTES,
  );
  writer.write(
    "MIME-Version: 1.0\n" +
      'Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; ' +
      `micalg="${MICALG[digest]}"; boundary="${boundary}"\n\n` +
      "This is an S/MIME signed message\n\n" +
      `--${boundary}\n`,
  );
  const partStart = writer.length;
  writePayload(writer, payload, chosen);
  const hash = createHash(digest);
  feedCanonical(writer.bytes(partStart), (chunk) => hash.update(chunk));
  const signedAttributes = writeSignedAttributes(hash.digest(), signingTime);
  const signature = await sign(signedAttributes);
  writer.write(
    `\n--${boundary}\n` +
      'Content-Type: application/x-pkcs7-signature; name="smime.p7s"\n' +
      "Content-Transfer-Encoding: base64\n" +
      'Content-Disposition: attachment; filename="smime.p7s"\n\n',
  );
  writeBase64(
    writer,
    writeSignedData({
      certificate,
      digest,
      signedAttributes,
      algorithm,
      signature,
    }),
    SIGNATURE_COLUMNS,
  );
  writer.write(`\n--${boundary}--\n\n`);
  return writer.bytes();
}

/** 128 random bits, which no payload contains. */
function randomBoundary(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `----${random.toHex().toUpperCase()}`;
}
