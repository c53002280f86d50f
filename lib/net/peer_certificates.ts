/**
 * The certificates of the far end, out of `node:tls`.
 *
 * @module
 */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { PeerCertificates } from "./socket.ts";

/** Certificates taken from one peer; a real chain has three or four. */
const MAX_CERTIFICATES = 16;

/** What the peer of a finished handshake sent, `undefined` when nothing. */
export function peerCertificates(
  socket: TLSSocket,
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
  return leaf === undefined ? undefined : { leaf, others };
}
