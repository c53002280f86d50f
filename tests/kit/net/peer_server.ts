/**
 * A real port on which a script runs for each connection.
 *
 * @module
 */
import type { Listener, Socket } from "../../../lib/net/mod.ts";
import { Peer, type Script } from "./scripted_peer.ts";

/** Serves until it is disposed of, which fails if a script did. */
export class PeerServer implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #serving: Promise<void>;
  readonly #failures: unknown[] = [];
  readonly #running = new Map<Socket, Promise<void>>();
  /** Connections so far. */
  connections = 0;

  /** @param next gives the script of the next connection */
  protected constructor(listener: Listener, next: () => Script) {
    this.#listener = listener;
    this.#serving = this.#serve(next);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Lets nobody in any more. */
  refuseMore(): void {
    this.#listener.close();
  }

  /** Closes all connections. */
  hangUp(): void {
    for (const socket of this.#running.keys()) socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    await Promise.all(this.#running.values());
    for (const failure of this.#failures) throw failure;
  }

  async #serve(next: () => Script): Promise<void> {
    for await (const socket of this.#listener) {
      this.connections++;
      const running = next()(new Peer(socket))
        .catch((error) => void this.#failures.push(error))
        .finally(() => {
          socket.close();
          this.#running.delete(socket);
        });
      this.#running.set(socket, running);
    }
  }
}
