/**
 * The layer between TCP and TLS that can hold the peer back.
 *
 * A paused `TLSSocket` of Deno goes on reading from its TCP connection and keeps
 * all that comes in memory, without bound. TLS therefore runs over this stream,
 * which stops reading TCP when told to.
 *
 * @module
 */
import { Duplex } from "node:stream";
import type { Socket as TcpSocket } from "node:net";

/** Bytes between TCP and TLS before either waits. */
const BUFFER_BYTES = 64 << 10;

/** A TCP connection as a stream whose reading can be stopped. */
export class HoldableTcp extends Duplex {
  readonly #tcp: TcpSocket;
  #held = false;
  #finished = false;

  constructor(tcp: TcpSocket) {
    super({ highWaterMark: BUFFER_BYTES, allowHalfOpen: true });
    this.#tcp = tcp;
    tcp.on("data", (chunk: Uint8Array) => {
      if (!this.push(chunk)) tcp.pause();
    });
    tcp.on("end", () => this.push(null));
    tcp.on("error", (error) => this.destroy(error));
    tcp.on("close", () => this.destroy());
  }

  /** Stops reading from the peer. */
  hold(): void {
    this.#held = true;
    this.#tcp.pause();
  }

  /** Reads from the peer again. */
  release(): void {
    this.#held = false;
    this.#tcp.resume();
  }

  /**
   * Says to the peer that no more will come, once all that TLS wrote has left.
   * For that TLS has a message of its own, which Deno 2.8 may fail to send.
   */
  finish(): void {
    this.write(new Uint8Array(0), () => {
      this.#finished = true;
      this.#tcp.end();
    });
  }

  override _read(): void {
    if (!this.#held) this.#tcp.resume();
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    // After the end there is nothing but the late message that says so.
    if (this.#finished) callback();
    else this.#tcp.write(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#tcp.end(() => callback());
  }

  override _destroy(
    error: Error | null,
    callback: (error: Error | null) => void,
  ): void {
    this.#tcp.destroy();
    callback(error);
  }
}
