/**
 * An HTTPS client for one host: kept connections, one deadline for each call,
 * a limit on each answer, and no step beyond the host.
 *
 * It speaks HTTP/1.1 by `node:http` over this room's own connections, so that a
 * host is trusted in the same way as a broker, and only when it has proved to
 * have its key. `fetch` would add its own authorities to those of the caller,
 * knows no revocation list, unpacks answers without a limit, and sends the
 * password of a proxy on to the host behind it.
 *
 * @module
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { isSsmError, SsmError } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { systemClock } from "../../time/mod.ts";
import type { ClientTlsOptions } from "../secure.ts";
import { Deadline, NoAnswerError } from "../tcp/deadline.ts";
import { formatAddress } from "../tcp/node_socket.ts";
import { explainHttp } from "./explain_http.ts";
import { KeptConnections } from "./kept_connections.ts";
import type { HttpProxy } from "./proxy_choice.ts";
import { readBody } from "./read_body.ts";
import { readRetryAfter } from "./retry_after.ts";

/** Where to, and how. */
export interface HttpClientOptions {
  /** A name, of which every address is tried, or an IP address. */
  readonly host: string;
  /** The port, at every address. */
  readonly port: number;
  /** Whom to trust, and our certificate for a host that asks for one. */
  readonly tls: ClientTlsOptions;
  /** The proxy to go through. @default none */
  readonly proxy?: HttpProxy | undefined;
  /** Finds the addresses of a name. @default the system's resolver */
  readonly resolve?: ((name: string) => Promise<string[]>) | undefined;
  /** What deadlines are counted by. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** One call. */
export interface HttpRequest {
  /** `GET`, `POST`, … */
  readonly method: string;
  /** From the first `/` on, already escaped. */
  readonly path: string;
  /** Besides those that every call has. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What is sent; text in UTF-8. @default nothing */
  readonly body?: Uint8Array | string | undefined;
  /** Time for all of it: finding the address, connecting, TLS, sending, the whole answer. */
  readonly timeoutMs: number;
  /** Most bytes of the answer's body. */
  readonly maxAnswerBytes: number;
  /**
   * Whether the call may reach the host twice without harm. Then it is made once
   * more when a kept connection turns out to be closed. @default false
   */
  readonly repeatable?: boolean | undefined;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** What the host said, whatever its status. */
export interface HttpAnswer {
  /** 200 and above. */
  readonly status: number;
  /** All of it. */
  readonly body: Uint8Array;
  /** Where a redirection points to, as the host wrote it. */
  readonly location: string | undefined;
  /** How long the host asks to be left alone, in ms; at most an hour. */
  readonly retryAfterMs: number | undefined;
}

/** What a client has done so far. */
export interface HttpStatistics {
  /** Calls begun. */
  readonly requests: number;
  /** Connections made, with their handshakes. */
  readonly connections: number;
  /** Bytes of bodies sent. */
  readonly sentBytes: number;
  /** Bytes of bodies received. */
  readonly receivedBytes: number;
}

/** Calls one host. */
export class HttpClient implements Disposable {
  readonly #remote: string;
  readonly #authority: string;
  readonly #options: HttpClientOptions;
  readonly #connections: KeptConnections;
  #requests = 0;
  #sentBytes = 0;
  #receivedBytes = 0;

  /** Connects at the first call. */
  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#remote = formatAddress(options.host, options.port);
    this.#authority = authority(options.host, options.port);
    this.#connections = new KeptConnections(options);
  }

  /** What was done so far. */
  get statistics(): HttpStatistics {
    return {
      requests: this.#requests,
      connections: this.#connections.made,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
    };
  }

  /**
   * Makes one call. Redirections are not followed: they are answers.
   *
   * @throws {SsmError} `CONNECT`, `TLS`, `TRUST`, `CERTIFICATE`, `KEY` when there
   * is no connection, `TIMEOUT`, `CONNECTION_LOST`, `ABORTED`, `LIMIT` when the
   * answer is too long, `HTTP_PROTOCOL` when it is no HTTP; what the verifier
   * throws.
   */
  async call(request: HttpRequest): Promise<HttpAnswer> {
    const { timeoutMs, signal } = request;
    const { clock } = this.#options;
    using deadline = new Deadline(timeoutMs, { signal, clock });
    try {
      return await this.#call(request, deadline);
    } catch (error) {
      throw this.#explain(error, deadline, signal);
    }
  }

