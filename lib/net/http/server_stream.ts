/**
 * A {@linkcode Socket} as the stream that the server of `node:http` reads
 * requests from and writes answers to.
 *
 * @module
 */
import { Duplex } from "node:stream";
import type { Socket } from "../tcp/socket.ts";

/** Who watches the bytes go by. */
export interface StreamWatch {
  /** Bytes came in. */
  received(): void;
  /** The peer took bytes. */
  sent(): void;
}

/**
 * The socket as a stream of `node:stream`. Its TLS has ended below: who the peer
 * is was settled before the first byte of HTTP.
 */
export class ServerStream extends Duplex {
  readonly #socket: Socket;
  readonly #watch: StreamWatch;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(socket: Socket, watch: StreamWatch) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#watch = watch;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    // Why it ended comes from the writes.
    this.#writer.closed.catch(() => {});
    // A peer that breaks off is an ordinary thing.
    this.on("error", () => {});
  }

  override _read(): void {
    this.#reader.read().then(({ done, value }) => {
      if (!done) this.#watch.received();
      this.push(done ? null : value);
    }).catch((error) => this.destroy(error));
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    this.#writer.write(chunk).then(() => {
      this.#watch.sent();
      callback();
    }).catch(callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#writer.close().then(() => callback()).catch(callback);
  }

  override _destroy(
    error: Error | null,
    callback: (error: Error | null) => void,
  ): void {
    this.#socket.close();
    callback(error);
  }

  // What the server of node:http asks of every socket. Time is watched
  // elsewhere, by the clock that is given.

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}
