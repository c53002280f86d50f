/**
 * Certificate revocation lists.
 *
 * A list may have a hundred thousand entries; they are walked as bytes, and only
 * their serial numbers are kept.
 *
 * Source: RFC 5280 §5.
 *
 * @module
 */
import { equalBytes } from "../../bytes.ts";
import { isSsmError, reason, SsmError } from "../../errors.ts";
import {
  type AlgorithmIdentifier,
  contextTag,
  decodePemOrDer,
  derError,
  type DerNode,
  Members,
  readAlgorithm,
  readBitString,
  readDer,
  readTime,
  TAG,
} from "../../asn1/mod.ts";
import type { AuthorityKeyId } from "../certificate/extensions.ts";
import { type Name, readName } from "../certificate/name.ts";
import { type CrlScope, readCrlExtensions } from "./crl_extensions.ts";
import { readRevokedSerials, serialKey } from "./revoked_serials.ts";

/** A CRL that was read, not one that is trusted. */
export interface Crl {
  /** The signed part (TBSCertList) in DER. */
  readonly tbs: Uint8Array;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly authorityKeyId: AuthorityKeyId | undefined;
  readonly scope: CrlScope | undefined;
  /** True when it only tells what changed since another CRL. */
  readonly delta: boolean;
  /** Critical extensions, of the list or an entry, that ssm does not process. */
  readonly unknownCritical: readonly string[];
  /** Serial numbers of revoked certificates, in the form of `serialKey()`. */
  readonly revoked: ReadonlySet<string>;
}

/** Is a certificate with this serial number (content octets) on the list? */
export function isRevoked(crl: Crl, serial: Uint8Array): boolean {
  return crl.revoked.has(serialKey(serial));
}

/**
 * All CRLs of a file: the X509 CRL blocks of a PEM text, or one CRL in DER.
 *
 * @throws {SsmError} `CERTIFICATE` when there is none or one is malformed.
 */
export function readCrls(pemOrDer: Uint8Array): Crl[] {
  const found = decodePemOrDer(pemOrDer, ["X509 CRL"])
    .map(({ bytes }) => parseCrl(bytes));
  if (found.length === 0) {
    throw new SsmError(
      "CERTIFICATE",
      "Cannot read CRL: there is no X509 CRL block",
    );
  }
  return found;
}

/**
 * Reads one CRL in DER.
 *
 * @throws {SsmError} `CERTIFICATE` when it is malformed.
 */
export function parseCrl(der: Uint8Array): Crl {
  try {
    return readCrl(readDer(der, { strict: true }));
  } catch (cause) {
    if (!isSsmError(cause, "DER")) throw cause;
    throw new SsmError("CERTIFICATE", `Cannot read CRL: ${reason(cause)}`, {
      cause,
    });
  }
}

function readCrl(node: DerNode): Crl {
  const outer = new Members(node, "CRL");
  const tbs = outer.take("signed part");
  const signatureAlgorithm = readAlgorithm(outer.take("signature algorithm"));
  const signature = readBitString(outer.take("signature"));
  outer.end();
  const fields = new Members(tbs, "signed part");
  const version = fields.takeIf(TAG.integer);
  if (version && version.content.toHex() !== "01") {
    throw derError("CRL is not version 2");
  }
  // RFC 5280 §5.1.1.2: what is signed and what is claimed must be the same.
  if (
    !equalBytes(
      fields.take("signature algorithm").raw,
      signatureAlgorithm.raw,
    )
  ) throw derError("CRL names two signature algorithms");
  const issuer = readName(fields.take("issuer"));
  if (issuer.rdns.length === 0) throw derError("CRL has an empty issuer");
  const thisUpdate = readTime(fields.take("date of issue"));
  const next = fields.takeIf(TAG.utcTime, TAG.generalizedTime);
  const entries = fields.takeIf(TAG.sequence)?.content ?? new Uint8Array();
  const tagged = fields.takeIf(contextTag(0));
  fields.end();
  // §5.1.2.1: version 1 has none, neither here nor in an entry.
  const allowed = version !== undefined;
  if (tagged && !allowed) throw derError("CRL of version 1 has extensions");
  const extensions = readCrlExtensions(tagged);
  const { serials, unknownCritical } = readRevokedSerials(entries, allowed);
  return {
    tbs: tbs.raw,
    issuer,
    thisUpdate,
    nextUpdate: next && readTime(next),
    signatureAlgorithm,
    signature,
    ...extensions,
    unknownCritical: [...extensions.unknownCritical, ...unknownCritical],
    revoked: serials,
  };
}
