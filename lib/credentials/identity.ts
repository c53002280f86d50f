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
  /** Refuse a key file that others may read. @default false */
  readonly requirePrivateKeyFile?: boolean;
}

/** A certificate with its key, for signing and for TLS. */
export interface Identity extends Signer {
  readonly keyPair: KeyPair;
}

/** How {@linkcode loadIdentity} judges what it reads. */
export interface LoadOptions {
  readonly now: Date;
  /** Hears of what is dangerous but not required to be better. */
  readonly warn: (message: string) => void;
}

const DAY_SECONDS = 86_400;

/** Anything for others, writing for the group: many sites give a group of daemons the right to read. */
const EXPOSED = 0o027;

/**
 * Reads certificate and key.
 *
 * @throws {SsmError} `CERTIFICATE` or `KEY` when they cannot be read, do not
 *   belong together, the certificate has less than a day left, or the key is
 *   not as private as it is required to be.
 */
export function loadIdentity(
  files: IdentityFiles,
  { now, warn }: LoadOptions,
): Identity {
  checkExposure(files, warn);
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

/** Whoever can read the key can sign in the name of this host. */
function checkExposure(
  { key, requirePrivateKeyFile = false }: IdentityFiles,
  warn: LoadOptions["warn"],
): void {
  const mode = permissionsOf(key);
  if ((mode & EXPOSED) === 0) return;
  const rights = mode.toString(8).padStart(4, "0");
  const words =
    `Key file ${key} is open to others (mode ${rights}): they can sign in the name of this host`;
  const hint = `chmod 600 ${key}`;
  if (requirePrivateKeyFile) throw new SsmError("KEY", words, { hint });
  warn(`${words}; ${hint}`);
}

/** Permission bits of a file; none when it cannot be looked at, which is told when it is read. */
function permissionsOf(path: string): number {
  try {
    return (Deno.statSync(path).mode ?? 0) & 0o777;
  } catch {
    return 0;
  }
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
