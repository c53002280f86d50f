/**
 * A server of HTTP/1.1 on whatever sockets it is given.
 *
 * `node:http` reads the requests; the sockets come from a listener of this room,
 * so that TLS, certificates of clients and the proof of their keys are one and
 * the same for every protocol.
 *
 * @module
 */
import { createServer, type Server } from "node:http";
import { systemCode } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import type { Socket } from "../tcp/socket.ts";
import { ServerConnection } from "./server_connection.ts";
import {
  BodyMemory,
  completeHttpLimits,
  type HttpServerLimits,
} from "./server_limits.ts";
import type { HttpHandler } from "./server_request.ts";

/** How a server of HTTP works. */
export interface HttpServerOptions {
  /** Answers the requests. */
  readonly handler: HttpHandler;
  /** Tells whether a client may come from that address, `host:port`. @default from everywhere */
  readonly admit?: ((remote: string) => boolean) | undefined;
  /** Those that are not named have their defaults. */
  readonly limits?: Partial<HttpServerLimits> | undefined;
  /** Told of a client that is turned away, and why. */
  readonly onRefused?: ((remote: string, why: string) => void) | undefined;
  /** Told what the handler threw. */
  readonly onError?: ((error: unknown, remote: string) => void) | undefined;
  /** What waits are counted by. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Serves clients on the sockets it is given. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpServerLimits;
  readonly #clock: Clock;
  readonly #http: Server;
  /** By their streams; the one that came or was busy last is the last. */
  readonly #connections = new Map<unknown, ServerConnection>();
  readonly #memory: BodyMemory;
  #closed = false;

  /**
   * Makes a server that serves nobody yet.
   *
   * @throws {RangeError} on a limit that makes no sense
   */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = completeHttpLimits(options.limits);
    this.#clock = options.clock ?? systemClock;
    this.#memory = new BodyMemory(this.#limits.maxBodyBytes);
    this.#http = createServer({
      maxHeaderSize: this.#limits.maxHeaderBytes,
      keepAliveTimeout: this.#limits.idleMs,
    }, (incoming, response) => {
      const connection = this.#connections.get(incoming.socket);
      if (connection === undefined) return incoming.destroy();
      this.#connections.delete(connection.stream);
      this.#connections.set(connection.stream, connection);
      void connection.answer(incoming, response);
    });
    // It listens on no port of its own; for that, the runtime would end every
    // connection after one answer.
    Object.defineProperty(this.#http, "listening", { value: true });
    this.#http.on("clientError", (error: unknown, stream: unknown) => {
      const connection = this.#connections.get(stream);
      const code = systemCode(error);
      // It broke off, and hears nothing more.
      if (!code.startsWith("HPE_")) return connection?.close();
      const status = code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : "400 Bad Request";
      connection?.refuse(
        `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    });
  }

  /** Clients connected now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Serves one client; settles when its connection has ended. */
  async serve(socket: Socket): Promise<void> {
    const why = this.#refusal(socket);
    if (why !== undefined) {
      socket.close();
      this.#options.onRefused?.(socket.remote, why);
      return;
    }
    const connection = new ServerConnection(socket, {
      handler: this.#options.handler,
      limits: this.#limits,
      clock: this.#clock,
      memory: this.#memory,
      onError: (error, remote) => this.#options.onError?.(error, remote),
    });
    this.#connections.set(connection.stream, connection);
    this.#http.emit("connection", connection.stream);
    await connection.ended;
    this.#connections.delete(connection.stream);
  }

  /** Serves everyone a listener accepts, until the listener is closed. */
  async serveAll(listener: AsyncIterable<Socket>): Promise<void> {
    for await (const socket of listener) void this.serve(socket);
  }

  /**
   * Turns new clients away, and answers the requests that have come.
   *
   * @param timeoutMs time after which connections that remain are cut off. @default 10000
   */
  async drain(
    { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
  ): Promise<void> {
    this.#closed = true;
    const connections = [...this.#connections.values()];
    for (const connection of connections) connection.drain();
    const cancel = this.#clock.after(timeoutMs, () => this.#cutOff());
    await Promise.all(connections.map(({ ended }) => ended));
    cancel();
  }

  /** Cuts everybody off. */
  async close(): Promise<void> {
    this.#closed = true;
    const connections = [...this.#connections.values()];
    this.#cutOff();
    await Promise.all(connections.map(({ ended }) => ended));
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #cutOff(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  /** Why nobody more can be served now, if so. */
  #refusal({ remote }: Socket): string | undefined {
    const { maxConnections } = this.#limits;
    const { admit = () => true } = this.#options;
    if (!admit(remote)) return "Cannot connect: not from this address";
    if (this.#closed) return "Cannot connect: the server is stopping";
    if (this.#connections.size < maxConnections) return undefined;
    for (const [stream, connection] of this.#connections) {
      if (!connection.givesWay) continue;
      this.#connections.delete(stream);
      connection.close();
      return undefined;
    }
    return `Cannot connect: ${maxConnections} clients are connected already`;
  }
}
