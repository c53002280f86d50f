/**
 * Revocation: every certificate of a path against the CRL of its issuer.
 *
 * As with `openssl verify -crl_check_all`, a CRL that is missing, out of date or
 * not understood refuses the path.
 *
 * Source: RFC 5280 §6.3.
 *
 * @module
 */
import { isSsmError } from "../../errors.ts";
import { isWeakDigest } from "../../asn1/mod.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { type Crl, type CrlScope, isRevoked } from "./crl.ts";
import { formatDn } from "../certificate/dn.ts";
import { KEY_USAGE } from "../certificate/extensions.ts";
import type { GeneralName } from "../certificate/general_name.ts";
import { type Name, sameBytes, sameName } from "../certificate/name.ts";
import type { SignatureCache } from "../signature/cache.ts";
import { signatureScheme } from "../signature/scheme.ts";

/** Settings of {@linkcode revocationFault}. */
export interface RevocationOptions {
  now: Date;
  source: { crls(issuer: Name): readonly Crl[] };
  signatures: SignatureCache;
  allowWeakDigests?: boolean | undefined;
}

/** Which certificate of the path is revoked, or why that cannot be told; `undefined` if none is. */
export async function revocationFault(
  path: readonly Certificate[],
  options: RevocationOptions,
): Promise<string | undefined> {
  for (const [index, certificate] of path.entries()) {
    // The root is its own issuer.
    const issuer = path[index + 1] ?? certificate;
    const { crl, fault } = await currentCrl(certificate, issuer, options);
    if (!crl) return fault;
    if (isRevoked(crl, certificate.serial)) {
      return `${formatDn(certificate.subject)} is revoked`;
    }
  }
  return undefined;
}

interface Found {
  readonly crl?: Crl;
  readonly fault?: string;
}

/** The newest valid CRL that covers the certificate; else the fault of the newest one. */
async function currentCrl(
  certificate: Certificate,
  issuer: Certificate,
  options: RevocationOptions,
): Promise<Found> {
  const name = formatDn(issuer.subject);
  const candidates = options.source.crls(certificate.issuer)
    .filter((crl) => isFrom(crl, issuer) && covers(crl, certificate))
    .toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
  let fault = `no CRL of ${name} is in the CA directory`;
  for (const [index, crl] of candidates.entries()) {
    const state = await crlFault(crl, issuer, options);
    if (!state) return { crl };
    if (index === 0) fault = `the CRL of ${name} ${state}`;
  }
  return { fault };
}

/** Could this issuer have signed it? Another authority may bear the same name. */
function isFrom({ issuer: name, authorityKeyId }: Crl, issuer: Certificate) {
  const { subjectKeyId } = issuer.extensions;
  return sameName(name, issuer.subject) &&
    (!authorityKeyId?.keyId || !subjectKeyId ||
      sameBytes(authorityKeyId.keyId, subjectKeyId));
}

/** Does the CRL speak about this certificate (§6.3.3 (b))? Delta CRLs alone never do. */
function covers({ delta, scope }: Crl, certificate: Certificate): boolean {
  if (delta) return false;
  if (!scope) return true;
  const isAuthority = certificate.extensions.basicConstraints?.ca ?? false;
  if (scope.partial) return false;
  if (isAuthority ? scope.onlyUserCertificates : scope.onlyAuthorities) {
    return false;
  }
  return !scope.hasPoint || isPublishedFor(scope, certificate);
}

function isPublishedFor(scope: CrlScope, { extensions }: Certificate): boolean {
  return extensions.crlDistributionPoints?.some(({ names, partial }) =>
    !partial &&
    names?.some((name) =>
      scope.names?.some((other) => isSameName(name, other)) ?? false
    )
  ) ?? false;
}

function isSameName(a: GeneralName, b: GeneralName): boolean {
  if (a.kind === "directory" && b.kind === "directory") {
    return sameName(a.name, b.name);
  }
  return a.kind === b.kind && "value" in a && "value" in b &&
    a.value === b.value;
}

async function crlFault(
  crl: Crl,
  issuer: Certificate,
  { now, signatures, allowWeakDigests = false }: RevocationOptions,
): Promise<string | undefined> {
  const { thisUpdate, nextUpdate } = crl;
  const { keyUsage } = issuer.extensions;
  if (keyUsage !== undefined && !(keyUsage & KEY_USAGE.cRLSign)) {
    return "is void: its issuer is not allowed to sign CRLs";
  }
  if (now < thisUpdate) {
    return `is not valid before ${thisUpdate.toISOString()}`;
  }
  if (nextUpdate && now > nextUpdate) {
    return `has expired on ${nextUpdate.toISOString()}`;
  }
  const [unknown] = crl.unknownCritical;
  if (unknown) return `has a critical extension that is unknown: ${unknown}`;
  try {
    const { digest } = signatureScheme(crl.signatureAlgorithm);
    if (digest && isWeakDigest(digest) && !allowWeakDigests) {
      return `is signed with ${digest}, which is too weak`;
    }
    return await signatures.check(crl, issuer)
      ? undefined
      : "has a signature that is not of its issuer";
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return `cannot be checked: ${error.message}`;
  }
}
