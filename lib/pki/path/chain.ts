/**
 * Certification paths: from a certificate over authorities to a root that the
 * CA directory holds.
 *
 * Source: RFC 5280 §6.1, and the choices of `openssl verify` where it leaves some.
 *
 * @module
 */
import type { WeakDigests } from "../../asn1/mod.ts";
import { equalBytes } from "../../bytes.ts";
import { isSsmError } from "../../errors.ts";
import { type Certificate, isSelfIssued } from "../certificate/certificate.ts";
import { formatDn } from "../certificate/dn.ts";
import type { AuthorityKeyId } from "../certificate/extensions.ts";
import { sameName } from "../certificate/name.ts";
import { pathFault, type Purpose } from "./path_rules.ts";
import { serialKey } from "../crl/revoked_serials.ts";
import { revocationFault } from "./revocation.ts";
import type { CertificateSource, Fault, Verdict } from "./verdict.ts";
import { SignatureCache } from "../signature/cache.ts";
import { MAX_PATH_COST, verificationCost } from "../signature/cost.ts";

/** Settings of {@linkcode verifyChain}. */
export interface VerifyChainOptions {
  /** The moment at which everything must be valid. */
  now: Date;
  /**
   * Demand a valid CRL of every authority in the path, the root included.
   * @default false
   */
  checkCrls?: boolean | undefined;
  /** What the certificate is to be used for. @default "any" */
  purpose?: Purpose | undefined;
  /**
   * What certificates and CRLs may be signed with. The signature of a root upon
   * itself is never looked at.
   * @default "none"
   */
  allowWeakDigests?: WeakDigests | undefined;
  /** Signatures known to be good. @default none is remembered */
  signatures?: SignatureCache | undefined;
}

/** Certificates in a path; the longest of the grid has four. */
const MAX_LENGTH = 12;

/**
 * Is there a valid path from `leaf` to a self-signed certificate of `source`?
 *
 * @param intermediates Certificates that came along; helpful, never trusted.
 */
export async function verifyChain(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  { source, ...options }: VerifyChainOptions & { source: CertificateSource },
): Promise<Verdict> {
  const signatures = options.signatures ?? new SignatureCache();
  const search = new PathSearch(intermediates, {
    ...options,
    source,
    signatures,
  });
  return await search.from(leaf);
}

type SearchOptions = VerifyChainOptions & {
  source: CertificateSource;
  signatures: SignatureCache;
};

/** One search, depth first, for a path that passes every rule. */
class PathSearch {
  readonly #intermediates: readonly Certificate[];
  readonly #options: SearchOptions;
  /** Against bags full of look-alikes, and keys that take long. */
  #costLeft = MAX_PATH_COST;
  /** The first complaint about a whole path; it tells more than "no issuer". */
  #fault: Fault | undefined;
  #gap: string | undefined;
  /** The first that may be mended: then it cannot be told. */
  #untold: Fault | undefined;

  constructor(intermediates: readonly Certificate[], options: SearchOptions) {
    this.#intermediates = intermediates;
    this.#options = options;
  }

  async from(leaf: Certificate): Promise<Verdict> {
    const trusted = isSelfSigned(leaf) && this.#isInSource(leaf);
    const chain = await this.#extend([leaf], trusted);
    if (chain) return { ok: true, chain };
    const fault = this.#untold ?? this.#fault ?? { reason: this.#gap! };
    return { ok: false, ...fault };
  }

