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
import { isSsmError, reason, SsmError } from "../../errors.ts";
import { type AlgorithmIdentifier, readAlgorithm } from "../../asn1/mod.ts";
import {
  contextTag,
  derError,
  type DerNode,
  readDer,
  TAG,
} from "../../asn1/mod.ts";
import {
  readBitString,
  readBoolean,
  readSmallInteger,
  readTime,
} from "../../asn1/mod.ts";
import {
  type AuthorityKeyId,
  listExtensions,
  readAuthorityKeyId,
  readPointNames,
} from "../certificate/extensions.ts";
import type { GeneralName } from "../certificate/general_name.ts";
import { type Name, readName, sameBytes } from "../certificate/name.ts";
import { OID } from "../../asn1/mod.ts";
import { decodePemOrDer } from "../../asn1/mod.ts";
import { readRevokedSerials, serialKey } from "./revoked_serials.ts";

/** Which certificates a CRL speaks about (issuingDistributionPoint). */
export interface CrlScope {
  readonly onlyUserCertificates: boolean;
  readonly onlyAuthorities: boolean;
  /** True when it covers some reasons, other issuers or attributes: of no use alone. */
  readonly partial: boolean;
  /** Where it is published, by full names. */
  readonly names: readonly GeneralName[] | undefined;
  /** True when a place of publication is given at all. */
  readonly hasPoint: boolean;
}

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
  node.expect(TAG.sequence, "CRL");
  if (node.children.length !== 3) throw derError("CRL is not a triple");
  const tbs = node.at(0, "signed part").expect(TAG.sequence, "signed part");
  const signatureAlgorithm = readAlgorithm(node.at(1, "signature algorithm"));
  let next = 0;
  const version = tbs.at(next, "version");
  if (version.tag === TAG.integer) {
    if (readSmallInteger(version) !== 1) throw derError("CRL is not version 2");
    next++;
  }
  // RFC 5280 §5.1.1.2: what is signed and what is claimed must be the same.
  if (
    !sameBytes(
      tbs.at(next++, "signature algorithm").raw,
      signatureAlgorithm.raw,
    )
  ) throw derError("CRL names two signature algorithms");
  const issuer = readName(tbs.at(next++, "issuer"));
  const thisUpdate = readTime(tbs.at(next++, "date of issue"));
  const isTime = (tag?: number) =>
    tag === TAG.utcTime || tag === TAG.generalizedTime;
  const nextUpdate = isTime(tbs.children[next]?.tag)
    ? readTime(tbs.children[next++]!)
    : undefined;
  const entries = tbs.children[next]?.tag === TAG.sequence
    ? tbs.children[next++]
    : undefined;
  const { serials, unknownCritical } = readRevokedSerials(
    entries?.content ?? new Uint8Array(),
  );
  const extensions = readCrlExtensions(
    tbs.children[next]?.tag === contextTag(0)
      ? tbs.children[next++]
      : undefined,
  );
  if (next !== tbs.children.length) throw derError("CRL has unknown members");
  return {
    tbs: tbs.raw,
    issuer,
    thisUpdate,
    nextUpdate,
    signatureAlgorithm,
    signature: readBitString(node.at(2, "signature")),
    ...extensions,
    unknownCritical: [...extensions.unknownCritical, ...unknownCritical],
    revoked: serials,
  };
}

type CrlExtensions = Pick<
  Crl,
  "authorityKeyId" | "scope" | "delta" | "unknownCritical"
>;

function readCrlExtensions(node: DerNode | undefined): CrlExtensions {
  const unknownCritical: string[] = [];
  let authorityKeyId: AuthorityKeyId | undefined;
  let scope: CrlScope | undefined;
  let delta = false;
  const listed = node ? listExtensions(node.at(0, "CRL extensions")) : [];
  for (const { oid, critical, value } of listed) {
    if (oid === OID.authorityKeyIdentifier) {
      authorityKeyId = readAuthorityKeyId(readDer(value, { strict: true }));
    } else if (oid === OID.issuingDistributionPoint) {
      scope = readScope(readDer(value, { strict: true }));
    } else if (oid === OID.deltaCRLIndicator) delta = true;
    else if (critical) unknownCritical.push(oid);
  }
  return { authorityKeyId, scope, delta, unknownCritical };
}

/** RFC 5280 §5.2.5. */
function readScope(node: DerNode): CrlScope {
  node.expect(TAG.sequence, "issuing distribution point");
  const flag = (n: number) => {
    const found = node.find(contextTag(n, false));
    return found !== undefined && readBoolean(found, contextTag(n, false));
  };
  const point = node.find(contextTag(0));
  return {
    onlyUserCertificates: flag(1),
    onlyAuthorities: flag(2),
    partial: node.find(contextTag(3, false)) !== undefined || flag(4) ||
      flag(5),
    names: readPointNames(point),
    hasPoint: point !== undefined,
  };
}
