/**
 * Envelopes that no honest program writes.
 *
 * @module
 */
import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import { der, TAG } from "../../../lib/asn1/mod.ts";
import { OID } from "../../../lib/smime/cms/algorithms.ts";
import { opaque } from "./forge.ts";
import type { Identity } from "../pki/identities.ts";

/** AES-128-CBC. */
export const AES128 = "2.16.840.1.101.3.4.1.2";

/** What to do differently from an honest program. */
export interface EnvelopeParts {
  recipients?: Uint8Array[];
  encryptedKey?: Uint8Array;
  keyAlgorithm?: Uint8Array;
  contentType?: string;
  cipher?: Uint8Array;
  ciphertext?: Uint8Array;
}

/** A message with an envelope for `recipient` of any parts. */
export function envelope(
  recipient: Identity,
  parts: EnvelopeParts = {},
): Uint8Array {
  const { issuer, serial } = recipient.certificate;
  const {
    encryptedKey = new Uint8Array(256).fill(1),
    keyAlgorithm = der.sequence(der.oid(OID.rsaEncryption), der.nullValue()),
    recipients = [
      der.sequence(
        der.integer(0),
        der.sequence(issuer.raw, der.element(TAG.integer, serial)),
        keyAlgorithm,
        der.octetString(encryptedKey),
      ),
    ],
    contentType = OID.data,
    cipher = der.sequence(
      der.oid(AES128),
      der.octetString(new Uint8Array(16)),
    ),
    ciphertext = new Uint8Array(16),
  } = parts;
  return opaque(
    der.sequence(
      der.oid(OID.envelopedData),
      der.context(
        0,
        der.sequence(
          der.integer(0),
          der.element(TAG.set, ...recipients),
          der.sequence(
            der.oid(contentType),
            cipher,
            der.contextPrimitive(0, ciphertext),
          ),
        ),
      ),
    ),
  );
}

/** Encrypts a block of the size of the RSA key as it is, padding included. */
export function encryptRaw(recipient: Identity, block: Uint8Array): Uint8Array {
  const key = createPublicKey(recipient.key.keyObject);
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}
