/**
 * TLS on a connection: the handshake, the proof of the key and the verdict.
 *
 * TLS goes through `node:tls`, not `Deno.connectTls`: the latter trusts the
 * Mozilla roots besides those it is told of, hides the peer's certificates and
 * cannot turn Nagle's algorithm off.
 *
 * @module
 */
import { isIP, type Socket as TcpSocket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { isSsmError, SsmError } from "../errors.ts";
import { type Deadline, happened, NoAnswerError } from "./tcp/deadline.ts";
import {
  explainConnect,
  explainLoss,
  explainTls,
  isConnectionError,
  type TlsSide,
} from "./explain.ts";
import { HoldableTcp } from "./tcp/holdable_tcp.ts";
import type { KeyPair, OpenKeyPair } from "./tls/key_pair.ts";
import type { AdaptOptions } from "./tcp/node_socket.ts";
import { provenPeer } from "./tls/peer_certificates.ts";
import {
  type PeerVerifier,
  type PublicTrust,
  requirePublicTrust,
} from "./tls/public_trust.ts";
import type { PeerCertificates } from "./tcp/socket.ts";

/** How a client speaks TLS. */
export interface ClientTlsOptions {
  /** Our certificate and key, for brokers that ask for one. @default none */
  readonly keyPair?: KeyPair | undefined;
  /**
   * The name the broker must prove to have, also sent as SNI unless it is an IP
   * address. @default the host dialled
   */
  readonly serverName?: string | undefined;
  /**
   * Decides whether to trust the broker; `"none"` trusts everyone, and then the
   * socket has no `peer`: certificates that nobody judged say nothing.
   */
  readonly verify: PeerVerifier | PublicTrust | "none";
}

/** Makes of a connection what the caller needs; from then on the caller listens for errors. */
export type Adapt<T> = (node: TcpSocket, options: AdaptOptions) => T;

/** What TLS is to run over. */
export interface Below<T> {
  readonly tcp: TcpSocket;
  /** Host, port and address, and the proxy, for error texts. */
  readonly target: string;
  readonly remote: string;
  readonly deadline: Deadline;
  readonly adapt: Adapt<T>;
}

/**
 * Speaks TLS over a connection, and makes of it what the caller needs.
 *
 * @throws {SsmError} `CONNECT`, `TLS`, `TRUST`, `ABORTED`; what `verify` throws
 * is thrown on.
 */
export async function secure<T extends { close(): void }>(
  { tcp, target, remote, deadline, adapt }: Below<T>,
  { serverName, whom, keyPair, verify }: {
    serverName: string;
    whom: "broker" | "server";
    keyPair: OpenKeyPair | undefined;
    verify: ClientTlsOptions["verify"];
  },
): Promise<T> {
  const below = new HoldableTcp(tcp);
  const tls = connectTls({
    socket: below,
    minVersion: "TLSv1.2",
    // The verdict is `verify`'s: node:tls knows nothing of hashed directories
    // and CRLs. Nor does it always check who has the key: see proof_of_key.ts.
    rejectUnauthorized: false,
    host: serverName,
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...keyPair,
  });
  const side = { peer: whom, certified: keyPair !== undefined };
  let peer: PeerCertificates | undefined;
  try {
    await deadline.race(happened(tls, "secureConnect"));
    if (verify !== "none") peer = provenPeer(tls, `${whom} ${serverName}`);
  } catch (error) {
    discard(tls);
    discard(tcp);
    throw handshakeFailed(target, error, side);
  }
  // From here on the adapter notes what happens to the connection, such as
  // an alert that TLS 1.3 brings after the handshake.
  const explain = (error: unknown) => explainLoss(error, remote, side);
  const adapted = adapt(tls, { remote, peer, below, explain });
  try {
    if (verify !== "none") {
      await deadline.race(judge(tls, peer, serverName, verify));
    }
  } catch (error) {
    adapted.close();
    throw error === deadline.signal.reason ? failed(target, error) : error;
  }
  return adapted;
}

async function judge(
  tls: TLSSocket,
  peer: PeerCertificates | undefined,
  serverName: string,
  verify: PeerVerifier | PublicTrust,
): Promise<void> {
  if (peer === undefined) {
    throw new SsmError(
      "TLS",
      `Cannot trust "${serverName}": it shows no certificate`,
    );
  }
  if (typeof verify === "function") await verify(peer, serverName);
  else await requirePublicTrust(tls, peer, serverName, verify);
}

function handshakeFailed(
  target: string,
  cause: unknown,
  side: TlsSide,
): SsmError {
  if (isSsmError(cause)) return cause;
  const why = explainTls(cause, side);
  if (why !== undefined) {
    return new SsmError("TLS", `Cannot connect to ${target}: ${why}`, {
      cause,
    });
  }
  // A cut is a cut, whatever was to be spoken; what the peer says wrong is not.
  const cut = cause instanceof NoAnswerError || isConnectionError(cause);
  return new SsmError(
    cut ? "CONNECT" : "TLS",
    `Cannot connect to ${target}: no TLS handshake, ${explainConnect(cause)}`,
    { cause, hint: `Check that this is the ${side.peer}'s TLS port.` },
  );
}

/** Why there is no connection to `target`. */
export function failed(target: string, cause: unknown): SsmError {
  if (isSsmError(cause)) return cause;
  const why = explainConnect(cause);
  return new SsmError("CONNECT", `Cannot connect to ${target}: ${why}`, {
    cause,
  });
}

/** Ends a connection on which nobody listens. */
export function discard(socket: TcpSocket): void {
  socket.on("error", () => {});
  socket.destroy();
}
