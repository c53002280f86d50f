/**
 * The certificates of the far end, out of `node:tls`.
 *
 * @module
 */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { requireProofOfKey } from "./proof_of_key.ts";
import type { PeerCertificates } from "../tcp/socket.ts";

/** Certificates taken from one peer; a real chain has three or four. */
const MAX_CERTIFICATES = 16;

/**
 * What the peer of a finished handshake sent, `undefined` when nothing. The
 * peer has proved that the leaf is its own: this is the only way to certificates
 * of a peer, so that nobody judges one without.
 *
 * @param whom What to call the peer in the error.
 * @throws {SsmError} `TRUST` when the peer may not have proved it.
 */
export function provenPeer(
  socket: TLSSocket,
  whom: string,
): PeerCertificates | undefined {
  const chain: Uint8Array[] = [];
  const seen = new Set<DetailedPeerCertificate>();
  let next: DetailedPeerCertificate | undefined = socket
    .getPeerCertificate(true);
  // A self-signed certificate names itself as its issuer.
  while (
    next?.raw !== undefined && !seen.has(next) &&
    chain.length < MAX_CERTIFICATES
  ) {
    seen.add(next);
    chain.push(new Uint8Array(next.raw));
    next = next.issuerCertificate;
  }
  const [leaf, ...others] = chain;
  if (leaf === undefined) return undefined;
  requireProofOfKey(leaf, whom);
  return { leaf, others };
}
