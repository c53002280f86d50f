/**
 * Distinguished names as ASN.1 holds them, and when two of them are the same.
 *
 * @module
 */
import {
  der,
  derError,
  type DerNode,
  Members,
  readOid,
  TAG,
} from "../../asn1/mod.ts";
import { concatBytes, equalBytes } from "../../bytes.ts";

/** One attribute of a name: `CN=host.example`. */
export interface NameAttribute {
  /** The attribute type in dotted form. */
  readonly oid: string;
  /** The string type, an identifier octet of `TAG`. */
  readonly tag: number;
  /** The value as encoded. */
  readonly bytes: Uint8Array;
  /** The value as text; `undefined` if it is no text, or not valid in its type. */
  readonly value: string | undefined;
  /** The whole AttributeTypeAndValue in DER. */
  readonly raw: Uint8Array;
}

/** A distinguished name. */
export interface Name {
  /** The whole Name in DER. */
  readonly raw: Uint8Array;
  /** Relative names in the order of the certificate; nearly always of one attribute each. */
  readonly rdns: readonly (readonly NameAttribute[])[];
}

/** Far more than the upper bounds of RFC 5280, Appendix A, allow; a name is printed, and compared. */
const MAX_NAME_BYTES = 16 << 10;

/**
 * Reads a Name (RFC 5280 §4.1.2.4).
 *
 * @throws {SsmError} `DER` when it is malformed, or has more than 16 KiB.
 */
export function readName(node: DerNode): Name {
  node.expect(TAG.sequence, "name");
  if (node.raw.length > MAX_NAME_BYTES) {
    throw derError(
      `name has ${node.raw.length} bytes, at most ${MAX_NAME_BYTES} are allowed`,
    );
  }
  const rdns = node.children.map((rdn) =>
    rdn.expect(TAG.set, "relative name").children.map(readAttribute)
  );
  return { raw: node.raw, rdns };
}

function readAttribute(node: DerNode): NameAttribute {
  const fields = new Members(node, "name attribute");
  const oid = readOid(fields.take("attribute type"));
  const { tag, content } = fields.take("attribute value");
  fields.end();
  return {
    oid,
    tag,
    bytes: content,
    value: decodeString(tag, content),
    raw: node.raw,
  };
}

/**
 * The text of a string type. Python SSM reads the bytes of every type as UTF-8;
 * that is kept where it works, since old authorities put UTF-8 or Latin-1 into
 * the older types.
 */
function decodeString(tag: number, bytes: Uint8Array): string | undefined {
  switch (tag) {
    case TAG.utf8:
      return decodeUtf8(bytes);
    case TAG.bmp:
      return decodeWide(bytes, 2);
    case TAG.universal:
      return decodeWide(bytes, 4);
    case TAG.printable:
    case TAG.ia5:
    case TAG.numeric:
    case TAG.visible:
    case TAG.teletex:
      return decodeUtf8(bytes) ?? decodeLatin1(bytes);
    default:
      return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function decodeLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Big-endian code points of a fixed width. */
function decodeWide(bytes: Uint8Array, width: 2 | 4): string | undefined {
  if (bytes.length % width !== 0) return undefined;
  let text = "";
  for (let at = 0; at < bytes.length; at += width) {
    let code = 0;
    for (let i = 0; i < width; i++) code = code * 256 + bytes[at + i]!;
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    text += String.fromCodePoint(code);
  }
  return text;
}

const canonicalForms = new WeakMap<Name, Uint8Array>();

/**
 * The form in which OpenSSL compares and hashes names: letters of ASCII in lower
 * case, white space trimmed and collapsed, every string as UTF8String, without
 * the outer header.
 */
export function canonicalName(name: Name): Uint8Array {
  let canonical = canonicalForms.get(name);
  if (!canonical) {
    canonical = concatBytes(
      name.rdns.map((rdn) => der.setOf(...rdn.map(canonicalAttribute))),
    );
    canonicalForms.set(name, canonical);
  }
  return canonical;
}

/** Are both names the same, up to letter case, white space and string type? */
export function sameName(a: Name, b: Name): boolean {
  return equalBytes(a.raw, b.raw) ||
    equalBytes(canonicalName(a), canonicalName(b));
}

/** Does `name` lie in the subtree of the directory below `base` (RFC 5280 §7.1)? */
export function isUnder(name: Name, base: Name): boolean {
  const whole = canonicalName(name);
  const start = canonicalName(base);
  // Each relative name is a complete element, so a prefix ends between two of them.
  return start.length <= whole.length &&
    equalBytes(whole.subarray(0, start.length), start);
}

/** The text with ASCII letters in lower case; all others stay as they are. */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function canonicalAttribute(attribute: NameAttribute): Uint8Array {
  const { raw } = attribute;
  const value = canonicalSource(attribute);
  if (value === undefined) return raw;
  const text = lowerCaseAscii(value)
    // Collapsed before it is trimmed: a search for a run at the end would take
    // the square of the length of a long run elsewhere.
    .replace(/[\t-\r ]+/g, " ")
    .replace(/^ | $/g, "");
  return der.element(
    TAG.sequence,
    oidElement(raw),
    der.element(TAG.utf8, new TextEncoder().encode(text)),
  );
}

/** The text of the types that OpenSSL converts (`ASN1_MASK_CANON`); others are compared as they are. */
function canonicalSource(attribute: NameAttribute): string | undefined {
  const { tag, value, bytes } = attribute;
  switch (tag) {
    case TAG.utf8:
    case TAG.bmp:
    case TAG.universal:
      return value;
    case TAG.printable:
    case TAG.teletex:
    case TAG.ia5:
    case TAG.visible:
      return decodeLatin1(bytes);
    default:
      return undefined;
  }
}

/** The attribute type, still encoded: the first element of the attribute. */
function oidElement(attribute: Uint8Array): Uint8Array {
  const start = attribute[1]! < 0x80 ? 2 : 2 + (attribute[1]! & 0x7f);
  return attribute.subarray(start, start + 2 + attribute[start + 1]!);
}