  /** Completes `path`, whose last member is `trusted` if it is a root of the source. */
  async #extend(
    path: readonly Certificate[],
    trusted: boolean,
  ): Promise<readonly Certificate[] | undefined> {
    const last = path.at(-1)!;
    if (trusted) {
      const fault = this.#ruleFault(path) ?? await this.#revocationFault(path);
      if (fault?.missing) this.#untold ??= fault;
      else this.#fault ??= fault;
      return fault ? undefined : path;
    }
    if (path.length >= MAX_LENGTH) {
      this.#gap ??= `the chain has more than ${MAX_LENGTH} certificates`;
      return undefined;
    }
    for (const { issuer, known } of this.#issuersOf(last)) {
      if (path.some(({ raw }) => equalBytes(raw, issuer.raw))) continue;
      if (!await this.#isSignedBy(last, issuer)) continue;
      const found = await this.#extend(
        [...path, issuer],
        known && isSelfSigned(issuer),
      );
      if (found) return found;
    }
    const authority = formatDn(last.issuer);
    this.#gap ??= isSelfIssued(last)
      ? `self-signed certificate ${authority} is not in the CA directory`
      : `no valid issuer ${authority} of ${formatDn(last.subject)} is known`;
    const unread = this.#options.source.unread?.("CA", last.issuer);
    if (unread !== undefined) {
      this.#untold ??= {
        reason: `the certificate of ${authority} cannot be used: ${unread}`,
        missing: { what: "CA", authority },
      };
    }
    return undefined;
  }

  /** An authority of the directory that is out of date may be renewed there. */
  #ruleFault(path: readonly Certificate[]): Fault | undefined {
    const fault = pathFault(path, this.#options);
    if (!fault) return undefined;
    const { reason, outdated } = fault;
    if (!outdated || outdated === path[0] || !this.#isInSource(outdated)) {
      return { reason };
    }
    const authority = formatDn(outdated.subject);
    return { reason, missing: { what: "CA", authority } };
  }

  /** Those of the source first, and among them the roots, so that paths are short. */
  #issuersOf(
    { issuer, extensions }: Certificate,
  ): { issuer: Certificate; known: boolean }[] {
    const fits = (candidate: Certificate) =>
      sameName(candidate.subject, issuer) &&
      matchesKeyId(candidate, extensions.authorityKeyId);
    const known = this.#options.source.find(issuer).filter(fits)
      .toSorted((a, b) => Number(isSelfSigned(b)) - Number(isSelfSigned(a)));
    const sent = this.#intermediates.filter(fits);
    return [
      ...known.map((issuer) => ({ issuer, known: true })),
      ...sent.map((issuer) => ({ issuer, known: false })),
    ];
  }

  #isInSource({ subject, raw }: Certificate): boolean {
    return this.#options.source.find(subject)
      .some((known) => equalBytes(known.raw, raw));
  }

  async #isSignedBy(
    certificate: Certificate,
    issuer: Certificate,
  ): Promise<boolean> {
    this.#costLeft -= verificationCost(issuer.spki);
    if (this.#costLeft < 0) {
      this.#gap =
        "the certificates that came along take too long to verify: they are too many, or their keys too large";
      return false;
    }
    try {
      const good = await this.#options.signatures.check(certificate, issuer);
      if (!good) {
        this.#gap ??= `the signature on ${
          formatDn(certificate.subject)
        } is not of its issuer`;
      }
      return good;
    } catch (error) {
      if (!isSsmError(error)) throw error;
      this.#gap ??= `${formatDn(certificate.subject)}: ${error.message}`;
      return false;
    }
  }

  async #revocationFault(
    path: readonly Certificate[],
  ): Promise<Fault | undefined> {
    return this.#options.checkCrls
      ? await revocationFault(path, this.#options)
      : undefined;
  }
}

/** Does the certificate claim to be signed with its own key? As in OpenSSL, by name and key identifier. */
function isSelfSigned(certificate: Certificate): boolean {
  return sameName(certificate.issuer, certificate.subject) &&
    matchesKeyId(certificate, certificate.extensions.authorityKeyId);
}

/** Can `issuer` be the one that an authority key identifier speaks of? */
function matchesKeyId(
  issuer: Certificate,
  id: AuthorityKeyId | undefined,
): boolean {
  const { subjectKeyId } = issuer.extensions;
  if (id?.keyId && subjectKeyId && !equalBytes(id.keyId, subjectKeyId)) {
    return false;
  }
  if (id?.serial && serialKey(id.serial) !== serialKey(issuer.serial)) {
    return false;
  }
  const named = id?.issuer?.find((name) => name.kind === "directory");
  return named === undefined || sameName(named.name, issuer.issuer);
}
