/**
 * Does a certificate belong to the host that was dialled?
 *
 * Source: RFC 6125 §6.4, RFC 9110 §4.3.4 (IP addresses).
 *
 * @module
 */
import { isIP } from "node:net";
import type { Certificate } from "./certificate.ts";
import { sameBytes } from "./name.ts";
import { OID } from "./oid.ts";

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
  if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) {
    const address = addressBytes(host.replace(/^\[(.*)\]$/, "$1"));
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

/** The octets of an address in its text form, which must be valid. */
function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) {
    return Uint8Array.from(address.split("."), Number);
  }
  const [plain = ""] = address.split("%");
  // The last 32 bits may be written as in IPv4.
  const hex = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (...match) => {
    const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":");
  const start = groups(head);
  const end = tail === undefined ? [] : groups(tail);
  const zeros = Array<string>(8 - start.length - end.length).fill("0");
  const all = tail === undefined ? start : [...start, ...zeros, ...end];
  return Uint8Array.from(all.flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  }));
}
