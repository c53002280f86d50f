/**
 * The rules that a complete path must keep, apart from signatures and revocation.
 *
 * Source: RFC 5280 §6.1.3 to §6.1.5; purposes as in OpenSSL.
 *
 * @module
 */
import { isTooWeak, OID, type WeakDigests } from "../../asn1/mod.ts";
import { type Certificate, isSelfIssued } from "../certificate/certificate.ts";
import { formatDn } from "../certificate/dn.ts";
import { KEY_USAGE } from "../certificate/extensions.ts";
import { violatedConstraint } from "./name_constraints.ts";
import { signatureScheme } from "../signature/scheme.ts";

/** What a certificate may be used for: `any` leaves it open. */
export type Purpose = "any" | "serverAuth" | "clientAuth";

/** Settings of {@linkcode pathFault}. */
export interface PathRuleOptions {
  now: Date;
  purpose?: Purpose | undefined;
  allowWeakDigests?: WeakDigests | undefined;
}

/** What is wrong with a path. */
export interface PathFault {
  readonly reason: string;
  /** The certificate of the path that is not valid at the time. */
  readonly outdated?: Certificate;
}

/**
 * What is wrong with a path; `undefined` if nothing.
 *
 * @param path From the certificate in question to its root.
 */
export function pathFault(
  path: readonly Certificate[],
  options: PathRuleOptions,
): PathFault | undefined {
  const { purpose = "any", allowWeakDigests } = options;
  // Authorities between the one at hand and the leaf, the self-issued not counted.
  let below = 0;
  for (const [index, certificate] of path.entries()) {
    const isLeaf = index === 0;
    const isRoot = index === path.length - 1;
    const dates = dateFault(certificate, options.now);
    const fault = dates ?? commonFault(certificate) ??
      (isLeaf ? undefined : authorityFault(certificate, below, isRoot)) ??
      (isRoot ? undefined : weakness(certificate, allowWeakDigests)) ??
      (purpose === "any"
        ? undefined
        : purposeFault(certificate, purpose, isLeaf));
    if (fault) {
      return {
        reason: `${formatDn(certificate.subject)} ${fault}`,
        ...(dates && { outdated: certificate }),
      };
    }
    if (!isLeaf && !isSelfIssued(certificate)) below++;
  }
  const reason = constraintFault(path, purpose);
  return reason === undefined ? undefined : { reason };
}

function dateFault(
  { notBefore, notAfter }: Certificate,
  now: Date,
): string | undefined {
  if (now < notBefore) return `is not valid before ${notBefore.toISOString()}`;
  if (now > notAfter) return `has expired on ${notAfter.toISOString()}`;
  return undefined;
}

function commonFault({ extensions }: Certificate): string | undefined {
  const [unknown] = extensions.unknownCritical;
  if (unknown) return `has a critical extension that is unknown: ${unknown}`;
  // RFC 3820; OpenSSL and so the originals refuse them unless told otherwise.
  if (extensions.proxy) return "is a proxy certificate";
  return undefined;
}

function authorityFault(
  { version, extensions }: Certificate,
  below: number,
  isRoot: boolean,
): string | undefined {
  const { basicConstraints, keyUsage } = extensions;
  if (keyUsage !== undefined && !(keyUsage & KEY_USAGE.keyCertSign)) {
    return "is not allowed to sign certificates";
  }
  if (basicConstraints) {
    if (!basicConstraints.ca) return "is not a certificate authority";
  } else if (!isRoot || (version === 3 && keyUsage === undefined)) {
    // Old roots are of version 1, or of version 3 with a key usage only.
    return "is not a certificate authority";
  }
  const { pathLength } = basicConstraints ?? {};
  if (pathLength !== undefined && below > pathLength) {
    return `allows ${pathLength} authorities below itself, not ${below}`;
  }
  return undefined;
}

/** A collision lets a stranger move the signature to a certificate of his own. */
function weakness(
  { signatureAlgorithm }: Certificate,
  accepted: WeakDigests | undefined,
): string | undefined {
  const { digest } = signatureScheme(signatureAlgorithm);
  return digest && isTooWeak(digest, accepted)
    ? `is signed with ${digest}, which is too weak`
    : undefined;
}

const PURPOSES = {
  serverAuth: {
    oid: OID.serverAuth,
    words: "as a TLS server",
    keyUsage: KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment |
      KEY_USAGE.keyAgreement,
    netscape: 0x40,
  },
  clientAuth: {
    oid: OID.clientAuth,
    words: "as a TLS client",
    keyUsage: KEY_USAGE.digitalSignature | KEY_USAGE.keyAgreement,
    netscape: 0x80,
  },
} as const;

function purposeFault(
  { extensions }: Certificate,
  purpose: keyof typeof PURPOSES,
  isLeaf: boolean,
): string | undefined {
  const { oid, words, keyUsage, netscape } = PURPOSES[purpose];
  const { extKeyUsage } = extensions;
  // Purposes on an authority bind what it issues.
  const allowed =
    extKeyUsage?.some((purpose) =>
      purpose === oid || purpose === OID.anyExtendedKeyUsage
    ) ?? true;
  if (!allowed) return `is not for use ${words}: extended key usage`;
  if (!isLeaf) return undefined;
  if (((extensions.keyUsage ?? keyUsage) & keyUsage) === 0) {
    return `is not for use ${words}: key usage`;
  }
  if (((extensions.netscapeCertType ?? netscape) & netscape) === 0) {
    return `is not for use ${words}: Netscape certificate type`;
  }
  return undefined;
}

/** §6.1.3 (b), (c): each authority binds everything below it but self-issued authorities. */
function constraintFault(
  path: readonly Certificate[],
  purpose: Purpose,
): string | undefined {
  const hostNames = purpose === "serverAuth" ? "all" : "dotted";
  for (const [index, certificate] of path.entries()) {
    const isLeaf = index === 0;
    if (!isLeaf && isSelfIssued(certificate)) continue;
    for (const { extensions } of path.slice(index + 1)) {
      const fault = extensions.nameConstraints &&
        violatedConstraint(certificate, extensions.nameConstraints, {
          commonNames: isLeaf ? hostNames : "none",
        });
      if (fault) return `${formatDn(certificate.subject)} ${fault}`;
    }
  }
  return undefined;
}
