/**
 * DNs as text: the slash form that sites register, `/C=UK/O=eScience/CN=host`.
 *
 * The form does not escape anything, so a value can be made to look like more
 * attributes than it is. Names that could be mistaken are told apart by
 * {@linkcode isAmbiguousDn}; a program that grants rights by DN must refuse them.
 *
 * @module
 */
import type { Name, NameAttribute } from "./name.ts";
import { shortName } from "../../asn1/mod.ts";

/**
 * The DN as SSM 4.0.0 writes it: values decoded and not escaped, relative names
 * of several attributes like single ones. Attributes without a name are all
 * UNDEF: an administrator that lists such a DN relies on the authorities to keep
 * them apart.
 * Control characters come out as `\xHH`, so the result is always one line.
 */
export function formatDn(name: Name): string {
  return name.rdns.flat().map((attribute) => {
    const value = attribute.value ?? escapeBytes(attribute.bytes, NOTHING);
    return `/${shortName(attribute.oid) ?? "UNDEF"}=${escapeControls(value)}`;
  }).join("");
}

/**
 * Every spelling of the DN that some SSM wrote into a list: 4.0.0, then
 * `openssl -nameopt compat` of OpenSSL 3 and of OpenSSL 1.
 */
export function dnSpellings(name: Name): string[] {
  return [
    ...new Set([
      formatDn(name),
      formatCompat(name, { escaped: /[/+]/, joiner: "+" }),
      formatCompat(name, { escaped: NOTHING, joiner: "/" }),
    ]),
  ];
}

/**
 * Could the text of this DN be that of another name? True when a value contains
 * what looks like the start of another attribute (`/CN=`, `+UID=`), what looks
 * like an escape (`\x41`, `\/`), a control or invisible character, or no text.
 */
export function isAmbiguousDn(name: Name): boolean {
  const { rdns } = name;
  if (rdns.length === 0 || rdns.some((rdn) => rdn.length === 0)) return true;
  return rdns.flat().some(({ value }) =>
    value === undefined || LOOKS_LIKE_ATTRIBUTE.test(value) ||
    LOOKS_LIKE_ESCAPE.test(value) || INVISIBLE.test(value.replace(JOINERS, ""))
  );
}

const NOTHING = /^\b$/;

/** Also names that no table knows: another OpenSSL may know more of them. */
const LOOKS_LIKE_ATTRIBUTE = /[/+]\s*[A-Za-z0-9][A-Za-z0-9.-]*\s*=/;
const LOOKS_LIKE_ESCAPE = /\\(x[0-9A-Fa-f]{2}|[/+])/;
/** Controls, formats (zero width, bidirectional), line and paragraph separators, private use, unassigned. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;
/**
 * Zero width joiner and non-joiner, which names in Persian and in Indian scripts
 * need. They cannot be overlooked: in the text of a DN they are `\xE2\x80\x8C`
 * and `\xE2\x80\x8D`, and a value that has these letters itself is refused.
 */
const JOINERS = /[\u200c\u200d]/g;

function escapeControls(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => escapeBytes(new TextEncoder().encode(char), NOTHING),
  );
}

/** X509_NAME_oneline(): every octet beyond printable ASCII as `\xHH`. */
function formatCompat(
  name: Name,
  style: { escaped: RegExp; joiner: string },
): string {
  return name.rdns.map((rdn) =>
    "/" + rdn.map((attribute) => formatOneline(attribute, style.escaped))
      .join(style.joiner)
  ).join("");
}

function formatOneline({ oid, bytes }: NameAttribute, escaped: RegExp): string {
  return `${shortName(oid) ?? oid}=${escapeBytes(bytes, escaped)}`;
}

function escapeBytes(bytes: Uint8Array, escaped: RegExp): string {
  return Array.from(bytes, (byte) => {
    if (byte < 0x20 || byte > 0x7e) {
      return `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    const char = String.fromCharCode(byte);
    return escaped.test(char) ? `\\${char}` : char;
  }).join("");
}
