/**
 * The certificate and private key that one side of a TLS connection shows.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { reason, SsmError } from "../../errors.ts";

/** A certificate with its private key. */
export interface KeyPair {
  /** The certificate, PEM; intermediates may follow it. */
  readonly certificate: string;
  /** The private key, PEM: PKCS #8, PKCS #1 or SEC 1, encrypted or not. */
  readonly key: string;
  /** What decrypts the key, if it is encrypted. */
  readonly passphrase?: string | undefined;
}

/** A key pair as `node:tls` takes it, the key decrypted. */
export interface OpenKeyPair {
  readonly cert: string;
  readonly key: string;
}

/**
 * Checks that the parts can be read and belong together, which `node:tls` does
 * not: it goes on without a certificate when the key cannot be used.
 *
 * @throws {SsmError} `CERTIFICATE` or `KEY`
 */
export function openKeyPair(
  { certificate, key, passphrase }: KeyPair,
): OpenKeyPair {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(certificate);
  } catch (cause) {
    throw new SsmError(
      "CERTIFICATE",
      `Cannot read certificate: ${reason(cause)}`,
      { cause },
    );
  }
  const privateKey = openKey(key, passphrase);
  if (!x509.checkPrivateKey(privateKey)) {
    throw new SsmError(
      "KEY",
      "Cannot use private key: it does not belong to the certificate",
    );
  }
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  return { cert: certificate, key: String(pem) };
}

function openKey(key: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(
      passphrase === undefined
        ? { key, format: "pem" }
        : { key, format: "pem", passphrase },
    );
  } catch {
    // Neither the cause nor its words are kept: they come from parsing a secret.
    const encrypted = /^(-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED)/m;
    const why = !encrypted.test(key)
      ? "it is not a PEM private key of a supported kind"
      : passphrase === undefined
      ? "it is encrypted and no passphrase is given"
      : "it is encrypted and the passphrase does not open it";
    throw new SsmError("KEY", `Cannot read private key: ${why}`);
  }
}
