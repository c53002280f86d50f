/**
 * Where clients arrive: who is served, who is turned away, and who has to leave.
 *
 * @module
 */
import type { Socket } from "../../net/mod.ts";
import { StompConnection } from "../../stomp/mod.ts";
import { errorFrame } from "../message/refusal.ts";
import { Session, type SessionOptions } from "./session.ts";

/** What a reception works with. */
export interface ReceptionOptions {
  /** Tells whether a client may come from that address, `host:port`. */
  readonly admit: (remote: string) => boolean;
  /** Settles when clients can be served. */
  readonly ready: () => Promise<void>;
  readonly session: SessionOptions;
}

/** All clients that are served. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #sessions = new Set<Session>();
  readonly #serving = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** Clients connected now, let in or not. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** Subscriptions of all clients. */
  get subscriptions(): number {
    let count = 0;
    for (const { subscriptions } of this.#sessions) count += subscriptions;
    return count;
  }

  /** Serves one client; settles when its connection has ended. @throws what `ready` throws */
  async serve(socket: Socket): Promise<void> {
    const serving = this.#serve(socket);
    this.#serving.add(serving);
    try {
      await serving;
    } finally {
      this.#serving.delete(serving);
    }
  }

  /**
   * Turns new clients away, and lets each of the others go once nothing of it is
   * half done; those that remain after that time are cut off.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions) session.drain();
    const { clock } = this.#options.session;
    const cancel = clock.after(timeoutMs, () => this.#cutOff());
    await Promise.allSettled(this.#serving);
    cancel();
  }

  /** Turns new clients away and cuts the others off. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cutOff();
    await Promise.allSettled(this.#serving);
  }

  #cutOff(): void {
    for (const session of this.#sessions) session.close();
  }

  async #serve(socket: Socket): Promise<void> {
    const { ready, session: options } = this.#options;
    try {
      await ready();
    } catch (error) {
      socket.close();
      throw error;
    }
    const number = ++options.counters.connectionsTotal;
    const refusal = this.#refusal(socket);
    if (refusal !== undefined) return await this.#turnAway(socket, refusal);
    const session = new Session(socket, number, options);
    this.#sessions.add(session);
    try {
      await session.run();
    } finally {
      this.#sessions.delete(session);
    }
  }

  /** Why this client cannot be served now, if so. */
  #refusal({ remote }: Socket): string | undefined {
    const { admit, session: { limits: { maxConnections } } } = this.#options;
    if (!admit(remote)) return "Cannot connect: not from this address";
    if (this.#closed) return "Cannot connect: the broker is stopping";
    if (this.#sessions.size < maxConnections || this.#makeRoom()) {
      return undefined;
    }
    return `Cannot connect: ${maxConnections} clients are connected already`;
  }

  /**
   * Ends the session that has waited longest without logging in, if there is
   * one. Clients that never log in would keep out all others, which need but a
   * moment.
   */
  #makeRoom(): boolean {
    for (const session of this.#sessions) {
      if (!session.giveWay()) continue;
      this.#options.session.counters.connectionsRefused++;
      return this.#sessions.delete(session);
    }
    return false;
  }

  async #turnAway(socket: Socket, why: string): Promise<void> {
    const { counters, refusals, clock, limits } = this.#options.session;
    counters.connectionsRefused++;
    refusals.tell(socket.remote, why);
    const connection = new StompConnection(socket, {
      clock,
      trailingEol: true,
    });
    // Whether the client hears it is its own affair.
    connection.write(errorFrame(why)).catch(() => {});
    await connection.end(limits.lingerMs);
  }
}
