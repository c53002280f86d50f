/**
 * The host's certificate and private key, and the certificates of others, read
 * from files and checked as at every start of the originals.
 *
 * @module
 */
import { isErrno, quoted, reason, SsmError } from "../errors.ts";
import type { KeyPair } from "../net/mod.ts";
import { decodePem } from "../asn1/mod.ts";
import {
  type Certificate,
  keyMatches,
  loadPrivateKey,
  type PrivateKey,
  readCertificates,
  sameName,
  writeCertificates,
} from "../pki/mod.ts";
import type { Signer } from "../smime/mod.ts";
import { checkDates, checkOwn } from "./fitness.ts";
import { checkExposure } from "./exposure.ts";

/** Where the parts of an identity are. */
export interface IdentityFiles {
  /** PEM or DER; the host's is the certificate that the key belongs to. */
  readonly certificate: string;
  /** PEM; may be the same file. */
  readonly key: string;
  /** A file whose first line is the key's passphrase. */
  readonly keyPassphraseFile?: string | undefined;
  /** Refuse a file with a key that others may read. @default false */
  readonly requirePrivateKeyFile?: boolean;
}

/** A certificate with its key, for signing and for TLS. */
export interface Identity extends Signer {
  /** The certificate, and those of its file that lead on from it, nearest first. */
  readonly chain: readonly Certificate[];
  /** Chain and key for TLS, written anew: whatever else is in the files stays there. */
  readonly keyPair: KeyPair;
}

/** How {@linkcode loadIdentity} judges what it reads. */
export interface LoadOptions {
  readonly now: Date;
  /** Hears of what is dangerous but not required to be better. */
  readonly warn: (message: string) => void;
}

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
  const certificates = new CertificateFile(files.certificate);
  checkKeyFiles(files, certificates, warn);
  const key = loadKey(files, certificates);
  const own = certificates.all.filter((one) => keyMatches(one, key));
  if (own.length === 0) {
    throw new SsmError(
      "KEY",
      `Cert and key don't match: ${files.key} is not the key of ${files.certificate}`,
    );
  }
  const certificate = latest(own, now);
  const what = `Certificate ${files.certificate}`;
  const remarks = checkOwn(certificate, now, what);
  for (const remark of remarks) warn(remark);
  const chain = chainOf(certificate, certificates.all);
  return {
    certificate,
    key,
    chain,
    keyPair: {
      certificate: writeCertificates(chain),
      key: String(key.keyObject.export({ format: "pem", type: "pkcs8" })),
    },
  };
}

/**
 * Reads the certificate that messages are encrypted to.
 *
 * @throws {SsmError} `CERTIFICATE` when it cannot be read, or has less than a
 *   day left.
 */
export function loadRecipient(path: string, now: Date): Certificate {
  const { all } = new CertificateFile(path);
  // Some put the authority's before it.
  const certificate =
    all.find(({ extensions }) => !extensions.basicConstraints?.ca) ?? all[0]!;
  checkDates(certificate, now, {
    what: `Encryption certificate ${path}`,
    hint: "obtain the new one from the server that receives your messages",
  });
  return certificate;
}

/** What is in a certificate's file. */
class CertificateFile {
  /** At least one. */
  readonly all: readonly Certificate[];
  /** Whether there is a private key with them. */
  readonly hasKey: boolean;

  constructor(path: string) {
    const bytes = readFile(path, "CERTIFICATE");
    this.all = naming(path, () => readCertificates(bytes));
    this.hasKey = decodePem(bytes)
      .some(({ label }) => label.endsWith("PRIVATE KEY"));
  }
}

/** Everybody that can read a key can sign in the name of its owner. */
function checkKeyFiles(
  { certificate, key, keyPassphraseFile, requirePrivateKeyFile }: IdentityFiles,
  { hasKey }: CertificateFile,
  warn: LoadOptions["warn"],
): void {
  const danger = "they can sign in the name of this host";
  const guarded = [{ path: key, what: "Key file", danger }];
  if (hasKey && certificate !== key) {
    const what = "There is a private key in the certificate file, and";
    guarded.push({ path: certificate, what, danger });
  }
  if (keyPassphraseFile !== undefined) {
    const what = "Passphrase file";
    guarded.push({
      path: keyPassphraseFile,
      what,
      danger: "they can open the key",
    });
  }
  for (const file of guarded) checkExposure(file, warn, requirePrivateKeyFile);
}

/** The key of one of the certificates, if it is there; a file may hold several. */
function loadKey(
  { key, keyPassphraseFile }: IdentityFiles,
  { all }: CertificateFile,
): PrivateKey {
  const pem = readFile(key, "KEY");
  const passphrase = keyPassphraseFile === undefined
    ? undefined
    : firstLine(readFile(keyPassphraseFile, "KEY"));
  return naming(key, () =>
    loadPrivateKey(
      pem,
      passphrase,
      (found) => all.some((certificate) => keyMatches(certificate, found)),
    ));
}

/** Of the certificates of one key, as a renewal with the old key leaves them, the one that holds longest. */
function latest(own: readonly Certificate[], now: Date): Certificate {
  const begun = own.filter(({ notBefore }) => notBefore <= now);
  return (begun.length > 0 ? begun : own)
    .reduce((best, one) => one.notAfter > best.notAfter ? one : best);
}

/**
 * The certificate, and those that lead on from it: TLS wants them in this order,
 * and peers have no use for others.
 */
function chainOf(
  certificate: Certificate,
  others: readonly Certificate[],
): Certificate[] {
  const chain = [certificate];
  // The list grows while it is walked.
  for (const { issuer } of chain) {
    for (const other of others) {
      if (sameName(other.subject, issuer) && !chain.includes(other)) {
        chain.push(other);
      }
    }
  }
  return chain;
}

/** As text, without a byte order mark. */
function firstLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).split(/\r?\n/)[0]!;
}

function readFile(path: string, code: "CERTIFICATE" | "KEY"): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    const state = isErrno(cause, "ENOENT") ? "no such file" : reason(cause);
    throw new SsmError(code, `Cannot read ${quoted(path)}: ${state}`, {
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
