/**
 * DNs that people paste from other programs, turned into the slash form.
 *
 * Source: RFC 2253 §2 and §4, RFC 4514 §2; the output of `openssl x509 -subject`.
 *
 * @module
 */
import { oidOfShortName, shortName } from "../../asn1/mod.ts";

interface Attribute {
  readonly type: string;
  readonly value: string;
}

/** The relative names of a DN, each of one attribute or, joined by `+`, more. */
type Rdn = Attribute[];

/**
 * The slash form of a DN with commas: `C = UK, O = Test, CN = x` (OpenSSL, in
 * the order of the certificate) or `CN=x,O=Test,C=UK` (RFC 2253, reversed).
 * `undefined` if the text is no such DN or could be read in two ways; a text
 * that is in slash form already comes back as it is.
 */
export function normaliseDn(text: string): string | undefined {
  const trimmed = text.trim().replace(/^(subject|issuer)\s*[=:]\s*/i, "");
  if (trimmed.startsWith("/")) return trimmed;
  const rdns = readRdns(trimmed);
  if (!rdns || rdns.length === 0) return undefined;
  const ordered = isReversed(rdns, trimmed) ? rdns.toReversed() : rdns;
  const attributes = ordered.flat();
  // What the slash form cannot tell apart is not made here.
  if (attributes.some(({ value }) => /[/+][^/+=]*=/.test(value))) {
    return undefined;
  }
  return attributes.map(({ type, value }) => `/${type}=${value}`).join("");
}

/** A country or domain component begins a name; RFC 2253 puts it last. */
function isReversed(rdns: readonly Rdn[], text: string): boolean {
  const isTop = (rdn?: Rdn) =>
    rdn?.[0]?.type === "C" || rdn?.[0]?.type === "DC";
  const first = isTop(rdns[0]);
  const last = isTop(rdns.at(-1));
  if (first !== last) return last;
  // Only OpenSSL's own form is in the order of the certificate.
  return !/\s=\s|,\s/.test(text);
}

function readRdns(text: string): Rdn[] | undefined {
  const rdns: Rdn[] = [];
  let current: Rdn = [];
  let at = 0;
  while (at < text.length) {
    const head = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*/
      .exec(text.slice(at));
    if (!head) return undefined;
    at += head[0].length;
    const value = readValue(text, at);
    if (!value) return undefined;
    current.push({ type: canonicalType(head[1]!), value: value.text });
    at = value.end;
    const separator = text[at++];
    if (separator === "+") continue;
    rdns.push(current);
    current = [];
    if (separator !== undefined && at === text.length) return undefined;
  }
  return current.length > 0 ? undefined : rdns;
}

/** The name as OpenSSL spells it, whatever the case; `E` and `Email` are old spellings. */
function canonicalType(type: string): string {
  if (/^(e|email)$/i.test(type)) return "emailAddress";
  const oid = /^\d/.test(type) ? type : oidOfShortName(type);
  return oid === undefined ? type : shortName(oid) ?? "UNDEF";
}

/** A value up to an unescaped `,`, `;` or `+`, or in quotation marks. */
function readValue(
  text: string,
  start: number,
): { text: string; end: number } | undefined {
  const quoted = text[start] === '"';
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  /** Length up to the last octet that is not unescaped white space. */
  let kept = 0;
  let at = quoted ? start + 1 : start;
  for (; at < text.length; at++) {
    const char = String.fromCodePoint(text.codePointAt(at)!);
    if (quoted ? char === '"' : /[,;+]/.test(char)) break;
    if (char === "\\") {
      const escape = /^\\([0-9A-Fa-f]{2}|.)/s.exec(text.slice(at));
      if (!escape) return undefined;
      const [whole, what = ""] = escape;
      bytes.push(
        ...(what.length === 2 ? [parseInt(what, 16)] : encoder.encode(what)),
      );
      at += whole.length - 1;
      kept = bytes.length;
      continue;
    }
    bytes.push(...encoder.encode(char));
    at += char.length - 1;
    if (quoted || !/\s/.test(char)) kept = bytes.length;
  }
  if (quoted) {
    if (text[at] !== '"') return undefined;
    at += /^"\s*/.exec(text.slice(at))![0].length;
    if (at < text.length && !/[,;+]/.test(text[at]!)) return undefined;
  }
  const octets = new Uint8Array(bytes.slice(0, kept));
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true }).decode(octets),
      end: at,
    };
  } catch {
    return undefined;
  }
}
