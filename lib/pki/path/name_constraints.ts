/**
 * Name constraints: which names an authority may certify.
 *
 * Source: RFC 5280 §4.2.1.10.
 *
 * @module
 */
import type { Certificate } from "../certificate/certificate.ts";
import type { NameConstraints, Subtree } from "../certificate/extensions.ts";
import type { GeneralName } from "../certificate/general_name.ts";
import {
  canonicalHost,
  commonNames,
  hostPattern,
} from "../certificate/host_name.ts";
import { isUnder, type Name } from "../certificate/name.ts";
import { OID } from "../../asn1/mod.ts";

/** Names times constraints, beyond which a certificate is refused, as in OpenSSL. */
const MAX_COMPARISONS = 1 << 20;

/** Settings of {@linkcode violatedConstraint}. */
export interface NameConstraintOptions {
  /**
   * Which common names are held to the constraints of host names, when the
   * certificate has no dNSName and may be accepted as the host that they name:
   * `all` that `isForHost()` accepts, for a TLS server; only those of several
   * labels, since the one word may be a person's (as OpenSSL); or `none`.
   */
  commonNames: "all" | "dotted" | "none";
}

/** Says how a certificate breaks the constraints of an authority above it; `undefined` if it does not. */
export function violatedConstraint(
  certificate: Certificate,
  constraints: NameConstraints,
  options: NameConstraintOptions,
): string | undefined {
  const names = constrainedNames(certificate, options);
  const { permitted, excluded } = constraints;
  if (names.length * (permitted.length + excluded.length) > MAX_COMPARISONS) {
    return "has too many names to check";
  }
  for (const name of names) {
    const state = violation(name, constraints);
    if (state) return state;
  }
  return undefined;
}

function constrainedNames(
  { subject, extensions }: Certificate,
  { commonNames: policy }: NameConstraintOptions,
): GeneralName[] {
  const names: GeneralName[] = [...extensions.subjectAltName ?? []];
  if (subject.rdns.length > 0) names.push({ kind: "directory", name: subject });
  if (!names.some(({ kind }) => kind === "dns")) {
    names.push(...hostsOf(subject, policy));
  }
  for (const { oid, value = "" } of subject.rdns.flat()) {
    if (oid === OID.emailAddress) names.push({ kind: "email", value });
  }
  return names;
}

/** What the host check could take the common names for. */
function hostsOf(
  subject: Name,
  policy: NameConstraintOptions["commonNames"],
): GeneralName[] {
  if (policy === "none") return [];
  return commonNames(subject).map(hostPattern)
    .filter((host) => host !== undefined)
    .filter((host) => policy === "all" || host.includes("."))
    .map((value) => ({ kind: "dns", value }));
}

function violation(
  name: GeneralName,
  { permitted, excluded }: NameConstraints,
): string | undefined {
  const ofKind = (subtrees: readonly Subtree[]) =>
    subtrees.filter(({ base }) => isSameForm(base, name));
  const allowed = ofKind(permitted);
  const forbidden = ofKind(excluded);
  const relevant = [...allowed, ...forbidden];
  if (relevant.length === 0) return undefined;
  if (name.kind === "other") return "has a name of a form that is constrained";
  if (relevant.some(({ bounded }) => bounded)) {
    return "is under name constraints with a minimum or maximum";
  }
  if (forbidden.some(({ base }) => isWithin(name, base, true))) {
    return "has a name that its authority excludes";
  }
  if (
    allowed.length > 0 && !allowed.some(({ base }) => isWithin(name, base))
  ) return "has a name that its authority does not permit";
  return undefined;
}

function isSameForm(a: GeneralName, b: GeneralName): boolean {
  return a.kind === "other" && b.kind === "other"
    ? a.tag === b.tag
    : a.kind === b.kind;
}

function isWithin(
  name: GeneralName,
  base: GeneralName,
  excluding = false,
): boolean {
  if (name.kind === "directory" && base.kind === "directory") {
    return isUnder(name.name, base.name);
  }
  if (name.kind === "ip" && base.kind === "ip") {
    return isInNetwork(name.bytes, base.bytes);
  }
  if (!("value" in name && "value" in base)) return false;
  switch (name.kind) {
    case "dns": {
      const host = canonicalHost(name.value);
      const limit = canonicalHost(base.value);
      return isHostWithin(host, limit) ||
        // "*.a.org" can be used as "b.a.org", and so must not be issued
        // where that is excluded.
        (excluding && host.startsWith("*.") && limit.endsWith(host.slice(1)));
    }
    case "email":
      return isMailboxWithin(name.value, base.value);
    case "uri":
      return isUriWithin(name.value, canonicalHost(base.value));
  }
}

/** The base itself and everything below it; with a leading dot only what is below. */
function isHostWithin(host: string, base: string): boolean {
  if (base === "") return true;
  return base.startsWith(".")
    ? host.endsWith(base)
    : host === base || host.endsWith(`.${base}`);
}

/** A mailbox, all mailboxes of a host, or, with a leading dot, of the hosts below. */
function isMailboxWithin(mailbox: string, base: string): boolean {
  const [local, host] = splitMailbox(mailbox);
  if (host === undefined) return false;
  const [baseLocal, baseHost] = splitMailbox(base);
  if (baseHost !== undefined) {
    return local === baseLocal && host === baseHost;
  }
  const limit = canonicalHost(baseLocal);
  return limit.startsWith(".")
    ? host.endsWith(limit)
    : limit === "" || host === limit;
}

/** The part before the last at sign and, if there is one, the host in canonical form. */
function splitMailbox(mailbox: string): [string, string?] {
  const at = mailbox.lastIndexOf("@");
  return at < 0
    ? [mailbox]
    : [mailbox.slice(0, at), canonicalHost(mailbox.slice(at + 1))];
}

/** The host of the URI, or, with a leading dot, the hosts below. */
function isUriWithin(uri: string, base: string): boolean {
  const [, authority] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@]+)/i.exec(uri) ?? [];
  if (authority === undefined) return false;
  const host = canonicalHost(authority);
  return base.startsWith(".") ? host.endsWith(base) : host === base;
}

/** `network` is an address followed by a mask of the same length. */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  return network.length === 2 * address.length &&
    address.every((octet, at) =>
      ((octet ^ network[at]!) & network[at + address.length]!) === 0
    );
}
