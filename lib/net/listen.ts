/**
 * The only place that accepts connections.
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { isSsmError, reason, SsmError } from "../errors.ts";
import type { Clock } from "../time/mod.ts";
import { Deadline, happened } from "./tcp/deadline.ts";
import { explainConnect, explainLoss, explainTls } from "./explain.ts";
import { tell } from "./tcp/farewell.ts";
import { HoldableTcp } from "./tcp/holdable_tcp.ts";
import type { KeyPair } from "./tls/key_pair.ts";
import { adaptSocket, formatAddress, tuneTcp } from "./tcp/node_socket.ts";
import { provenPeer } from "./tls/peer_certificates.ts";
import { beginsAsProxy, proxiedClient } from "./proxy/accept.ts";
import { renewedContext } from "./tls/server_context.ts";
import type { PeerCertificates, Socket } from "./tcp/socket.ts";
import { openTcpServer, type TcpServer } from "./tcp/tcp_server.ts";

/** How a listener speaks TLS. */
export interface ServerTlsOptions {
  /** The listener's certificate and key, or what tells them for each client: they may be renewed. */
  readonly keyPair: KeyPair | (() => KeyPair);
  /** Whether a client must, may or need not show a certificate. */
  readonly clientCertificate: "none" | "optional" | "required";
  /**
   * Judges the certificates of a client that shows some, and has proved to have
   * the leaf's private key; throws when they are not to be trusted.
   * @default any certificate will do
   */
  readonly verify?:
    | ((peer: PeerCertificates) => void | Promise<void>)
    | undefined;
}

/** Where to listen, and how. */
export interface ListenOptions {
  /** The name or address to listen on. @default "127.0.0.1" */
  readonly hostname?: string | undefined;
  /** 0 takes any free port. @default 0 */
  readonly port?: number | undefined;
  /** How to speak TLS. @default plain TCP */
  readonly tls?: ServerTlsOptions | undefined;
  /** Time for a client's handshake and its verification. @default 10000 */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * Clients in handshake, or connected and not yet taken. For one more, the one
   * that has been in handshake longest gives way; if there is none, it is refused.
   * @default 256
   */
  readonly maxPending?: number | undefined;
  /**
   * A proxy in front says for which client it connects, by the PROXY protocol; a
   * peer that does not say so is refused. The address of a client is then what the
   * proxy says: let nobody but the proxy reach the port. @default false
   */
  readonly proxyProtocol?: boolean | undefined;
  /**
   * What to tell a peer that is refused: over TLS because of its certificate,
   * otherwise because it does not say for which client it connects.
   * @default nothing
   */
  readonly farewell?: ((error: SsmError) => Uint8Array) | undefined;
  /** Told of every client that was refused, and why. */
  readonly onRefused?: ((error: SsmError, remote: string) => void) | undefined;
  /** What waits are counted by. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/**
 * Listens.
 *
 * @throws {SsmError} `CONNECT` when the port cannot be had, `CERTIFICATE`, `KEY`
 */
export async function listen(options: ListenOptions = {}): Promise<Listener> {
  const listener = new Listener(options);
  await listener.open();
  return listener;
}

/** A listening port; iterate it for the sockets of its clients. */
export class Listener implements AsyncDisposable, AsyncIterable<Socket> {
  readonly #options: ListenOptions;
  readonly #context: (() => SecureContext) | undefined;
  readonly #pending = new Set<TcpSocket>();
  /** Of the clients in handshake, the oldest first. */
  readonly #handshakes = new Set<Deadline>();
  readonly #ready: { socket: Socket; tcp: TcpSocket }[] = [];
  #server: TcpServer | undefined;
  #wake: PromiseWithResolvers<void> | undefined;
  #closed = false;

  /** Use {@linkcode listen}. */
  constructor(options: ListenOptions) {
    this.#options = options;
    if (options.tls !== undefined) {
      this.#context = renewedContext(options.tls.keyPair);
    }
  }

