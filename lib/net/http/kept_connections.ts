/**
 * The connections to one host, kept from call to call.
 *
 * @module
 */
import { Agent, type ClientRequest } from "node:http";
import type { Socket as TcpSocket } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, systemClock } from "../../time/mod.ts";
import type { SsmError } from "../../errors.ts";
import { NoAnswerError } from "../tcp/deadline.ts";
import { connect, type ConnectOptions } from "../connect.ts";
import type { AdaptOptions } from "../tcp/node_socket.ts";
import { connectTunnel } from "./connect_tunnel.ts";
import type { HttpProxy } from "./proxy_choice.ts";

/** A connection on which nothing happened for so long may be forgotten by some firewall. */
const MAX_IDLE_MS = 60_000;

/** What the agent takes for "the connection comes later"; its types do not say so. */
const NOTHING = undefined as unknown as Duplex;

/** Where to connect to. */
export interface KeptConnectionsOptions extends
  Pick<
    ConnectOptions,
    "host" | "port" | "tls" | "resolve"
  > {
  readonly proxy?: HttpProxy | undefined;
  readonly clock?: Clock | undefined;
}

/** An agent of `node:http` that connects in the way of this room. */
export class KeptConnections extends Agent {
  readonly #options: KeptConnectionsOptions;
  readonly #closed = new AbortController();
  readonly #below = new WeakMap<Duplex, Duplex>();
  readonly #idle = new WeakMap<Duplex, () => void>();
  readonly #onKept = new WeakSet<ClientRequest>();
  #made = 0;

  constructor(options: KeptConnectionsOptions) {
    super({ keepAlive: true });
    this.#options = options;
  }

  /** Connections made, with their handshakes. */
  get made(): number {
    return this.#made;
  }

  /** Connects; the agent calls it when none of its connections is free. */
  override createConnection(
    _options: unknown,
    done?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const { proxy, ...options } = this.#options;
    this.#made++;
    connect({
      ...options,
      signal: this.#closed.signal,
      whom: "server",
      through: proxy && connectTunnel(proxy, options),
    }, (node, how) => this.#adapt(node, how)).then(({ node, accept }) => {
      accept();
      done?.(null, node);
      // The agent looks at the error alone.
    }).catch((error) => done?.(error, NOTHING));
    return NOTHING;
  }

  /** Keeps a connection whose answer has come to its end. */
  override keepSocketAlive(socket: Duplex): boolean {
    const { clock = systemClock } = this.#options;
    const end = () => void socket.destroy();
    // Nobody has asked for what comes now: it must not answer the next call.
    this.#below.get(socket)?.once("data", end);
    const cancel = clock.after(MAX_IDLE_MS, end);
    this.#idle.set(socket, () => {
      cancel();
      this.#below.get(socket)?.off("data", end);
    });
    // Not, when the host says that it closes it soon; the types know no value.
    return (super.keepSocketAlive(socket) as unknown) !== false;
  }

  /** Takes a kept connection for another call. */
  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#idle.get(socket)?.();
    super.reuseSocket(socket, request);
    // The runtime would repeat the call by itself when the connection turns out
    // to be closed, whether that does harm or not.
    request.reusedSocket = false;
    this.#onKept.add(request);
  }

  /** Whether a call was made on a kept connection, which may have been closed. */
  isOnKept(request: ClientRequest): boolean {
    return this.#onKept.has(request);
  }

  /** Ends all connections, and those that are being made. */
  override destroy(): void {
    this.#closed.abort();
    super.destroy();
  }

  /** Notes what happens to a connection until the agent listens itself. */
  #adapt(node: TcpSocket, { below, explain }: AdaptOptions): Adapted {
    if (below !== undefined) this.#below.set(node, below);
    let loss: SsmError | undefined;
    const note = (error: unknown) => loss ??= explain(error);
    node.on("error", note);
    node.once("close", () => this.#idle.get(node)?.());
    return {
      node,
      close: () => void node.destroy(),
      // The agent would wait for ever for the end of what has ended.
      accept: () => {
        node.off("error", note);
        if (node.destroyed || node.readableEnded) {
          throw loss ?? explain(new NoAnswerError("closed by the peer"));
        }
      },
    };
  }
}

interface Adapted {
  readonly node: TcpSocket;
  close(): void;
  accept(): void;
}
