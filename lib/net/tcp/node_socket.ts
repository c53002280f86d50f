/**
 * A connection of `node:net` or `node:tls` as a {@linkcode Socket}.
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";
import { SsmError } from "../../errors.ts";
import type { HoldableTcp } from "./holdable_tcp.ts";
import type { PeerCertificates, Socket } from "./socket.ts";

/** Bytes received and not yet asked for before the peer is held back. */
const READ_AHEAD_BYTES = 256 << 10;

/** Silence on a connection before TCP asks whether the peer is still there. */
const KEEP_ALIVE_MS = 60_000;

/** What the adapter needs to know besides the connection itself. */
export interface AdaptOptions {
  readonly remote: string;
  readonly peer?: PeerCertificates | undefined;
  /** What lies below TLS. */
  readonly below?: HoldableTcp | undefined;
  /** Puts an error of the connection into words. */
  readonly explain: (error: unknown) => SsmError;
}

/** Adapts `node`, on which nobody else may listen for data. */
export function adaptSocket(node: TcpSocket, options: AdaptOptions): Socket {
  const { remote, peer } = options;
  const reading = new Reading(node, options);
  const ended = new AbortController();
  for (const ending of ["end", "error", "close"]) {
    node.once(ending, () => ended.abort());
  }
  const readable = new ReadableStream<Uint8Array>({
    pull: (controller) => reading.pull(controller),
    cancel: () => void node.destroy(),
  }, { highWaterMark: 0 });
  return {
    readable,
    writable: writableOf(node, options),
    remote,
    peer,
    ended: ended.signal,
    close: () => {
      reading.finish();
      node.destroy();
    },
  };
}

/** Received chunks, and what came after the last of them. */
class Reading {
  readonly #node: TcpSocket;
  readonly #below: AdaptOptions["below"];
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #paused = false;
  #end: "finished" | SsmError | undefined;
  #wake: (() => void) | undefined;

  constructor(node: TcpSocket, { below, explain, remote }: AdaptOptions) {
    this.#node = node;
    this.#below = below;
    node.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    node.on("end", () => this.finish());
    node.on("error", (error) => this.#finish(explain(error)));
    node.on("close", () => this.#finish(lost(remote)));
  }

  /** Hands out one chunk, or the end once all chunks are handed out. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
    while (this.#chunks.length === 0 && this.#end === undefined) {
      await new Promise<void>((wake) => this.#wake = wake);
    }
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      controller.enqueue(chunk);
      this.#bytes -= chunk.length;
      if (this.#bytes < READ_AHEAD_BYTES) this.#resume();
    } else if (this.#end === "finished") controller.close();
    else controller.error(this.#end);
  }

  /** Nothing more is to come, and that is in order. */
  finish(): void {
    this.#finish("finished");
  }

  #finish(end: "finished" | SsmError): void {
    this.#end ??= end;
    this.#wake?.();
  }

  #receive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= READ_AHEAD_BYTES) this.#pause();
    this.#wake?.();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#node.pause();
    this.#below?.hold();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#below?.release();
    this.#node.resume();
  }
}

function writableOf(
  node: TcpSocket,
  { remote, below, explain }: AdaptOptions,
): WritableStream<Uint8Array> {
  let waiting: PromiseWithResolvers<void> | undefined;
  let failure: SsmError | undefined;
  return new WritableStream<Uint8Array>({
    start(controller) {
      const fail = (error: SsmError) => {
        failure ??= error;
        waiting?.reject(failure);
        controller.error(failure);
      };
      node.on("drain", () => waiting?.resolve());
      node.on("error", (error) => fail(explain(error)));
      node.on("close", () => fail(lost(remote)));
    },
    write(chunk) {
      if (failure !== undefined) throw failure;
      if (node.write(chunk)) return;
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    close: () =>
      new Promise<void>((resolve, reject) => {
        node.once("close", () => reject(failure));
        node.end(() => {
          below?.finish();
          resolve();
        });
      }),
    abort: () => void node.destroy(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: READ_AHEAD_BYTES }));
}

function lost(remote: string): SsmError {
  return new SsmError(
    "CONNECTION_LOST",
    `Lost connection to ${remote}: it was closed`,
  );
}

/** Turns Nagle's algorithm off and keep-alive on. */
export function tuneTcp(tcp: TcpSocket): void {
  tcp.setNoDelay(true);
  tcp.setKeepAlive(true, KEEP_ALIVE_MS);
}

/** `address:port`, an IPv6 address in brackets. */
export function formatAddress(
  address: string | undefined,
  port: number | undefined,
): string {
  const host = address ?? "unknown";
  return `${host.includes(":") ? `[${host}]` : host}:${port ?? 0}`;
}
