/**
 * A STOMP client that outlives its connections.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { within } from "../../time/mod.ts";
import type { StompClient } from "../client/client.ts";
import type { StompTransaction } from "../client/transaction.ts";
import { checkConcurrency, Consumer } from "./consumer.ts";
import type { LastingSubscription } from "./lasting_subscription.ts";
import type {
  ConsumeOptions,
  LastingSendOptions,
  LastingSubscribeOptions,
  MessageHandler,
  ReconnectOptions,
} from "./options.ts";
import type { Work } from "./pending_work.ts";
import type { ClientState, StateChange } from "./state.ts";
import { Upkeep } from "./upkeep.ts";

/**
 * A client that connects by itself, and again whenever the connection is lost,
 * until it is told to disconnect or gives up. Subscriptions are restored on
 * every connection, then messages that are not confirmed yet are sent again, in
 * their order: nothing is lost, and a message whose confirmation was lost comes
 * twice.
 *
 * @example Send, and wait until the broker has it
 * ```ts
 * import { dial } from "@ssm/ssm/net";
 * import { ReconnectingClient } from "@ssm/ssm/stomp";
 *
 * async function report(text: string): Promise<void> {
 *   await using client = new ReconnectingClient({
 *     dial: (signal) => dial({ host: "localhost", port: 61613, signal }),
 *     onState: ({ state, reason }) => console.error(state, reason?.message ?? ""),
 *   });
 *   await client.send("/queue/reports", new TextEncoder().encode(text), {
 *     headers: { "content-type": "text/plain", persistent: "true" },
 *   });
 * }
 * ```
 *
 * @example Receive: what the handler takes is confirmed, the rest given back
 * ```ts
 * import { ReconnectingClient } from "@ssm/ssm/stomp";
 *
 * function store(client: ReconnectingClient, lines: string[]) {
 *   return client.consume("/queue/reports", ({ body }) => {
 *     if (body.length === 0) return false;
 *     lines.push(new TextDecoder().decode(body));
 *   });
 * }
 * ```
 */
export class ReconnectingClient implements AsyncDisposable {
  /**
   * Settles when the client has ended: with `undefined` after
   * {@linkcode disconnect} or {@linkcode close}, otherwise with the reason for
   * which it gave up.
   */
  readonly closed: Promise<SsmError | undefined>;
  readonly #upkeep: Upkeep;
  /** What a goodbye waits for: handlers and transactions at work. */
  readonly #atWork = new Set<Promise<unknown>>();

  /**
   * Begins to connect at once, unless told to connect when needed.
   *
   * @throws {RangeError} when there is no broker, or no loss is allowed
   */
  constructor(options: ReconnectOptions) {
    this.#upkeep = new Upkeep(options);
    this.closed = this.#upkeep.ended;
  }

  /** How it is doing now. */
  get state(): ClientState {
    return this.#upkeep.feed.current;
  }

  /**
   * The state at the first look, then every change, until `disconnected`.
   * Any number of loops may follow.
   */
  states(): AsyncIterable<StateChange> {
    return this.#upkeep.feed.changes();
  }

  /**
   * The connection of now or, while there is none, the next one: for raw frames
   * and for what must not be repeated on another connection.
   *
   * @throws {SsmError} the reason for which the client gave up; `ABORTED`
   */
  connection(): Promise<StompClient> {
    return this.#upkeep.connection();
  }

