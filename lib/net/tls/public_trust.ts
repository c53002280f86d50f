/**
 * Trust in the public authorities, those that browsers know.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { rootCertificates, type TLSSocket } from "node:tls";
import { quoted, SsmError } from "../../errors.ts";

/**
 * Takes a peer for the one it says to be when its certificate has the name, is
 * valid today and is signed by a public authority, or by one of those named
 * here. No revocation list is asked.
 */
export interface PublicTrust {
  /** Tells it from a verifier. */
  readonly roots: "public";
  /** More authorities, PEM, one or several in each text. @default none */
  readonly besides?: readonly string[] | undefined;
}

/** The authorities, as `node:tls` takes them. */
export function trustedRoots({ besides = [] }: PublicTrust): string[] {
  return [...rootCertificates, ...besides];
}

/**
 * Refuses a peer whom the authorities of the handshake do not vouch for. To be
 * asked only of a peer that has proved to have the key of its certificate.
 *
 * @throws {SsmError} `TRUST`
 */
export function requirePublicTrust(
  tls: TLSSocket,
  leaf: Uint8Array,
  host: string,
): void {
  if (tls.authorized) return;
  throw new SsmError(
    "TRUST",
    `Cannot trust ${quoted(host)}: ${
      verdict(leaf, String(tls.authorizationError))
    }`,
  );
}

/** `node:tls` has one word for several things: the dates are looked at first. */
function verdict(leaf: Uint8Array, code: string): string {
  const { validFrom, validTo, issuer, subjectAltName } = new X509Certificate(
    leaf,
  );
  const now = Date.now();
  if (Date.parse(validTo) < now) return `its certificate expired on ${validTo}`;
  if (Date.parse(validFrom) > now) {
    return `its certificate is valid from ${validFrom} on only`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `its certificate is for other names (${
      quoted(shortened(subjectAltName ?? "none"))
    })`;
  }
  const authority = issuer.split("\n").join(", ");
  return `its certificate is not signed by an authority that is trusted, or not for a server (issuer ${
    quoted(shortened(authority))
  }, ${code})`;
}

/** A certificate may have thousands of names. */
function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