  /** Ends all connections; calls that are under way fail. Idempotent. */
  close(): void {
    this.#connections.destroy();
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #call(
    request: HttpRequest,
    deadline: Deadline,
  ): Promise<HttpAnswer> {
    const first = this.#begin(request, deadline.signal);
    try {
      return await deadline.race(first.answer);
    } catch (error) {
      const stale = this.#connections.isOnKept(first.node) &&
        !first.answered() && !deadline.signal.aborted;
      if (!stale || !request.repeatable) throw error;
      return await deadline.race(this.#begin(request, deadline.signal).answer);
    }
  }

  #begin(
    { method, path, headers, body, maxAnswerBytes }: HttpRequest,
    signal: AbortSignal,
  ): {
    node: ClientRequest;
    answer: Promise<HttpAnswer>;
    answered: () => boolean;
  } {
    this.#requests++;
    const { host, port } = this.#options;
    const bytes = typeof body === "string"
      ? new TextEncoder().encode(body)
      : body;
    const node = request({
      ...{ host, port, method, path, signal, agent: this.#connections },
      headers: {
        ...headers,
        host: this.#authority,
        "accept-encoding": "identity",
        ...(bytes === undefined ? {} : { "content-length": bytes.length }),
      },
    });
    let head: IncomingMessage | undefined;
    const answer = new Promise<HttpAnswer>((resolve, reject) => {
      node.once("response", (response) => {
        head = response;
        readBody(response, maxAnswerBytes).then((body) => {
          this.#receivedBytes += body.length;
          resolve(answerOf(response, body, this.#options.clock ?? systemClock));
        }).catch((error) => {
          node.destroy();
          reject(error);
        });
      });
      node.on("error", reject);
      node.once("close", () => {
        // A connection that is to become something else has no answer.
        if (head === undefined) reject(new NoAnswerError("closed by the peer"));
      });
    });
    this.#sentBytes += bytes?.length ?? 0;
    send(node, bytes);
    return { node, answer, answered: () => head !== undefined };
  }

  #explain(
    error: unknown,
    deadline: Deadline,
    outer: AbortSignal | undefined,
  ): unknown {
    if (outer?.aborted) {
      return new SsmError(
        "ABORTED",
        `Cannot ask ${this.#remote}: stopped on request`,
        { cause: outer.reason },
      );
    }
    if (deadline.signal.aborted) {
      return new SsmError(
        "TIMEOUT",
        `Cannot ask ${this.#remote}: ${deadline.signal.reason.message}`,
        { cause: error },
      );
    }
    return isSsmError(error) ? error : explainHttp(
      error,
      this.#remote,
      this.#options.tls.keyPair !== undefined,
    );
  }
}

/** What `Host` says: virtual hosts are found by it, some only without the usual port. */
export function authority(host: string, port: number): string {
  const remote = formatAddress(host, port);
  return port === 443 ? remote.replace(/:443$/, "") : remote;
}

/** Most bytes that are handed to a connection at once: Deno 2.8 takes half a minute over 50 MB in one piece. */
const PIECE_BYTES = 1 << 20;

function send(node: ClientRequest, bytes: Uint8Array | undefined): void {
  if (bytes === undefined || bytes.length <= PIECE_BYTES) node.end(bytes);
  else Readable.from(pieces(bytes)).pipe(node);
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

function answerOf(
  { statusCode = 0, headers }: IncomingMessage,
  body: Uint8Array,
  clock: Clock,
): HttpAnswer {
  const retryAfter = headers["retry-after"];
  return {
    status: statusCode,
    body,
    location: headers.location,
    retryAfterMs: retryAfter === undefined
      ? undefined
      : readRetryAfter(retryAfter, clock.date()),
  };
}
