/**
 * X.509 certificates: reading them, and what they say.
 *
 * Source: RFC 5280 §4.1.
 *
 * @module
 */
import type { KeyObject } from "node:crypto";
import { equalBytes } from "../../bytes.ts";
import { isSsmError, reason, SsmError } from "../../errors.ts";
import {
  type AlgorithmIdentifier,
  contextTag,
  derError,
  type DerNode,
  readAlgorithm,
  readBitString,
  readDer,
  readInteger,
  readSmallInteger,
  readTime,
  TAG,
} from "../../asn1/mod.ts";
import {
  type Extensions,
  NO_EXTENSIONS,
  readExtensions,
} from "./extensions.ts";
import { type Name, readName, sameName } from "./name.ts";
import { importPublicKey, readPublicKeyInfo } from "./public_key.ts";

/** A certificate that was read, not one that is trusted. */
export interface Certificate {
  /** The whole certificate in DER. */
  readonly raw: Uint8Array;
  /** The signed part (TBSCertificate) in DER. */
  readonly tbs: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** The content octets of the serial number. */
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`, or the dotted identifier of another kind. */
  readonly keyAlgorithm: string;
  /** For EC keys: `P-256`, `P-384`, `P-521`, or a dotted identifier. */
  readonly curve: string | undefined;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
}

/**
 * Reads one certificate in DER.
 *
 * @throws {SsmError} `CERTIFICATE` when it is malformed.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    return readCertificate(readDer(der, { strict: true }));
  } catch (cause) {
    if (!isSsmError(cause, "DER")) throw cause;
    throw new SsmError(
      "CERTIFICATE",
      `Cannot read certificate: ${reason(cause)}`,
      { cause },
    );
  }
}

/**
 * The public key, for `node:crypto`.
 *
 * @throws {SsmError} `CERTIFICATE` when the runtime cannot use it, such as RSA
 * above 4096 bits; `verifySignature()` can.
 */
export function publicKeyOf(certificate: Certificate): KeyObject {
  return importPublicKey(certificate.spki);
}

/** Is `now` after the last moment at which the certificate holds, or less than `seconds` before? */
export function expiresWithin(
  certificate: Certificate,
  seconds: number,
  now: Date,
): boolean {
  return certificate.notAfter.getTime() < now.getTime() + seconds * 1000;
}

/** Are issuer and subject the same name? */
export function isSelfIssued(certificate: Certificate): boolean {
  return sameName(certificate.issuer, certificate.subject);
}

function readCertificate(node: DerNode): Certificate {
  node.expect(TAG.sequence, "certificate");
  if (node.children.length !== 3) throw derError("certificate is not a triple");
  const tbs = node.at(0, "signed part").expect(TAG.sequence, "signed part");
  const signatureAlgorithm = readAlgorithm(node.at(1, "signature algorithm"));
  // The version has an explicit tag and may be absent.
  const tagged = tbs.at(0, "version").tag === contextTag(0);
  const version = tagged
    ? readSmallInteger(tbs.at(0, "version").at(0, "version")) + 1
    : 1;
  if (version > 3) throw derError(`certificate has version ${version}`);
  const from = tagged ? 1 : 0;
  const serial = readInteger(tbs.at(from, "serial number"));
  // RFC 5280 §4.1.1.2: what is signed and what is claimed must be the same.
  const { raw } = tbs.at(from + 1, "signature algorithm");
  if (!equalBytes(raw, signatureAlgorithm.raw)) {
    throw derError("certificate names two signature algorithms");
  }
  const issuer = readName(tbs.at(from + 2, "issuer"));
  const validity = tbs.at(from + 3, "validity")
    .expect(TAG.sequence, "validity");
  const subject = readName(tbs.at(from + 4, "subject"));
  const key = readPublicKeyInfo(tbs.at(from + 5, "public key"));
  return {
    raw: node.raw,
    tbs: tbs.raw,
    version,
    serial,
    issuer,
    subject,
    notBefore: readTime(validity.at(0, "start of validity")),
    notAfter: readTime(validity.at(1, "end of validity")),
    spki: key.raw,
    keyAlgorithm: key.algorithm,
    curve: key.curve,
    signatureAlgorithm,
    signature: readBitString(node.at(2, "signature")),
    extensions: readOptionalParts(tbs, from + 6, version),
  };
}

/** What may follow the key: two unique identifiers and the extensions, in this order. */
function readOptionalParts(
  tbs: DerNode,
  from: number,
  version: number,
): Extensions {
  let extensions = NO_EXTENSIONS;
  let last = 0;
  for (const part of tbs.children.slice(from)) {
    const number = part.tag & 0x1f;
    if (number <= last || number > 3 || (part.tag & 0xc0) !== 0x80) {
      throw derError("certificate has unknown members");
    }
    last = number;
    if (number !== 3) continue;
    if (version !== 3) {
      throw derError(`certificate of version ${version} has extensions`);
    }
    extensions = readExtensions(part.at(0, "extensions"));
  }
  return extensions;
}