  /** Begins to listen. */
  async open(): Promise<void> {
    const { hostname = "127.0.0.1", port = 0, clock } = this.#options;
    try {
      this.#server = await openTcpServer({
        hostname,
        port,
        onConnection: (tcp) => void this.#accept(tcp),
        clock,
      });
    } catch (cause) {
      throw new SsmError(
        "CONNECT",
        `Cannot listen on ${formatAddress(hostname, port)}: ${reason(cause)}`,
        { cause },
      );
    }
  }

  /** The port listened on. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Clients, each as soon as its handshake is done; ends with {@linkcode close}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Socket, void, void> {
    while (!this.#closed) {
      const next = this.#ready.shift();
      if (next !== undefined) {
        this.#pending.delete(next.tcp);
        yield next.socket;
        continue;
      }
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  /** Stops listening; sockets that were taken live on. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server?.close();
    for (const tcp of this.#pending) tcp.destroy();
    this.#wake?.resolve();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #accept(tcp: TcpSocket): Promise<void> {
    const { maxPending = 256, onRefused } = this.#options;
    let remote = formatAddress(tcp.remoteAddress, tcp.remotePort);
    this.#pending.add(tcp);
    try {
      if (this.#pending.size > maxPending && !this.#makeRoom()) {
        throw new SsmError(
          "LIMIT",
          `Cannot accept ${remote}: ${maxPending} clients are waiting`,
        );
      }
      tuneTcp(tcp);
      if (this.#options.proxyProtocol) {
        remote = await this.#proxied(tcp) ?? remote;
      }
      const socket = this.#context === undefined
        ? plain(tcp, remote)
        : await this.#secure(tcp, remote, this.#context());
      this.#ready.push({ socket, tcp });
      this.#wake?.resolve();
    } catch (error) {
      this.#pending.delete(tcp);
      tcp.on("error", () => {});
      tcp.destroy();
      if (!this.#closed) onRefused?.(refused(remote, error), remote);
    }
  }

  /**
   * Ends the oldest handshake. Clients that never finish theirs would keep out
   * all others, and those need only a moment.
   */
  #makeRoom(): boolean {
    const [oldest] = this.#handshakes;
    if (oldest === undefined) return false;
    this.#handshakes.delete(oldest);
    oldest.end(new Error("it gave way to other clients"));
    return true;
  }

  /** The address for which a proxy connects; `undefined` when it is its own. */
  async #proxied(tcp: TcpSocket): Promise<string | undefined> {
    const { farewell, handshakeTimeoutMs = 10_000, clock } = this.#options;
    using deadline = new Deadline(handshakeTimeoutMs, { clock });
    this.#handshakes.add(deadline);
    try {
      const client = await deadline.race(
        proxiedClient(tcp, { farewell, clock }),
      );
      return client && formatAddress(client.address, client.port);
    } finally {
      this.#handshakes.delete(deadline);
    }
  }

  async #secure(
    tcp: TcpSocket,
    remote: string,
    secureContext: SecureContext,
  ): Promise<Socket> {
    const { tls: options, handshakeTimeoutMs = 10_000, farewell, clock } =
      this.#options;
    const { clientCertificate = "none", verify } = options ?? {};
    using deadline = new Deadline(handshakeTimeoutMs, { clock });
    this.#handshakes.add(deadline);
    let start: Uint8Array | undefined;
    tcp.once("data", (chunk: Uint8Array) => start = chunk);
    const below = new HoldableTcp(tcp);
    const tls = new TLSSocket(below, {
      isServer: true,
      secureContext,
      requestCert: clientCertificate !== "none",
      // The verdict is `verify`'s: node:tls knows nothing of hashed directories.
      rejectUnauthorized: false,
    });
    let secured = false;
    try {
      await deadline.race(happened(tls, "secure"));
      secured = true;
      const peer = clientCertificate === "none"
        ? undefined
        : provenPeer(tls, "client");
      const explain = (error: unknown) => explainLoss(error, remote, SIDE);
      const socket = adaptSocket(tls, { remote, peer, below, explain });
      if (peer !== undefined) {
        await deadline.race(Promise.resolve(verify?.(peer)));
      } else if (clientCertificate === "required") {
        throw new SsmError(
          "TLS",
          `Cannot accept ${remote}: it shows no client certificate`,
        );
      }
      return socket;
    } catch (error) {
      if (secured && farewell) {
        await tell(tls, farewell(refused(remote, error)), clock);
      }
      tls.on("error", () => {});
      tls.destroy();
      throw start && beginsAsProxy(start) ? unexpectedProxy(remote) : error;
    } finally {
      this.#handshakes.delete(deadline);
    }
  }
}

function plain(tcp: TcpSocket, remote: string): Socket {
  const explain = (error: unknown) => explainLoss(error, remote);
  const socket = adaptSocket(tcp, { remote, explain });
  // To read a header has paused it.
  tcp.resume();
  return socket;
}

const SIDE = { peer: "client", certified: true } as const;

function unexpectedProxy(remote: string): SsmError {
  return new SsmError(
    "TLS",
    `Cannot accept ${remote}: it sends a PROXY protocol header: say --proxy-protocol`,
  );
}

function refused(remote: string, cause: unknown): SsmError {
  if (isSsmError(cause)) return cause;
  const why = explainTls(cause, SIDE) ?? explainConnect(cause);
  return new SsmError("TLS", `Cannot accept ${remote}: ${why}`, { cause });
}
