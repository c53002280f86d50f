/**
 * Opens a connection: finds the addresses, tries one after the other, goes
 * through a proxy where there is one.
 *
 * @module
 */
import { promises as dns } from "node:dns";
import {
  connect as connectTcp,
  isIP,
  type Socket as TcpSocket,
} from "node:net";
import { isSsmError, SsmError } from "../errors.ts";
import type { Clock } from "../time/mod.ts";
import { Deadline, happened } from "./tcp/deadline.ts";
import { explainLoss } from "./explain.ts";
import { openKeyPair } from "./tls/key_pair.ts";
import { formatAddress, tuneTcp } from "./tcp/node_socket.ts";
import {
  type Adapt,
  type ClientTlsOptions,
  discard,
  failed,
  secure,
} from "./secure.ts";

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

/** A detour: where to connect instead, and what to say there first. */
export interface Detour {
  readonly host: string;
  readonly port: number;
  /** What to call it in error texts: `proxy HOST:PORT`. */
  readonly name: string;
  /** Asks for the way on; what follows on the connection comes from the far end. */
  readonly open: (tcp: TcpSocket) => Promise<void>;
}

/** {@linkcode DialOptions}, with what only this room needs. */
export interface ConnectOptions extends DialOptions {
  /** Goes through a proxy. @default straight to the host */
  readonly through?: Detour | undefined;
  /** What to call the far end. @default "broker" */
  readonly whom?: "broker" | "server" | undefined;
}

/**
 * Connects to the first address of `host`, or of the proxy, that works.
 *
 * Over TLS nothing is sent to the far end before it is found to be trusted.
 *
 * @throws {SsmError} `CONNECT`, `TLS`, `CERTIFICATE`, `KEY`, `ABORTED`, `TRUST`;
 * what `verify` throws is thrown on.
 */
export async function connect<T extends { close(): void }>(
  options: ConnectOptions,
  adapt: Adapt<T>,
): Promise<T> {
  const { host, port, tls, through, whom = "broker" } = options;
  const { connectTimeoutMs = 10_000 } = options;
  const remote = formatAddress(host, port);
  const keyPair = tls?.keyPair && openKeyPair(tls.keyPair);
  const hop = through ?? { host, port, name: remote };
  const addresses = await resolveAddresses(hop, options);
  let failure: unknown;
  for (const address of addresses) {
    using deadline = new Deadline(connectTimeoutMs, options);
    const name = address === hop.host ? hop.name : `${hop.name} (${address})`;
    try {
      const tcp = await openTcp({ address, port: hop.port, name, deadline });
      if (through) await pass(tcp, { name, deadline, through });
      const target = through ? `${remote} through ${name}` : name;
      return tls === undefined
        ? adapt(tcp, { remote, explain: (e) => explainLoss(e, remote) })
        : await secure(
          { tcp, target, deadline, remote, adapt },
          {
            serverName: tls.serverName ?? host,
            whom,
            keyPair,
            verify: tls.verify,
          },
        );
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
async function resolveAddresses(
  { host, name }: { host: string; name: string },
  options: DialOptions,
): Promise<string[]> {
  const { resolve = systemResolver } = options;
  if (isIP(host) !== 0) return [host];
  using deadline = new Deadline(options.connectTimeoutMs ?? 10_000, options);
  try {
    const found = new Set(await deadline.race(resolve(host)));
    if (found.size > 0) return [...found];
  } catch (error) {
    throw failed(name, error);
  }
  throw new SsmError("CONNECT", `Cannot connect to ${name}: no address`);
}

async function systemResolver(name: string): Promise<string[]> {
  const found = await dns.lookup(name, { all: true });
  return found.map(({ address }) => address);
}

async function openTcp(
  { address, port, name, deadline }: {
    address: string;
    port: number;
    name: string;
    deadline: Deadline;
  },
): Promise<TcpSocket> {
  const tcp = connectTcp({ host: address, port, allowHalfOpen: true });
  try {
    await deadline.race(happened(tcp, "connect"));
  } catch (error) {
    discard(tcp);
    throw failed(name, error);
  }
  tuneTcp(tcp);
  return tcp;
}

/** Asks a proxy for the way on. */
async function pass(
  tcp: TcpSocket,
  { name, deadline, through }: {
    name: string;
    deadline: Deadline;
    through: Detour;
  },
): Promise<void> {
  try {
    await deadline.race(through.open(tcp));
  } catch (error) {
    discard(tcp);
    throw failed(name, error);
  }
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
