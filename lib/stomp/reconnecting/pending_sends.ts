/**
 * Messages on their way to a broker, over one connection after another.
 *
 * A broker need not say which message it closes a connection for. Those that
 * were under way are therefore sent one at a time afterwards: the one that it
 * was comes to light, and does not stop the others for ever.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { StompClient } from "../client/client.ts";
import type { LastingSendOptions } from "./options.ts";
import { isRefused } from "./refusal.ts";

interface Pending {
  readonly destination: string;
  readonly body: Uint8Array;
  readonly headers: LastingSendOptions["headers"];
  /** The receipt to wait for, if any. */
  readonly receipt: string | undefined;
  readonly settle: PromiseWithResolvers<void>;
  /** The connection on which it is under way. */
  via: StompClient | undefined;
  /** Connections that ended while nothing else was under way. */
  losses: number;
  /** Whether some connection ended while it was under way. */
  suspect: boolean;
}

/** How much may wait, and how often it may be lost. */
export interface PendingLimits {
  readonly maxLosses: number;
  readonly maxPendingBytes: number;
}

/** The messages that are not confirmed yet, in the order in which they were given. */
export class PendingSends {
  readonly #limits: PendingLimits;
  readonly #pending = new Set<Pending>();
  #bytes = 0;
  #nextReceipt = 1;
  #client: StompClient | undefined;
  #end: SsmError | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a message; settles when it is confirmed, over whatever connection.
   *
   * @throws {SsmError} `LIMIT` when too much waits; `STOMP_ERROR` when the
   * broker refuses it; what {@linkcode end} says
   */
  async add(
    destination: string,
    body: Uint8Array,
    { headers, receipt = true }: LastingSendOptions,
  ): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    const { maxPendingBytes } = this.#limits;
    if (this.#bytes + body.length > maxPendingBytes && this.#pending.size > 0) {
      throw new SsmError(
        "LIMIT",
        `Cannot send to "${destination}": ${this.#bytes} bytes wait to be confirmed`,
        { hint: "await each send, or raise maxPendingBytes" },
      );
    }
    const settle = Promise.withResolvers<void>();
    this.#pending.add({
      ...{ destination, body, headers, settle },
      receipt: this.#receiptId(receipt),
      ...{ via: undefined, losses: 0, suspect: false },
    });
    this.#bytes += body.length;
    this.#pump();
    await settle.promise;
  }

  /** Settles when nothing waits to be confirmed. */
  whenIdle(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Sends what waits, and what will be added, over this connection. */
  flow(client: StompClient): void {
    this.#client = client;
    this.#pump();
  }

  /** The connection has ended; what was under way waits for the next one. */
  lose(client: StompClient, why: SsmError): void {
    if (this.#client === client) this.#client = undefined;
    const underWay = [...this.#pending].filter(({ via }) => via === client);
    for (const message of underWay) {
      message.via = undefined;
      message.suspect = true;
    }
    const [only] = underWay;
    if (only === undefined || underWay.length > 1) return;
    only.losses++;
    if (only.losses >= this.#limits.maxLosses) this.#settle(only, why);
  }

  /** Nothing is sent any more; what waits fails. */
  end(why: SsmError): void {
    this.#end = why;
    for (const message of this.#pending) this.#settle(message, why);
  }

  #receiptId(receipt: string | boolean): string | undefined {
    if (receipt === true) return `send-${this.#nextReceipt++}`;
    return receipt === false ? undefined : receipt;
  }

  /** Sends, in order, what is not under way yet. */
  #pump(): void {
    const client = this.#client;
    if (client === undefined) return;
    for (const message of this.#pending) {
      if (message.via === undefined) this.#transmit(client, message);
      // Alone, so that the next loss tells whether it is the reason.
      if (message.suspect) return;
    }
  }

  async #transmit(client: StompClient, message: Pending): Promise<void> {
    const { destination, body, headers, receipt } = message;
    message.via = client;
    try {
      await client.send(destination, body, { headers, receipt });
      this.#settle(message);
    } catch (error) {
      // A connection that was lost meanwhile has been dealt with by `lose`.
      if (message.via !== client) return;
      if (!isRefused(client, receipt, error)) {
        // Idempotent: most often it is closed already, and this is why.
        client.close(error as SsmError);
        return;
      }
      this.#settle(message, error);
    }
    this.#pump();
  }

  #settle(message: Pending, error?: unknown): void {
    if (!this.#pending.delete(message)) return;
    this.#bytes -= message.body.length;
    if (error === undefined) message.settle.resolve();
    else message.settle.reject(error);
    if (this.#pending.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
