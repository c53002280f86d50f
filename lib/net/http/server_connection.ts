/**
 * One connection of a client of HTTP: how long it may take for what.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../time/mod.ts";
import type { Socket } from "../tcp/socket.ts";
import {
  type HttpHandler,
  type HttpServerAnswer,
  type HttpServerRequest,
  parseTarget,
  readBody,
} from "./server_request.ts";
import type { BodyMemory, HttpServerLimits } from "./server_limits.ts";
import { ServerStream } from "./server_stream.ts";

/** What a connection works with. */
export interface ConnectionOptions {
  readonly handler: HttpHandler;
  readonly limits: HttpServerLimits;
  readonly clock: Clock;
  readonly memory: BodyMemory;
  /** Told of a handler that threw. */
  readonly onError: (error: unknown, remote: string) => void;
}

/** What the connection waits for. */
type Waiting =
  | "a request"
  | "its headers"
  | "its body"
  | "the rest of it"
  | "reading"
  | "its end"
  | "nothing";

/** A connection. */
export class ServerConnection {
  readonly stream: ServerStream;
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  #waiting: Waiting = "nothing";
  #cancel: (() => void) | undefined;
  /** Requests that are not answered yet. */
  #open = 0;
  #draining = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.stream = new ServerStream(socket, {
      received: () => {
        if (this.#waiting === "a request") this.#wait("its headers");
      },
      sent: () => {
        if (this.#waiting === "reading") this.#wait("reading");
      },
    });
    this.ended = new Promise((resolve) => {
      this.stream.once("close", () => {
        this.#wait("nothing");
        resolve();
      });
    });
    this.#wait("a request");
  }

  /** Whether it waits for a request, and nothing would be lost with it. */
  get idle(): boolean {
    return this.#open === 0 && this.#waiting === "a request";
  }

  /**
   * Whether it may be ended for another client: nobody of whom anything is known
   * waits for an answer on it.
   */
  get givesWay(): boolean {
    return this.#open === 0 && this.#waiting !== "its body";
  }

  /** Takes no more requests; ends once those that are there are answered. */
  drain(): void {
    this.#draining = true;
    if (this.idle) this.close();
  }

  /** Ends at once. */
  close(): void {
    this.stream.destroy();
  }

  /** The connection sent what is no request. */
  refuse(answer: string): void {
    this.#draining = true;
    this.#wait("its end");
    if (this.stream.writable) this.stream.end(answer);
    else this.close();
  }

  /** Answers a request; never fails. */
  async answer(
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { memory, limits } = this.#options;
    this.#open++;
    let taken = 0;
    let read = false;
    const take = (bytes: number) => {
      if (!memory.take(bytes)) return false;
      taken += bytes;
      return true;
    };
    incoming.on("error", () => {});
    incoming.once("end", () => read = true);
    response.on("error", () => {});
    const request = this.#request(incoming, take);
    const over = this.#open > limits.maxPipelined;
    const answer = request === undefined || over
      ? { status: 400 }
      : memory.full
      ? { status: 503, headers: { "retry-after": "1" } }
      : await this.#handle(request);
    if (this.stream.destroyed) {
      memory.add(-taken);
      this.#open--;
      return;
    }
    const written = Promise.withResolvers<void>();
    response.once("finish", written.resolve);
    if (this.#draining || over) response.setHeader("connection", "close");
    this.#wait("reading");
    const body = bytesOf(answer.body);
    memory.add(body.length - taken);
    response.writeHead(answer.status, {
      ...answer.headers,
      "content-length": String(body.length),
    });
    response.end(body);
    await Promise.race([written.promise, this.ended]);
    memory.add(-body.length);
    this.#open--;
    if (this.stream.destroyed || this.#open > 0) return;
    if (read || !hasBody(incoming)) return this.#next();
    // The rest of the body is thrown away, so that the answer is heard.
    this.#wait("the rest of it");
    incoming.once("end", () => this.#next());
    incoming.resume();
  }

  #next(): void {
    if (this.#draining) this.stream.end();
    // What ends first is the client, so that it gets all that was written.
    this.#wait(this.stream.writableEnded ? "its end" : "a request");
  }

  #request(
    incoming: IncomingMessage,
    take: (bytes: number) => boolean,
  ): HttpServerRequest | undefined {
    const target = parseTarget(incoming.url ?? "");
    if (target === undefined) return undefined;
    const { remote, peer } = this.#socket;
    return {
      ...target,
      method: incoming.method ?? "",
      remote,
      peer,
      header: (name) => {
        const value = incoming.headers[name];
        return typeof value === "string" ? value : undefined;
      },
      body: async (maxBytes) => {
        this.#wait("its body");
        try {
          return await readBody(incoming, maxBytes, take);
        } finally {
          this.#wait("nothing");
        }
      },
    };
  }

  async #handle(request: HttpServerRequest): Promise<HttpServerAnswer> {
    this.#wait("nothing");
    try {
      return await this.#options.handler(request);
    } catch (error) {
      this.#options.onError(error, request.remote);
      return { status: 500 };
    }
  }

  /** Waits for something else, or for more of the same. */
  #wait(waiting: Waiting): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting = waiting;
    if (waiting === "nothing" || this.stream.destroyed) return;
    const { idleMs, headerMs, bodyMs, writeMs, lingerMs } =
      this.#options.limits;
    const ms = {
      "a request": idleMs,
      "its headers": headerMs,
      "its body": bodyMs,
      "the rest of it": headerMs,
      "reading": writeMs,
      "its end": lingerMs,
    }[waiting];
    this.#cancel = this.#options.clock.after(ms, () => this.close());
  }
}

const utf8 = new TextEncoder();

function bytesOf(body: HttpServerAnswer["body"] = ""): Uint8Array {
  return typeof body === "string" ? utf8.encode(body) : body;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined ||
    Number(headers["content-length"] ?? 0) > 0;
}
