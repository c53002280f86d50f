/**
 * Does a certificate belong to the host that was dialled?
 *
 * Source: RFC 6125 §6.4, RFC 9110 §4.3.4 (IP addresses).
 *
 * @module
 */
import type { Certificate } from "./certificate.ts";
import { parseAddress } from "./ip_address.ts";
import { sameBytes } from "./name.ts";
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
      name.kind === "ip" && sameBytes(name.bytes, address)
    );
  }
  const dnsNames = names.flatMap((name) =>
    name.kind === "dns" ? [name.value] : []
  );
  const commonNames = subject.rdns.flat()
    .filter(({ oid }) => oid === OID.commonName)
    .flatMap(({ value }) => value === undefined ? [] : [value]);
  const patterns = dnsNames.length > 0
    ? dnsNames
    : commonName
    ? commonNames
    : [];
  const wanted = host.toLowerCase().replace(/\.$/, "");
  return patterns.some((pattern) => matches(pattern.toLowerCase(), wanted));
}

/** A wildcard stands for one whole label, the leftmost, below at least two others. */
function matches(pattern: string, host: string): boolean {
  const name = pattern.replace(/\.$/, "");
  if (!name.startsWith("*.")) return name === host && name !== "";
  const parent = name.slice(2);
  const dot = host.indexOf(".");
  return parent.includes(".") && !parent.includes("*") && dot > 0 &&
    host.slice(dot + 1) === parent;
}
