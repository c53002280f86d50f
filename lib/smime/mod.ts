/**
 * Sealing: S/MIME messages signed, verified, encrypted and decrypted; bytes to bytes.
 *
 * Source: RFC 8551 (S/MIME 4.0), RFC 5652 (CMS).
 *
 * @module
 */
export type { WeakDigests } from "../asn1/mod.ts";
export type { CipherName, DigestName } from "./cms/algorithms.ts";
export { decodeBase64, encodeBase64 } from "./mime/base64.ts";
export { decryptMessage, type Recipient } from "./decrypt.ts";
export { encryptMessage } from "./encrypt.ts";
export { SmimeMessage } from "./message.ts";
export { choosePayloadForm, type PayloadForm } from "./mime/payload_form.ts";
export { sealedScale } from "./sealed_scale.ts";
export { type Signer, signMessage } from "./sign.ts";
export type { Signing } from "./signing.ts";
export { verifyMessage, type VerifyOptions } from "./verify.ts";
