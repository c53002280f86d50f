/**
 * Trust in the public authorities, those that browsers know.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { quoted, SsmError } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import type { PeerCertificates } from "../tcp/socket.ts";

/**
 * Judges the far end's certificates and its right to the name `host`; throws
 * when they are not to be trusted. It is asked only of a peer that has proved
 * to have the leaf's private key.
 */
export type PeerVerifier = (
  peer: PeerCertificates,
  host: string,
) => void | Promise<void>;

/**
 * Takes a peer for the one it says to be when its certificate has the name, is
 * valid today and is signed by a public authority. No revocation list is asked.
 */
export interface PublicTrust {
  /** Tells it from a verifier. */
  readonly roots: "public";
  /** Judges a peer whom no public authority vouches for. @default it is refused */
  readonly besides?: PeerVerifier | undefined;
}

/**
 * Refuses a peer whom nobody vouches for. To be asked only of a peer that has
 * proved to have the key of its certificate, after a handshake without `ca`: the
 * runtime's list of public authorities itself could be read only with a permission
 * that tells much more of the machine.
 *
 * @throws {SsmError} `TRUST`; what `besides` throws
 */
export async function requirePublicTrust(
  tls: TLSSocket,
  peer: PeerCertificates,
  host: string,
  { besides }: PublicTrust,
): Promise<void> {
  if (tls.authorized) return;
  if (besides) return await besides(peer, host);
  throw new SsmError(
    "TRUST",
    `Cannot trust ${quoted(host)}: ${
      verdict(peer.leaf, String(tls.authorizationError))
    }`,
  );
}

/** `node:tls` has one word for several things: the dates are looked at first. */
function verdict(leaf: Uint8Array, code: string): string {
  const { validFrom, validTo, issuer, subjectAltName } = new X509Certificate(
    leaf,
  );
  const now = systemClock.date().getTime();
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
