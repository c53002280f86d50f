/**
 * The entries of a CRL, walked without making an object of each.
 *
 * Source: RFC 5280 §5.1.2.6 and §5.3.
 *
 * @module
 */
import { derError, readDer, TAG } from "../../asn1/mod.ts";
import { listExtensions } from "../certificate/extensions.ts";
import { OID } from "../../asn1/mod.ts";

/** What the entries of a CRL say. */
export interface RevokedSerials {
  /** In the form of {@linkcode serialKey}. */
  readonly serials: ReadonlySet<string>;
  /** Critical entry extensions that ssm does not process. */
  readonly unknownCritical: readonly string[];
}

/** A serial number as a text that is the same for equal numbers. */
export function serialKey(content: Uint8Array): string {
  let start = 0;
  // BER allows leading zero octets, and old authorities wrote them.
  while (start < content.length - 1 && content[start] === 0) start++;
  // A number with the high bit set is negative, unless a zero octet was before it.
  const sign = start === 0 && content.length > 0 && content[0]! & 0x80
    ? "-"
    : "";
  return sign + content.subarray(start).toHex();
}

/**
 * Reads the content of revokedCertificates.
 *
 * @throws {SsmError} `DER` when an entry is malformed.
 */
export function readRevokedSerials(content: Uint8Array): RevokedSerials {
  const serials = new Set<string>();
  const unknownCritical = new Set<string>();
  let at = 0;
  while (at < content.length) {
    const entry = extent(content, at, content.length);
    if (content[at] !== TAG.sequence) throw derError("CRL entry is malformed");
    const serial = extent(content, entry.start, entry.end);
    const date = extent(content, serial.end, entry.end);
    if (content[entry.start] !== TAG.integer) {
      throw derError("CRL entry has no serial number");
    }
    at = entry.end;
    const extensions = content.subarray(date.end, entry.end);
    if (
      extensions.length > 0 && isRemoval(extensions, unknownCritical)
    ) continue;
    serials.add(serialKey(content.subarray(serial.start, serial.end)));
  }
  return { serials, unknownCritical: [...unknownCritical] };
}

/** Where the content of the element at `at` begins and ends. */
function extent(
  bytes: Uint8Array,
  at: number,
  limit: number,
): { start: number; end: number } {
  const first = bytes[at + 1];
  if (first === undefined || at + 2 > limit) {
    throw derError("CRL entry is truncated");
  }
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets < 1 || octets > 4) throw derError("CRL entry is malformed");
    length = 0;
    for (let i = 0; i < octets; i++) {
      length = length * 256 + (bytes[start++] ?? 0);
    }
  }
  const end = start + length;
  if (end > limit) throw derError("CRL entry is truncated");
  return { start, end };
}

/** The usual extensions: a reason code and nothing else; the reason is the last octet. */
const REASON_ONLY = Uint8Array.fromHex("300c300a0603551d1504030a01");
const REMOVE_FROM_CRL = 8;

/** Does the entry take a certificate off the list (§5.3.1)? */
function isRemoval(
  extensions: Uint8Array,
  unknownCritical: Set<string>,
): boolean {
  if (
    extensions.length === REASON_ONLY.length + 1 &&
    REASON_ONLY.every((octet, at) => octet === extensions[at])
  ) return extensions.at(-1) === REMOVE_FROM_CRL;
  let removal = false;
  const node = readDer(extensions, { strict: true });
  for (const { oid, critical, value } of listExtensions(node)) {
    if (oid === OID.cRLReason) {
      removal = value.at(-1) === REMOVE_FROM_CRL;
    } else if (critical) unknownCritical.add(oid);
  }
  return removal;
}
