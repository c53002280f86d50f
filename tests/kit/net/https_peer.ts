/**
 * An HTTPS server whose answers are written byte by byte, and may break every rule.
 *
 * @module
 */
import type { AddressInfo, Socket as TcpSocket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { concatBytes } from "../../../lib/bytes.ts";
import type { Credentials } from "../../peers/openssl/openssl.ts";

/** A call as it came. */
export interface PeerRequest {
  readonly method: string;
  readonly path: string;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Which connection it came on, from 1. */
  readonly connection: number;
}

/** Answers a call: writes what it likes. */
export type PeerAnswer = (
  socket: TLSSocket,
  request: PeerRequest,
) => void | Promise<void>;

/** How the server listens. */
export interface HttpsPeerOptions {
  readonly credentials: Credentials;
  /** Asks clients for a certificate of this authority, PEM. @default asks for none */
  readonly clientCa?: string | undefined;
}

/** The server. */
export class HttpsPeer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<TcpSocket>();
  #connections = 0;
  /** Every call so far. */
  readonly requests: PeerRequest[] = [];
  /** What answers the next calls. */
  answer: PeerAnswer = reply(200, "{}");
  /** Answers as soon as something of a call has come; no more of it is read. */
  early: PeerAnswer | undefined;

  private constructor({ credentials, clientCa }: HttpsPeerOptions) {
    this.#server = createServer({
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      ...(clientCa === undefined
        ? {}
        : { requestCert: true, rejectUnauthorized: true, ca: clientCa }),
    }, (socket) => this.#accept(socket));
    this.#server.on("connection", (tcp: TcpSocket) => {
      tcp.setNoDelay(true);
      this.#sockets.add(tcp);
      tcp.on("error", () => {});
      tcp.on("close", () => this.#sockets.delete(tcp));
    });
    this.#server.on("tlsClientError", () => {});
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen(options: HttpsPeerOptions): Promise<HttpsPeer> {
    const peer = new HttpsPeer(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    peer.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return peer;
  }

  /** The port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections on which TLS was spoken. */
  get connections(): number {
    return this.#connections;
  }

  /** The call that came last. */
  get last(): PeerRequest {
    return this.requests.at(-1)!;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.cut();
    await promise;
  }

  #accept(socket: TLSSocket): void {
    const connection = ++this.#connections;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let awaited = 0;
    socket.on("error", () => {});
    socket.on("data", (chunk: Uint8Array) => {
      if (this.early !== undefined) {
        socket.removeAllListeners("data").pause();
        return void this.early(socket, NO_REQUEST);
      }
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < awaited) return;
      const read = readRequest(concatBytes(chunks), connection);
      awaited = read.awaited;
      if (read.request === undefined) return;
      [chunks.length, bytes, awaited] = [0, 0, 0];
      this.requests.push(read.request);
      void this.answer(socket, read.request);
    });
  }
}

/** What is known of a call that is not read. */
const NO_REQUEST: PeerRequest = {
  ...{ method: "", path: "", connection: 0 },
  headers: new Map(),
  body: new Uint8Array(0),
};

/** The call, once all of it is there, or how many bytes must be there. */
function readRequest(
  bytes: Uint8Array,
  connection: number,
): { request?: PeerRequest; awaited: number } {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 64 << 10));
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return { awaited: 0 };
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const awaited = end + 4 + Number(headers.get("content-length") ?? 0);
  if (bytes.length < awaited) return { awaited };
  const body = bytes.subarray(end + 4);
  return { request: { method, path, headers, body, connection }, awaited };
}

/** An answer as it should be. */
export function reply(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): PeerAnswer {
  return (socket) => {
    const bytes = typeof body === "string"
      ? new TextEncoder().encode(body)
      : body;
    const lines = Object.entries({
      "Content-Type": "text/plain",
      "Content-Length": String(bytes.length),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`);
    if (bytes.length > 0) socket.write(bytes);
  };
}

/** One answer after the other; the last one again and again. */
export function inTurn(...answers: readonly PeerAnswer[]): PeerAnswer {
  let turn = 0;
  return (socket, request) =>
    answers[Math.min(turn++, answers.length - 1)]!(socket, request);
}

/** Exactly these bytes, and then nothing, or the end of the connection. */
export function raw(
  text: string,
  then: "stays" | "ends" = "stays",
): PeerAnswer {
  return (socket) => {
    socket.write(text);
    if (then === "ends") socket.end();
  };
}
