/**
 * The entries of a CRL, walked without making an object of each.
 *
 * Source: RFC 5280 §5.1.2.6 and §5.3.
 *
 * @module
 */
import {
  derError,
  isMinimalInteger,
  OID,
  readDer,
  readStrictInteger,
  TAG,
} from "../../asn1/mod.ts";
import { listExtensions } from "../certificate/extensions.ts";

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
 * @param extensible whether entries may have extensions
 * @throws {SsmError} `DER` when an entry is malformed.
 */
export function readRevokedSerials(
  content: Uint8Array,
  extensible = true,
): RevokedSerials {
  const serials = new Set<string>();
  const unknownCritical = new Set<string>();
  let at = 0;
  while (at < content.length) {
    if (content[at] !== TAG.sequence) throw derError("CRL entry is malformed");
    const entry = extent(content, at, content.length);
    const serial = extent(content, entry.start, entry.end);
    const number = content.subarray(serial.start, serial.end);
    if (content[entry.start] !== TAG.integer || !isMinimalInteger(number)) {
      throw derError("CRL entry has no serial number");
    }
    const date = extent(content, serial.end, entry.end);
    if (
      !isTime(content[serial.end]!, content.subarray(date.start, date.end))
    ) throw derError("CRL entry has no date");
    at = entry.end;
    if (date.end < entry.end) {
      if (!extensible) throw derError("CRL of version 1 has extensions");
      const extensions = content.subarray(date.end, entry.end);
      if (isRemoval(extensions, unknownCritical)) continue;
    }
    serials.add(serialKey(number));
  }
  return { serials, unknownCritical: [...unknownCritical] };
}

/** Where the content of the element at `at` begins and ends; its length is DER. */
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
    if (length < 0x80 || length < 256 ** (octets - 1)) {
      throw derError("CRL entry has an over-long length");
    }
  }
  const end = start + length;
  if (end > limit) throw derError("CRL entry is truncated");
  return { start, end };
}

/** Digits of UTCTime and GeneralizedTime, as RFC 5280 §4.1.2.5 restricts them. */
const TIME_DIGITS: ReadonlyMap<number, number> = new Map([
  [TAG.utcTime, 12],
  [TAG.generalizedTime, 14],
]);

/** The upper bounds of month, day, hour, minute and second. */
const TIME_BOUNDS = [12, 31, 23, 59, 59];

/** Is it a point in time? Which one does not matter. */
function isTime(tag: number, content: Uint8Array): boolean {
  const digits = TIME_DIGITS.get(tag);
  if (content.length - 1 !== digits || content[digits] !== 0x5a) return false;
  for (let at = 0; at < digits; at++) {
    if (content[at]! < 0x30 || content[at]! > 0x39) return false;
  }
  const first = digits - 2 * TIME_BOUNDS.length;
  return TIME_BOUNDS.every((bound, index) => {
    const at = first + 2 * index;
    const value = content[at]! * 10 + content[at + 1]! - 0x30 * 11;
    return value <= bound && (index > 1 || value > 0);
  });
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
  const listed = listExtensions(readDer(extensions, { strict: true }));
  if (listed.length === 0) throw derError("CRL entry has empty extensions");
  for (const { oid, critical, value } of listed) {
    if (oid === OID.cRLReason) removal = readReason(value) === REMOVE_FROM_CRL;
    else if (critical) unknownCritical.add(oid);
  }
  return removal;
}

function readReason(value: Uint8Array): number {
  const node = readDer(value, { strict: true });
  const code = readStrictInteger(node, TAG.enumerated);
  if (code.length > 1) throw derError("CRL entry has an unknown reason");
  return code[0]!;
}
