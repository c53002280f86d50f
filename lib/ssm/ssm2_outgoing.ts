/**
 * SSM2 (EMPA) over STOMP, the sending side.
 *
 * A message is pending from `send` until its own RECEIPT. Whatever is pending
 * when a connection breaks is sent again, in the same order, on the next one.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Clock, type StompClient, StompError } from "../stomp/mod.ts";
import type { OutgoingCarrier } from "./carrier.ts";
import { connectAny, type Endpoint } from "./link.ts";

/** Settings of {@linkcode Ssm2OutgoingCarrier}. */
export interface Ssm2OutgoingOptions {
  readonly endpoints: readonly Endpoint[];
  /** Queue or topic to send to. */
  readonly destination: string;
  /** How long to look for a broker before giving up, in ms. */
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random?: () => number;
}

interface Pending {
  readonly id: string;
  readonly body: Uint8Array;
  readonly settle: PromiseWithResolvers<void>;
  inFlight: boolean;
}

/** Connections that may break one after another without a single confirmation in between. */
const MAX_FRUITLESS = 3;

/** Sends sealed messages and waits for the broker's receipts. */
export class Ssm2OutgoingCarrier implements OutgoingCarrier {
  readonly #options: Ssm2OutgoingOptions;
  readonly #pending = new Set<Pending>();
  #client: StompClient | undefined;
  #reconnecting = false;
  /** Set once an ERROR could not be laid at one message's door. */
  #oneAtATime = false;
  #fruitless = 0;
  #failure: unknown;

  constructor(options: Ssm2OutgoingOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#client = await this.#connect();
    const { log, destination } = this.#options;
    log.info(`Will send messages to: ${destination}`);
  }

  send(id: string, body: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const settle = Promise.withResolvers<void>();
    this.#pending.add({ id, body, settle, inFlight: false });
    this.#pump();
    return settle.promise;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#fail(new SsmError("ABORTED", "The connection was closed on request"));
    // A goodbye that fails changes nothing: every receipt is already in.
    await client?.disconnect().catch(() => client.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #connect(): Promise<StompClient> {
    const client = await connectAny(this.#options);
    this.#options.log.info("Connected.");
    client.closed.then(() => this.#connectionEnded(client));
    return client;
  }

  /** Sends, in order, what is pending and not yet under way. */
  #pump(): void {
    const client = this.#client;
    if (!client) return this.#reconnect();
    for (const message of this.#pending) {
      if (!message.inFlight) {
        message.inFlight = true;
        this.#transmit(client, message);
      }
      if (this.#oneAtATime) return;
    }
  }

  async #transmit(client: StompClient, message: Pending): Promise<void> {
    const { destination, log } = this.#options;
    try {
      await client.send(destination, message.body, {
        receipt: message.id,
        headers: { "empa-id": message.id, persistent: "true" },
      });
    } catch (error) {
      return this.#notConfirmed(client, message, error);
    }
    log.info(`Broker received message: ${message.id}`);
    this.#fruitless = 0;
    this.#pending.delete(message);
    message.settle.resolve();
    if (this.#oneAtATime && this.#pending.size > 0) this.#pump();
  }

  #notConfirmed(client: StompClient, message: Pending, error: unknown): void {
    if (!this.#pending.has(message)) return;
    if (isSsmError(error, "STOMP_PROTOCOL") || isSsmError(error, "LIMIT")) {
      return this.#refuse(message, error);
    }
    // Only the first failure of a connection can tell who was to blame.
    const first = this.#client === client;
    if (error instanceof StompError) {
      const named = error.frame.headers.get("receipt-id") === message.id;
      const alone = first && this.#inFlight() === 1;
      if (named || alone) this.#refuse(message, error);
      else if (!error.frame.headers.has("receipt-id")) this.#oneAtATime = true;
    }
    message.inFlight = false;
    if (!first) return;
    this.#options.log.warning(`Lost connection. ${reason(error)}`);
    // A broker that does not confirm in time is given up like one that is gone.
    client.close();
    this.#connectionEnded(client);
  }

  /** The broker does not want this one message; the others go on. */
  #refuse(message: Pending, error: unknown): void {
    this.#pending.delete(message);
    message.settle.reject(
      new SsmError(
        "UNSENDABLE",
        `Cannot send message "${message.id}": ${reason(error)}`,
        { cause: error },
      ),
    );
  }

  #connectionEnded(client: StompClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (this.#pending.size > 0) this.#reconnect();
  }

  #reconnect(): void {
    if (this.#reconnecting || this.#failure !== undefined) return;
    if (++this.#fruitless > MAX_FRUITLESS) {
      return this.#fail(
        new SsmError(
          "CONNECTION_LOST",
          `Lost connection: the broker confirmed nothing on ${MAX_FRUITLESS} connections in a row`,
        ),
      );
    }
    this.#reconnecting = true;
    this.#connect().then(
      (client) => {
        this.#reconnecting = false;
        if (this.#failure !== undefined) return client.close();
        this.#client = client;
        this.#pump();
      },
      (error) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const message of this.#pending) message.settle.reject(error);
    this.#pending.clear();
  }

  #inFlight(): number {
    let count = 0;
    for (const message of this.#pending) if (message.inFlight) count++;
    return count;
  }
}
