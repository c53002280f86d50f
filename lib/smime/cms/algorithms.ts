/**
 * The algorithms of S/MIME by their object identifiers.
 *
 * Source: RFC 8551 §2, RFC 5652 §11, RFC 5084, RFC 5753.
 *
 * @module
 */

/** Digests that ssm signs with. */
export type DigestName = "sha256" | "sha384" | "sha512";

/** A cipher for the content of an envelope. */
export interface ContentCipher {
  readonly name: string;
  readonly oid: string;
  readonly mode: "AES-CBC" | "AES-GCM" | "DES-EDE3-CBC";
  readonly keyBytes: number;
}

/** Ciphers that ssm encrypts with. */
export type CipherName = "aes128" | "aes192" | "aes256" | "des3";

/** All ciphers that can be decrypted. */
export const CIPHERS: readonly ContentCipher[] = [
  cipher("aes128", "2.16.840.1.101.3.4.1.2", "AES-CBC", 16),
  cipher("aes192", "2.16.840.1.101.3.4.1.22", "AES-CBC", 24),
  cipher("aes256", "2.16.840.1.101.3.4.1.42", "AES-CBC", 32),
  cipher("des3", "1.2.840.113549.3.7", "DES-EDE3-CBC", 24),
  cipher("aes128-gcm", "2.16.840.1.101.3.4.1.6", "AES-GCM", 16),
  cipher("aes192-gcm", "2.16.840.1.101.3.4.1.26", "AES-GCM", 24),
  cipher("aes256-gcm", "2.16.840.1.101.3.4.1.46", "AES-GCM", 32),
];

/** Key bytes of the AES key wraps (RFC 3565 §2.3.2) by OID. */
export const KEY_WRAPS: ReadonlyMap<string, number> = new Map([
  ["2.16.840.1.101.3.4.1.5", 16],
  ["2.16.840.1.101.3.4.1.25", 24],
  ["2.16.840.1.101.3.4.1.45", 32],
]);

/** Hash of the X9.63 key derivation by the OID of the agreement (RFC 5753 §7.1.4). */
export const KEY_AGREEMENTS: ReadonlyMap<string, string> = new Map([
  // dhSinglePass-stdDH, then -cofactorDH: the same on curves with cofactor 1.
  ["1.3.133.16.840.63.0.2", "sha1"],
  ["1.3.132.1.11.1", "sha256"],
  ["1.3.132.1.11.2", "sha384"],
  ["1.3.132.1.11.3", "sha512"],
  ["1.3.133.16.840.63.0.3", "sha1"],
  ["1.3.132.1.14.1", "sha256"],
  ["1.3.132.1.14.2", "sha384"],
  ["1.3.132.1.14.3", "sha512"],
]);

/** Object identifiers of content types, attributes and key algorithms. */
export const OID = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  envelopedData: "1.2.840.113549.1.7.3",
  authEnvelopedData: "1.2.840.113549.1.9.16.1.23",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  /** RFC 2985 §5.3.4. */
  randomNonce: "1.2.840.113549.1.9.25.3",
  smimeCapabilities: "1.2.840.113549.1.9.15",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  rsaEncryption: "1.2.840.113549.1.1.1",
  rsaesOaep: "1.2.840.113549.1.1.7",
  mgf1: "1.2.840.113549.1.1.8",
  pSpecified: "1.2.840.113549.1.1.9",
} as const;

/** The content cipher with this OID, if it is known. */
export function cipherByOid(oid: string): ContentCipher | undefined {
  return CIPHERS.find((known) => known.oid === oid);
}

/** The content cipher with this name. */
export function cipherByName(name: CipherName): ContentCipher {
  return CIPHERS.find((known) => known.name === name)!;
}

function cipher(
  name: string,
  oid: string,
  mode: ContentCipher["mode"],
  keyBytes: number,
): ContentCipher {
  return { name, oid, mode, keyBytes };
}
