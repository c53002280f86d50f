/**
 * Whose a CRL is and until when it is good, from its first bytes: a look at a whole CA
 * directory need not read megabytes of revoked serial numbers.
 *
 * @module
 */
import { isSsmError, SsmError } from "../../errors.ts";
import { der, readBeginning, readDer, readTime, TAG } from "../../asn1/mod.ts";
import { type Name, readName } from "../certificate/name.ts";

/** What stands at the beginning of a CRL. Nobody has verified it. */
export interface CrlDates {
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

/** As many bytes of a file are enough for any issuer. */
export const CRL_DATES_BYTES = 16 << 10;

/**
 * Reads the beginning of a file with one CRL in PEM or DER.
 *
 * @throws {SsmError} `CERTIFICATE` when it is not that of a CRL
 */
export function readCrlDates(beginning: Uint8Array): CrlDates {
  try {
    const outer = readBeginning(derOf(beginning));
    const tbs = readBeginning(outer.content);
    let next = readBeginning(tbs.content);
    // The version, which version 1 has not.
    if (next.tag === TAG.integer) next = readBeginning(next.rest);
    const issuer = readBeginning(next.rest);
    const issued = readBeginning(issuer.rest);
    const until = readBeginning(issued.rest);
    return {
      issuer: readName(whole(issuer)),
      thisUpdate: readTime(whole(issued)),
      nextUpdate: until.tag === TAG.utcTime || until.tag === TAG.generalizedTime
        ? readTime(whole(until))
        : undefined,
    };
  } catch (cause) {
    if (!isSsmError(cause, "DER")) throw cause;
    throw new SsmError("CERTIFICATE", "Cannot read CRL: it is none", { cause });
  }
}

/** The element by itself. */
function whole({ tag, content }: { tag: number; content: Uint8Array }) {
  return readDer(der.element(tag, content));
}

const BEGIN = "-----BEGIN X509 CRL-----";

function derOf(beginning: Uint8Array): Uint8Array {
  const text = new TextDecoder("latin1").decode(beginning);
  const start = text.indexOf(BEGIN);
  if (start < 0) return beginning;
  const [lines = ""] = text.slice(start + BEGIN.length).split("-----");
  const base64 = lines.replace(/[^A-Za-z0-9+/]/g, "");
  return Uint8Array.fromBase64(base64.slice(0, base64.length & ~3));
}