  /**
   * Sends a message, as soon as there is a connection, after all those given
   * before. Settles when the broker has confirmed it.
   *
   * @throws {SsmError} `STOMP_ERROR` when the broker refuses it; `LIMIT` when
   * too much waits to be confirmed; `STOMP_PROTOCOL` when a header cannot be
   * expressed; the loss when it has cost too many connections; the reason for
   * which the client gave up; `ABORTED`
   */
  send(
    destination: string,
    body: Uint8Array,
    { headers, receipt = true }: LastingSendOptions = {},
  ): Promise<void> {
    const options = {
      headers,
      receipt: receipt === false ? undefined : receipt,
    };
    return this.#upkeep.add(
      (client) => client.send(destination, body, options),
      {
        what: `send to "${destination}"`,
        bytes: body.length,
        confirmed: receipt !== false,
      },
    );
  }

  /**
   * Does what `work` does over a connection, in its turn among the messages to
   * send; when the connection is lost before it is done, again over the next one.
   * It may begin any number of times, and should end when its connection does.
   *
   * @throws {SsmError} as {@linkcode send}; what `work` throws on a connection
   * that stands, `TIMEOUT` excepted, for which the connection counts as lost
   */
  perform<T>(work: Work<T>): Promise<T> {
    return this.#upkeep.add(work, { what: "begin", bytes: 0, confirmed: true });
  }

  /**
   * Subscribes, on this connection and all that follow, for a loop over the
   * messages.
   *
   * @throws {TypeError} when that id is in use
   */
  subscribe(
    destination: string,
    options: LastingSubscribeOptions = {},
  ): LastingSubscription {
    return this.#upkeep.subscribe(destination, options);
  }

  /**
   * Subscribes, on this connection and all that follow, with a handler whose
   * outcome confirms each message or gives it back.
   *
   * @throws {TypeError} when that id is in use
   * @throws {RangeError} when the concurrency does not fit the mode
   */
  consume(
    destination: string,
    handler: MessageHandler,
    options: ConsumeOptions = {},
  ): Consumer {
    checkConcurrency(options);
    const { concurrency: _, onError: __, ...rest } = options;
    const messages = this.subscribe(destination, rest);
    const consumer = new Consumer(messages, handler, options);
    this.#keep(consumer.done);
    return consumer;
  }

  /**
   * Does what `work` does with the transaction, all of it or, when `work` throws
   * or the connection is lost, none. A transaction belongs to one connection and
   * is not repeated on another: that is the caller's to decide.
   *
   * @returns what `work` returns, once the broker has confirmed the transaction
   * @throws {SsmError} `CONNECTION_LOST` when it cannot be known whether the
   * broker has committed; as {@linkcode send}
   */
  transaction<T>(
    work: (transaction: StompTransaction) => Promise<T>,
  ): Promise<T> {
    const done = this.#transact(work);
    this.#keep(done);
    return done;
  }

  /**
   * Takes no more messages, finishes what was begun (handlers, transactions,
   * messages not confirmed yet; over another connection if need be), says
   * goodbye, and closes.
   *
   * @param options.timeoutMs how long all this may take. @default 10000
   * @param options.goodbyeMs how long of it the broker may take to confirm the
   * goodbye: there is no need to wait for long when all was sent with receipts.
   * @default what is left of `timeoutMs`
   * @returns whether a broker confirmed the goodbye; if not, what was sent
   * without a receipt may not have arrived
   * @throws {SsmError} `TIMEOUT` when something was not finished in time; what
   * is not confirmed fails. It is closed in any case.
   */
  async disconnect(
    { timeoutMs = 10_000, goodbyeMs = timeoutMs }: {
      timeoutMs?: number;
      goodbyeMs?: number;
    } = {},
  ): Promise<boolean> {
    const { clock, feed } = this.#upkeep;
    const deadline = clock.now() + timeoutMs;
    feed.tell({ state: "disconnecting" });
    this.#upkeep.finishSubscriptions();
    const inTime = await this.#finish(timeoutMs);
    const left = Math.max(deadline - clock.now(), 0);
    const confirmed = inTime &&
      await this.#upkeep.sayGoodbye(Math.min(left, goodbyeMs));
    this.close();
    await this.closed;
    if (inTime) return confirmed;
    throw new SsmError(
      "TIMEOUT",
      `Cannot disconnect: not all was confirmed within ${
        Math.ceil(timeoutMs)
      } ms`,
    );
  }

  /** Closes at once. What is not confirmed fails with `ABORTED`. Idempotent. */
  close(): void {
    this.#upkeep.close();
  }

  /** Disconnects; that something could not be finished is no error here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect().catch(() => this.close());
    await this.closed;
  }

  async #transact<T>(
    work: (transaction: StompTransaction) => Promise<T>,
  ): Promise<T> {
    const client = await this.connection();
    await using transaction = await client.begin();
    const result = await work(transaction);
    await transaction.commit();
    this.#upkeep.progressed();
    return result;
  }

  #keep(work: Promise<unknown>): void {
    const settled = work.then(() => {}, () => {})
      .finally(() => this.#atWork.delete(settled));
    this.#atWork.add(settled);
  }

  /** Waits for all that was begun; whether it was done in time. */
  async #finish(timeoutMs: number): Promise<boolean> {
    if (this.#atWork.size === 0 && this.#upkeep.idle) return true;
    const all = Promise.all([...this.#atWork, this.#upkeep.whenIdle()]);
    const over = Promise.race([all, this.closed]);
    return await within(this.#upkeep.clock, timeoutMs, over);
  }
}
