/**
 * The host's certificate and private key, and the certificates of others, read
 * from files and checked as at every start of the originals.
 *
 * @module
 */
import { reason, SsmError } from "../errors.ts";
import type { KeyPair } from "../net/mod.ts";
import {
  type Certificate,
  expiresWithin,
  keyMatches,
  loadPrivateKey,
  readCertificates,
} from "../pki/mod.ts";
import type { Signer } from "../smime/mod.ts";

/** Where the parts of an identity are. */
export interface IdentityFiles {
  /** PEM; the first certificate is the host's. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** A file whose first line is the key's passphrase. */
  readonly keyPassphraseFile?: string | undefined;
}

/** A certificate with its key, for signing and for TLS. */
export interface Identity extends Signer {
  readonly keyPair: KeyPair;
}

const DAY_SECONDS = 86_400;

/**
 * Reads certificate and key.
 *
 * @throws {SsmError} `CERTIFICATE` or `KEY` when they cannot be read, do not
 *   belong together, or the certificate has less than a day left.
 */
export function loadIdentity(files: IdentityFiles, now: Date): Identity {
  const certificatePem = readText(files.certificate, "CERTIFICATE");
  const certificate = firstCertificate(certificatePem, files.certificate);
  const keyPem = readText(files.key, "KEY");
  const passphrase = files.keyPassphraseFile === undefined
    ? undefined
    : readText(files.keyPassphraseFile, "KEY").split(/\r?\n/)[0]!;
  const key = naming(files.key, () => loadPrivateKey(keyPem, passphrase));
  if (!keyMatches(certificate, key)) {
    throw new SsmError("KEY", "Cert and key don't match.", {
      hint: `${files.key} is not the key of ${files.certificate}`,
    });
  }
  checkDates(certificate, now, {
    what: `Certificate ${files.certificate}`,
    hint: "ask your CA for a new one",
  });
  return {
    certificate,
    key,
    keyPair: { certificate: certificatePem, key: keyPem, passphrase },
  };
}

/**
 * Reads the certificate that messages are encrypted to.
 *
 * @throws {SsmError} `CERTIFICATE` when it cannot be read, or has less than a
 *   day left.
 */
export function loadRecipient(path: string, now: Date): Certificate {
  const certificate = firstCertificate(readText(path, "CERTIFICATE"), path);
  checkDates(certificate, now, {
    what: `Encryption certificate ${path}`,
    hint: "obtain the new one from the server that receives your messages",
  });
  return certificate;
}

function checkDates(
  certificate: Certificate,
  now: Date,
  { what, hint }: { what: string; hint: string },
): void {
  if (now < certificate.notBefore) {
    const from = certificate.notBefore.toISOString();
    throw new SsmError("CERTIFICATE", `${what} is not valid yet.`, {
      hint: `it is valid from ${from}; is this machine's clock right?`,
    });
  }
  if (expiresWithin(certificate, DAY_SECONDS, now)) {
    throw new SsmError(
      "CERTIFICATE",
      `${what} has expired or will expire within a day.`,
      { hint },
    );
  }
}

/** The host's own comes first; what follows may be its chain. */
function firstCertificate(pem: string, path: string): Certificate {
  return naming(path, () => readCertificates(pem))[0]!;
}

function readText(path: string, code: "CERTIFICATE" | "KEY"): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    const state = cause instanceof Deno.errors.NotFound
      ? "no such file"
      : reason(cause);
    throw new SsmError(code, `Cannot read ${path}: ${state}`, {
      cause,
      hint: "it must exist and be readable by the user that runs ssm",
    });
  }
}

/** Adds the file's name to an error about its content. */
function naming<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SsmError)) throw error;
    throw new SsmError(error.code, `${path}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}
