/**
 * SSM2 (EMPA) over STOMP, the sending side.
 *
 * A message is pending from `send` until its own RECEIPT. Whatever is pending
 * when a connection breaks is sent again, in the same order, on the next one.
 *
 * A broker need not say which message it closes a connection for. Those that
 * were under way are therefore sent one at a time afterwards: the one that it
 * was comes to light, is refused, and does not stop the others.
 *
 * @module
 */
import { reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import {
  backoff,
  type Clock,
  sleep,
  type StompClient,
  StompError,
} from "../../stomp/mod.ts";
import type { OutgoingCarrier } from "../carrier.ts";
import type { Sealed } from "../envelope.ts";
import { connectAny, type Endpoint, startingWith } from "../endpoints.ts";

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
  /** The connection on which it is under way. */
  via: StompClient | undefined;
  /** Connections that ended while it was under way. */
  losses: number;
}

/** Connections that one message may cost before it is refused. */
const MAX_LOSSES = 3;

/** Connections that may end one after another without a confirmation: enough for two messages. */
const MAX_FRUITLESS = 2 * MAX_LOSSES;

/** Sends sealed messages and waits for the broker's receipts. */
export class Ssm2OutgoingCarrier implements OutgoingCarrier {
  readonly #options: Ssm2OutgoingOptions;
  /** In the order of `send`. What is under way, is so on `#client`. */
  readonly #pending = new Set<Pending>();
  #client: StompClient | undefined;
  #reconnecting = false;
  /** Connections that ended since the broker last had an answer for a message. */
  #fruitless = 0;
  #lastLoss: unknown;
  #failure: unknown;

  constructor(options: Ssm2OutgoingOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#client) return;
    // After a failure, or a rest, it is a new beginning.
    this.#failure = undefined;
    this.#fruitless = 0;
    this.#client = await this.#connect();
    const { log, destination } = this.#options;
    log.info(`Will send messages to: ${destination}`);
  }

  send(id: string, { body }: Sealed): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const settle = Promise.withResolvers<void>();
    const message = { id, body, settle, via: undefined, losses: 0 };
    this.#pending.add(message);
    if (isExpressible(id)) this.#pump();
    else this.#refuse(message, new Error("its name has a line end"));
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

  /** @param turns how many brokers of the list to pass over at first */
  async #connect(turns = 0): Promise<StompClient> {
    const endpoints = startingWith(this.#options.endpoints, turns);
    const client = await connectAny({ ...this.#options, endpoints });
    this.#options.log.info("Connected.");
    client.closed.then((why) => this.#connectionEnded(client, why));
    return client;
  }

  /** Sends, in order, what is pending and not yet under way. */
  #pump(): void {
    if (this.#pending.size === 0) return;
    const client = this.#client;
    if (!client) return this.#reconnect();
    for (const message of this.#pending) {
      if (!message.via) this.#transmit(client, message);
      // Alone, so that the next loss tells whether it is the reason.
      if (message.losses > 0) return;
    }
  }

  async #transmit(client: StompClient, message: Pending): Promise<void> {
    const { destination, log } = this.#options;
    const { id, body } = message;
    message.via = client;
    try {
      await client.send(destination, body, {
        receipt: id,
        headers: { "empa-id": id, persistent: "true" },
      });
    } catch (error) {
      return this.#notConfirmed(client, message, error);
    }
    log.info(`Broker received message: ${id}`);
    this.#fruitless = 0;
    this.#pending.delete(message);
    message.settle.resolve();
    this.#pump();
  }

  #notConfirmed(client: StompClient, message: Pending, error: unknown): void {
    if (
      error instanceof StompError &&
      error.frame.headers.get("receipt-id") === message.id
    ) {
      // Whether the connection lives on is the broker's choice.
      this.#refuse(message, error);
      this.#pump();
      return;
    }
    // A broker that does not confirm in time is given up like one that is gone.
    client.close();
    this.#connectionEnded(client, error);
  }

  /** The one place that deals with what a connection leaves unconfirmed. */
  #connectionEnded(client: StompClient, why: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#lastLoss = why;
    this.#options.log.warning(`Lost connection. ${reason(why)}`);
    const underWay = [...this.#pending].filter(({ via }) => via === client);
    for (const message of underWay) message.via = undefined;
    this.#fruitless++;
    const [only] = underWay;
    if (only && underWay.length === 1) this.#judge(only, why);
    for (const message of underWay) message.losses++;
    this.#pump();
  }

  /** A connection ended while nothing but this message was under way. */
  #judge(message: Pending, why: unknown): void {
    const saidNo = why instanceof StompError &&
      !why.frame.headers.has("receipt-id");
    // Once may be chance: a broker that is stopped says ERROR, too.
    if (saidNo ? message.losses > 0 : message.losses + 1 >= MAX_LOSSES) {
      this.#refuse(message, why);
    }
  }

  /** The broker does not want this one message; the others go on. */
  #refuse(message: Pending, error: unknown): void {
    if (error instanceof StompError) this.#fruitless = 0;
    this.#pending.delete(message);
    message.settle.reject(
      new SsmError(
        "UNSENDABLE",
        `Cannot send message "${message.id}": ${reason(error)}`,
        { cause: error },
      ),
    );
  }

  #reconnect(): void {
    if (this.#reconnecting || this.#failure !== undefined) return;
    if (this.#fruitless >= MAX_FRUITLESS) {
      return this.#fail(
        new SsmError(
          "CONNECTION_LOST",
          `Lost connection: the broker confirmed nothing on ${this.#fruitless} connections in a row: ${
            reason(this.#lastLoss)
          }`,
          { cause: this.#lastLoss },
        ),
      );
    }
    this.#reconnecting = true;
    this.#connectAgain().then(
      (client) => {
        this.#reconnecting = false;
        if (this.#failure !== undefined) return client.close();
        this.#client = client;
        this.#pump();
      },
      (error) => this.#fail(error),
    );
  }

  /** At once after a first loss; then with pauses, beginning with the next broker each time. */
  async #connectAgain(): Promise<StompClient> {
    const { clock, signal, random } = this.#options;
    const turns = Math.max(this.#fruitless - 1, 0);
    const wait = backoff(turns, { ...(random && { random }) });
    await sleep(clock, wait, signal);
    return await this.#connect(turns);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const message of this.#pending) message.settle.reject(error);
    this.#pending.clear();
  }
}

/** Line ends in a header are beyond STOMP 1.0, and beyond many a receiver. */
function isExpressible(id: string): boolean {
  return !/[\r\n]/.test(id);
}
