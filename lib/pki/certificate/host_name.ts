/**
 * Does a certificate belong to the host that was dialled?
 *
 * Source: RFC 6125 §6.4, RFC 9110 §4.3.4 (IP addresses).
 *
 * @module
 */
import type { Certificate } from "./certificate.ts";
import { parseAddress } from "./ip_address.ts";
import { lowerCaseAscii, type Name } from "./name.ts";
import { equalBytes } from "../../bytes.ts";
import { OID } from "../../asn1/mod.ts";

/** Settings of {@linkcode isForHost}. */
export interface HostNameOptions {
  /**
   * Compare common names when the certificate has no dNSName at all, as grid
   * brokers with older certificates need.
   * @default true
   */
  commonName?: boolean;
}

/** Is `certificate` issued to the host with this DNS name or IP address? */
export function isForHost(
  certificate: Certificate,
  host: string,
  options: HostNameOptions = {},
): boolean {
  const { commonName = true } = options;
  const { extensions, subject } = certificate;
  const names = extensions.subjectAltName ?? [];
  const address = parseAddress(host.replace(/^\[(.*)\]$/, "$1"));
  if (address) {
    return names.some((name) =>
      name.kind === "ip" && equalBytes(name.bytes, address)
    );
  }
  const dnsNames = names.flatMap((name) =>
    name.kind === "dns" ? [name.value] : []
  );
  const claimed = dnsNames.length > 0
    ? dnsNames
    : commonName
    ? commonNames(subject)
    : [];
  const wanted = canonicalHost(host);
  return claimed.some((name) => {
    const pattern = hostPattern(name);
    return pattern !== undefined && matches(pattern, wanted);
  });
}

/**
 * A host name in the form in which it is compared, here and under name
 * constraints: ASCII letters in lower case (RFC 4343) and no others changed,
 * since the Kelvin sign is no `k` to the DNS; without the dot of the root.
 */
export function canonicalHost(name: string): string {
  // A lone dot stays: nothing at all is the constraint that every host meets.
  return lowerCaseAscii(name).replace(/(?<=.)\.$/, "");
}

/** Labels as the DNS has them, the first of which may be a wildcard. */
const HOST_PATTERN = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/**
 * The hosts that a name in a certificate can stand for, in canonical form;
 * `undefined` when there are none, and {@linkcode isForHost} accepts it nowhere.
 */
export function hostPattern(name: string): string | undefined {
  const canonical = canonicalHost(name);
  return HOST_PATTERN.test(canonical) ? canonical : undefined;
}

/** The common names of a subject that are text. */
export function commonNames({ rdns }: Name): string[] {
  return rdns.flat()
    .filter(({ oid }) => oid === OID.commonName)
    .flatMap(({ value }) => value === undefined ? [] : [value]);
}

/** A wildcard stands for one whole label, the leftmost, below at least two others. */
function matches(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === host;
  const parent = pattern.slice(2);
  const dot = host.indexOf(".");
  return parent.includes(".") && dot > 0 && host.slice(dot + 1) === parent;
}
