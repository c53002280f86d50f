/**
 * Revocation: every certificate of a path against the CRL of its issuer.
 *
 * As with `openssl verify -crl_check_all`, a CRL that is missing, out of date or
 * not understood refuses the path; but that is the fault of the CA directory, and
 * may be mended there. Unlike there, delta CRLs and those of some reasons count
 * for what they revoke.
 *
 * Source: RFC 5280 §6.3.
 *
 * @module
 */
import { equalBytes } from "../../bytes.ts";
import { isSsmError } from "../../errors.ts";
import { isTooWeak, type WeakDigests } from "../../asn1/mod.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { type Crl, isRevoked } from "../crl/crl.ts";
import type { CrlScope } from "../crl/crl_extensions.ts";
import { formatDn } from "../certificate/dn.ts";
import { KEY_USAGE } from "../certificate/extensions.ts";
import type { GeneralName } from "../certificate/general_name.ts";
import { sameName } from "../certificate/name.ts";
import type { CertificateSource, Fault } from "./verdict.ts";
import type { SignatureCache } from "../signature/cache.ts";
import { signatureScheme } from "../signature/scheme.ts";

/** Settings of {@linkcode revocationFault}. */
export interface RevocationOptions {
  now: Date;
  source: CertificateSource;
  signatures: SignatureCache;
  allowWeakDigests?: WeakDigests | undefined;
}

/**
 * Which certificate of the path is revoked, or why that cannot be told now;
 * `undefined` if none is.
 */
export async function revocationFault(
  path: readonly Certificate[],
  options: RevocationOptions,
): Promise<Fault | undefined> {
  let untold: Fault | undefined;
  for (const [index, certificate] of path.entries()) {
    // The root is its own issuer.
    const issuer = path[index + 1] ?? certificate;
    const fault = await certificateFault(certificate, issuer, options);
    if (fault && !fault.missing) return fault;
    untold ??= fault;
  }
  return untold;
}

/**
 * Revoked is what any valid CRL names. Not revoked is what is named by none,
 * while there is a complete one.
 */
async function certificateFault(
  certificate: Certificate,
  issuer: Certificate,
  options: RevocationOptions,
): Promise<Fault | undefined> {
  const { source, now } = options;
  const candidates = source.crls(certificate.issuer)
    .filter((crl) => isFrom(crl, issuer) && concerns(crl, certificate))
    .toSorted(newestFirst);
  const { crl, fault } = await newestComplete(candidates, issuer, options);
  const valid = crl ? [crl] : [];
  for (const addition of candidates.filter((crl) => !isComplete(crl))) {
    const state = dateFault(addition, now) ??
      await useFault(addition, issuer, options);
    if (!state) valid.push(addition);
  }
  if (valid.some((crl) => isRevoked(crl, certificate.serial))) {
    return { reason: `${formatDn(certificate.subject)} is revoked` };
  }
  const authority = formatDn(issuer.subject);
  // What cannot be read may be the newest of all.
  const unread = source.unread?.("CRL", certificate.issuer);
  const reason = unread === undefined
    ? fault
    : `a CRL of ${authority} cannot be used: ${unread}`;
  return reason === undefined
    ? undefined
    : { reason, missing: { what: "CRL", authority } };
}

/** The CRL of an authority that counts, or why there is none. */
export interface CurrentCrl {
  readonly crl?: Crl;
  /** In words about the authority. */
  readonly fault?: string;
}

/**
 * The CRL of an authority by which a certificate that it issued would be cleared;
 * one for certificates of one kind alone is as good as one for all.
 */
export async function currentCrl(
  issuer: Certificate,
  options: RevocationOptions,
): Promise<CurrentCrl> {
  const candidates = options.source.crls(issuer.subject)
    .filter((crl) => isFrom(crl, issuer)).toSorted(newestFirst);
  return await newestComplete(candidates, issuer, options);
}

function newestFirst(a: Crl, b: Crl): number {
  return b.thisUpdate.getTime() - a.thisUpdate.getTime();
}

/**
 * The newest complete CRL of now, or what is wrong with it: that it is damaged
 * does not bring an older one back.
 */
async function newestComplete(
  candidates: readonly Crl[],
  issuer: Certificate,
  options: RevocationOptions,
): Promise<CurrentCrl> {
  const name = formatDn(issuer.subject);
  let outdated: string | undefined;
  for (const crl of candidates.filter(isComplete)) {
    const dates = dateFault(crl, options.now);
    if (dates) {
      outdated ??= `the CRL of ${name} ${dates}`;
      continue;
    }
    const state = await useFault(crl, issuer, options);
    if (!state) return { crl };
    if (await isOfNamesake(crl, issuer, options)) continue;
    return { fault: `the CRL of ${name} ${state}` };
  }
  return { fault: outdated ?? `no CRL of ${name} is in the CA directory` };
}

/** Did another authority of the same name sign it, or the same one with another key? */
async function isOfNamesake(
  crl: Crl,
  issuer: Certificate,
  options: RevocationOptions,
): Promise<boolean> {
  for (const other of options.source.find(issuer.subject)) {
    if (equalBytes(other.spki, issuer.spki)) continue;
    if (!await useFault(crl, other, options)) return true;
  }
  return false;
}

/** Could this issuer have signed it? Another authority may bear the same name. */
function isFrom({ issuer: name, authorityKeyId }: Crl, issuer: Certificate) {
  const { subjectKeyId } = issuer.extensions;
  return sameName(name, issuer.subject) &&
    (!authorityKeyId?.keyId || !subjectKeyId ||
      equalBytes(authorityKeyId.keyId, subjectKeyId));
}

/** Can the CRL clear a certificate, and not only revoke it? */
function isComplete({ delta, scope }: Crl): boolean {
  return !delta && !scope?.someReasons;
}

/** Does the CRL speak about this certificate (§6.3.3 (b))? */
function concerns({ scope }: Crl, certificate: Certificate): boolean {
  if (!scope) return true;
  const isAuthority = certificate.extensions.basicConstraints?.ca ?? false;
  if (scope.foreign) return false;
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

function dateFault(
  { thisUpdate, nextUpdate }: Crl,
  now: Date,
): string | undefined {
  if (now < thisUpdate) {
    return `is not valid before ${thisUpdate.toISOString()}`;
  }
  if (nextUpdate && now > nextUpdate) {
    return `has expired on ${nextUpdate.toISOString()}`;
  }
  return undefined;
}

async function useFault(
  crl: Crl,
  issuer: Certificate,
  { signatures, allowWeakDigests }: RevocationOptions,
): Promise<string | undefined> {
  const { keyUsage } = issuer.extensions;
  if (keyUsage !== undefined && !(keyUsage & KEY_USAGE.cRLSign)) {
    return "is void: its issuer is not allowed to sign CRLs";
  }
  const [unknown] = crl.unknownCritical;
  if (unknown) return `has a critical extension that is unknown: ${unknown}`;
  try {
    const { digest } = signatureScheme(crl.signatureAlgorithm);
    if (digest && isTooWeak(digest, allowWeakDigests)) {
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
