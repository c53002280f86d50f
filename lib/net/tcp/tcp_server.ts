/**
 * A TCP server that goes on accepting after a lack of file descriptors.
 *
 * When there is none left, a server of `node:net` stops accepting in Deno, for
 * ever and without a word: a client that opens enough connections could silence it.
 *
 * @module
 */
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import { isErrno } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { happened } from "./deadline.ts";

/** What {@linkcode openTcpServer} needs to know. */
export interface TcpServerOptions {
  readonly hostname: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly onConnection: (tcp: TcpSocket) => void;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Time between two looks whether there are descriptors again, in ms. */
const LOOK_EVERY_MS = 100;

/** Listens. @throws the system's error when the port cannot be had. */
export async function openTcpServer(
  options: TcpServerOptions,
): Promise<TcpServer> {
  const server = new TcpServer(options);
  await server.open();
  return server;
}

/** A listening port. */
export class TcpServer {
  readonly #options: TcpServerOptions;
  #server: Server | undefined;
  #port: number;
  /** Calls off the look that is to come. */
  #cancelLook: (() => void) | undefined;
  #closed = false;

  /** Use {@linkcode openTcpServer}. */
  constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** The port listened on. */
  get port(): number {
    return this.#port;
  }

  /** Begins to listen. */
  async open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true });
    const listening = happened(server, "listening");
    server.on("connection", (tcp: TcpSocket) => this.#accept(tcp));
    server.listen(this.#port, this.#options.hostname);
    await listening;
    // A later error of the server concerns one accept; the next may succeed.
    server.on("error", () => {});
    const address = server.address();
    if (typeof address === "object" && address) this.#port = address.port;
    this.#server = server;
    if (this.#closed) server.close();
  }

  /** Stops listening; its connections live on. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelLook?.();
    this.#server?.close();
  }

  #accept(tcp: TcpSocket): void {
    this.#options.onConnection(tcp);
    // The last connection that was accepted comes here before anything is closed.
    if (this.#cancelLook === undefined && !this.#hasDescriptors()) {
      this.#lookLater();
    }
  }

  #lookLater(): void {
    const { clock = systemClock } = this.#options;
    this.#cancelLook = clock.after(LOOK_EVERY_MS, () => this.#lookAgain());
  }

  /** Listens anew, as soon as that is possible. */
  async #lookAgain(): Promise<void> {
    if (!this.#hasDescriptors()) return this.#lookLater();
    this.#server?.close();
    try {
      await this.open();
      this.#cancelLook = undefined;
    } catch {
      // The old one has not let go of the port, or the last descriptor is taken.
      if (!this.#closed) this.#lookLater();
    }
  }

  /**
   * Whether one more socket could be opened. Tried with the port that is taken
   * already: that needs no further permission, and nothing comes of it.
   */
  #hasDescriptors(): boolean {
    const { hostname } = this.#options;
    try {
      Deno.listen({ hostname, port: this.#port }).close();
      return true;
    } catch (error) {
      return !isErrno(error, "EMFILE", "ENFILE");
    }
  }
}
