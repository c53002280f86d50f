/**
 * The only place that opens connections.
 *
 * TLS goes through `node:tls`, not `Deno.connectTls`: the latter trusts the
 * Mozilla roots besides those it is told of, hides the peer's certificates and
 * cannot turn Nagle's algorithm off.
 *
 * @module
 */
import { promises as dns } from "node:dns";
import {
  connect as connectTcp,
  isIP,
  type Socket as TcpSocket,
} from "node:net";
import { connect as connectTls } from "node:tls";
import { isSsmError, SsmError } from "../errors.ts";
import type { Clock } from "../time/mod.ts";
import { Deadline, happened, NoAnswerError } from "./tcp/deadline.ts";
import {
  explainConnect,
  explainLoss,
  explainTls,
  isConnectionError,
  type TlsSide,
} from "./explain.ts";
import { HoldableTcp } from "./tcp/holdable_tcp.ts";
import { type KeyPair, type OpenKeyPair, openKeyPair } from "./tls/key_pair.ts";
import { adaptSocket, formatAddress, tuneTcp } from "./tcp/node_socket.ts";
import { provenPeer } from "./tls/peer_certificates.ts";
import type { PeerCertificates, Socket } from "./tcp/socket.ts";

/**
 * Judges the far end's certificates and its right to the name `host`; throws
 * when they are not to be trusted. It is asked only of a peer that has proved
 * to have the leaf's private key.
 */
export type PeerVerifier = (
  peer: PeerCertificates,
  host: string,
) => void | Promise<void>;

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
  readonly verify: PeerVerifier | "none";
}

/** Where to, and how. */
export interface DialOptions {
  /** A name, of which every address is tried, or an IP address. */
  readonly host: string;
  /** The port, at every address. */
  readonly port: number;
  /** How to speak TLS. @default plain TCP */
  readonly tls?: ClientTlsOptions | undefined;
  /** Time for each address, handshake and verification included. @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Finds the addresses of a name. @default the system's resolver */
  readonly resolve?: ((name: string) => Promise<string[]>) | undefined;
  /** What waits are counted by. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** One address to try. */
interface Attempt {
  readonly address: string;
  readonly port: number;
  /** Host, port and address, for error texts. */
  readonly target: string;
  readonly deadline: Deadline;
}

/**
 * Connects to the first address of `host` that works.
 *
 * Over TLS nothing is sent to the broker before `verify` has accepted it.
 *
 * @throws {SsmError} `CONNECT`, `TLS`, `CERTIFICATE`, `KEY`, `ABORTED`; what
 * `verify` throws is thrown on.
 */
export async function dial(options: DialOptions): Promise<Socket> {
  const { host, port, tls, connectTimeoutMs = 10_000 } = options;
  const remote = formatAddress(host, port);
  const keyPair = tls?.keyPair && openKeyPair(tls.keyPair);
  const addresses = await resolveAddresses(options);
  let failure: unknown;
  for (const address of addresses) {
    using deadline = new Deadline(connectTimeoutMs, options);
    const target = address === host ? remote : `${remote} (${address})`;
    const attempt = { address, port, target, deadline };
    try {
      const tcp = await openTcp(attempt);
      return tls === undefined
        ? adaptSocket(tcp, { remote, explain: (e) => explainLoss(e, remote) })
        : await secure(tcp, attempt, { ...tls, remote, host, keyPair });
    } catch (error) {
      if (isSsmError(error, "ABORTED")) throw error;
      failure = error;
    }
  }
  throw addresses.length === 1 ? failure : ofMany(failure, addresses.length);
}

/**
 * Every address of a name, in the order of the resolver.
 *
 * @throws {SsmError} `CONNECT`, `ABORTED`
 */
async function resolveAddresses(options: DialOptions): Promise<string[]> {
  const { host, port, resolve = systemResolver } = options;
  if (isIP(host) !== 0) return [host];
  using deadline = new Deadline(options.connectTimeoutMs ?? 10_000, options);
  const target = formatAddress(host, port);
  try {
    const found = new Set(await deadline.race(resolve(host)));
    if (found.size > 0) return [...found];
  } catch (error) {
    throw failed(target, error);
  }
  throw new SsmError("CONNECT", `Cannot connect to ${target}: no address`);
}

async function systemResolver(name: string): Promise<string[]> {
  const found = await dns.lookup(name, { all: true });
  return found.map(({ address }) => address);
}

async function openTcp(attempt: Attempt): Promise<TcpSocket> {
  const { address, port, target, deadline } = attempt;
  const tcp = connectTcp({ host: address, port, allowHalfOpen: true });
  try {
    await deadline.race(happened(tcp, "connect"));
  } catch (error) {
    discard(tcp);
    throw failed(target, error);
  }
  tuneTcp(tcp);
  return tcp;
}

async function secure(
  tcp: TcpSocket,
  { target, deadline }: Attempt,
  { host, remote, keyPair, serverName = host, verify }:
    & Omit<ClientTlsOptions, "keyPair">
    & { host: string; remote: string; keyPair: OpenKeyPair | undefined },
): Promise<Socket> {
  const below = new HoldableTcp(tcp);
  const tls = connectTls({
    socket: below,
    minVersion: "TLSv1.2",
    // The verdict is `verify`'s: node:tls knows nothing of hashed directories
    // and CRLs. Nor does it always check who has the key: see proof_of_key.ts.
    rejectUnauthorized: false,
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...keyPair,
  });
  const side = { peer: "broker", certified: keyPair !== undefined } as const;
  let peer: PeerCertificates | undefined;
  try {
    await deadline.race(happened(tls, "secureConnect"));
    if (verify !== "none") peer = provenPeer(tls, `broker ${serverName}`);
  } catch (error) {
    discard(tls);
    discard(tcp);
    throw handshakeFailed(target, error, side);
  }
  // From here on the adapter notes what happens to the connection, such as
  // an alert that TLS 1.3 brings after the handshake.
  const explain = (error: unknown) => explainLoss(error, remote, side);
  const socket = adaptSocket(tls, { remote, peer, below, explain });
  try {
    if (verify !== "none") await deadline.race(judge(peer, serverName, verify));
  } catch (error) {
    socket.close();
    throw error === deadline.signal.reason ? failed(target, error) : error;
  }
  return socket;
}

async function judge(
  peer: PeerCertificates | undefined,
  serverName: string,
  verify: PeerVerifier,
): Promise<void> {
  if (peer === undefined) {
    throw new SsmError(
      "TLS",
      `Cannot trust "${serverName}": it shows no certificate`,
    );
  }
  await verify(peer, serverName);
}

function failed(target: string, cause: unknown): SsmError {
  if (isSsmError(cause)) return cause;
  const why = explainConnect(cause);
  return new SsmError("CONNECT", `Cannot connect to ${target}: ${why}`, {
    cause,
  });
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
    { cause, hint: "Check that this is the broker's TLS port." },
  );
}

/** The last failure, when each of several addresses failed. */
function ofMany(failure: unknown, addresses: number): unknown {
  if (!(failure instanceof SsmError)) return failure;
  const { code, message, hint } = failure;
  return new SsmError(code, `${message} (last of ${addresses} addresses)`, {
    cause: failure,
    ...(hint === undefined ? {} : { hint }),
  });
}

function discard(socket: TcpSocket): void {
  socket.on("error", () => {});
  socket.destroy();
}
