/**
 * Files of certificates, as the tools of this world write them.
 *
 * Source: RFC 7468 §5; openssl-x509(1), "Trust Options"; X509_CERT_AUX in
 * OpenSSL's crypto/x509/x_x509a.c.
 *
 * @module
 */
import { reason, SsmError } from "../../errors.ts";
import {
  contextTag,
  decodePemOrDer,
  der,
  derError,
  encodePem,
  readDer,
  TAG,
} from "../../asn1/mod.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";

const LABEL = "CERTIFICATE";
const OLD_LABEL = "X509 CERTIFICATE";
/** OpenSSL's: behind the certificate stands for what it is trusted, and what it is called. */
const TRUSTED_LABEL = "TRUSTED CERTIFICATE";

/**
 * All certificates of a file: those of a PEM text, with any text and other
 * blocks around them, or one certificate in DER.
 *
 * @throws {SsmError} `CERTIFICATE` when there is none or one is malformed.
 */
export function readCertificates(pemOrDer: Uint8Array | string): Certificate[] {
  return readAll(pemOrDer).map(({ certificate }) => certificate);
}

/**
 * The same for certificates that are to be trusted.
 *
 * @throws {SsmError} `CERTIFICATE` also when one is trusted for some uses only:
 * that is not judged here, and must not be passed over.
 */
export function readAuthorities(pemOrDer: Uint8Array | string): Certificate[] {
  return readAll(pemOrDer).map(({ certificate, limited }) => {
    if (!limited) return certificate;
    throw new SsmError(
      "CERTIFICATE",
      `Cannot read certificate: a ${TRUSTED_LABEL} block trusts it for some uses only`,
      { hint: "if it is to be trusted for all uses, write it without them" },
    );
  });
}

/** Certificates as PEM, and nothing of the files they came from. */
export function writeCertificates(
  certificates: readonly Certificate[],
): string {
  return certificates.map(({ raw }) => encodePem(LABEL, raw)).join("");
}

interface Found {
  readonly certificate: Certificate;
  /** Whether it comes with a list of uses. */
  readonly limited: boolean;
}

function readAll(pemOrDer: Uint8Array | string): Found[] {
  const found = decodePemOrDer(pemOrDer, [LABEL, OLD_LABEL, TRUSTED_LABEL])
    .map(({ label, bytes }) =>
      label === TRUSTED_LABEL
        ? readTrusted(bytes)
        : { certificate: parseCertificate(bytes), limited: false }
    );
  if (found.length > 0) return found;
  throw new SsmError(
    "CERTIFICATE",
    `Cannot read certificate: there is no ${LABEL} block`,
  );
}

/** The certificate, and behind it what OpenSSL calls auxiliary data, if any. */
function readTrusted(bytes: Uint8Array): Found {
  try {
    const [certificate, auxiliary, more] =
      readDer(der.sequence(bytes)).children;
    if (certificate === undefined || more !== undefined) {
      throw derError("it is not a certificate with its uses");
    }
    const uses = [TAG.sequence, contextTag(0)];
    const limited = auxiliary?.expect(TAG.sequence, "auxiliary data")
      .children.some(({ tag }) => uses.includes(tag)) ?? false;
    return { certificate: parseCertificate(certificate.raw), limited };
  } catch (cause) {
    if (cause instanceof SsmError && cause.code !== "DER") throw cause;
    throw new SsmError(
      "CERTIFICATE",
      `Cannot read ${TRUSTED_LABEL}: ${reason(cause)}`,
      { cause },
    );
  }
}
