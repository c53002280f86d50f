/**
 * A STOMP client that outlives its connections.
 *
 * @module
 */
import { isSsmError, SsmError } from "../../errors.ts";
import { BrokerSearch } from "./broker_search.ts";
import type { StompClient } from "../client/client.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { checkConcurrency, Consumer } from "./consumer.ts";
import { LastingSubscription } from "./lasting_subscription.ts";
import { PendingWork, type Work, type WorkTraits } from "./pending_work.ts";
import type {
  ConsumeOptions,
  LastingSendOptions,
  LastingSubscribeOptions,
  MessageHandler,
  ReconnectOptions,
} from "./options.ts";
import { type ClientState, type StateChange, StateFeed } from "./state.ts";
import type { StompTransaction } from "../client/transaction.ts";
import { within } from "../../time/mod.ts";

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
  readonly #options: ReconnectOptions;
  readonly #clock: Clock;
  readonly #search: BrokerSearch;
  readonly #feed: StateFeed;
  readonly #work: PendingWork;
  readonly #subscriptions = new Set<LastingSubscription>();
  /** What a goodbye waits for: handlers and transactions at work. */
  readonly #atWork = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();
  /** Aborted when no connection is to be made any more. */
  readonly #enough: AbortSignal;
  #nextId = 1;
  /** The connection there is. */
  #connection: StompClient | undefined;
  /** That connection, once everything is in place on it. */
  #inPlace: StompClient | undefined;
  /** The same, for those who wait for it. */
  #client = neverUnhandled(Promise.withResolvers<StompClient>());
  /** Whether somebody waits for it. */
  #awaited = false;
  #wake = Promise.withResolvers<void>();

  /** Begins to connect at once, unless told to connect when needed. */
  constructor(options: ReconnectOptions) {
    const {
      clock = systemClock,
      maxLosses = 5,
      maxPendingBytes = 64 << 20,
      retryForMs = Infinity,
      signal,
    } = options;
    if (!Number.isInteger(maxLosses) || maxLosses < 1) {
      throw new RangeError(`maxLosses must be at least 1, not ${maxLosses}`);
    }
    this.#options = { ...options, maxLosses, retryForMs };
    this.#clock = clock;
    const stop = this.#stop.signal;
    stop.addEventListener("abort", () => this.#wake.resolve());
    this.#enough = signal ? AbortSignal.any([signal, stop]) : stop;
    this.#feed = new StateFeed(options.onState);
    this.#search = new BrokerSearch(options, this.#feed);
    this.#work = new PendingWork({
      maxLosses,
      maxPendingBytes,
      forEver: retryForMs === Infinity,
      onAnswered: () => this.#search.progressed(),
    });
    this.closed = this.#run();
  }

  /** How it is doing now. */
  get state(): ClientState {
    return this.#feed.current;
  }

  /**
   * The state at the first look, then every change, until `disconnected`.
   * Any number of loops may follow.
   */
  states(): AsyncIterable<StateChange> {
    return this.#feed.changes();
  }

  /**
   * The connection of now or, while there is none, the next one: for raw frames
   * and for what must not be repeated on another connection.
   *
   * @throws {SsmError} the reason for which the client gave up; `ABORTED`
   */
  connection(): Promise<StompClient> {
    this.#awaited = true;
    this.#wake.resolve();
    return this.#client.promise;
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
    return this.#add((client) => client.send(destination, body, options), {
      what: `send to "${destination}"`,
      bytes: body.length,
      confirmed: receipt !== false,
    });
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
    return this.#add(work, { what: "begin", bytes: 0, confirmed: true });
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
    const id = options.id ?? this.#newId();
    for (const other of this.#subscriptions) {
      if (other.id !== id) continue;
      throw new TypeError(`The subscription "${id}" exists already`);
    }
    const subscription = new LastingSubscription(
      { id, destination },
      options,
      {
        maxLosses: this.#options.maxLosses!,
        forEver: this.#options.retryForMs === Infinity,
        clock: this.#clock,
        forget: (one) => void this.#subscriptions.delete(one),
      },
    );
    this.#subscriptions.add(subscription);
    if (this.#inPlace) this.#restore(subscription, this.#inPlace);
    if (this.state.startsWith("dis")) subscription.finish(undefined);
    return subscription;
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
    const deadline = this.#clock.now() + timeoutMs;
    this.#feed.tell({ state: "disconnecting" });
    for (const one of this.#subscriptions) one.finish(undefined);
    const inTime = await this.#finish(timeoutMs);
    this.#stop.abort();
    const left = Math.max(deadline - this.#clock.now(), 0);
    const confirmed = inTime &&
      await this.#sayGoodbye(Math.min(left, goodbyeMs));
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
    this.#stop.abort();
    this.#connection?.close();
  }

  /** Disconnects; that something could not be finished is no error here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect().catch(() => this.close());
    await this.closed;
  }

  /** @returns whether the broker confirmed it */
  async #sayGoodbye(timeoutMs: number): Promise<boolean> {
    const goodbye = this.#connection?.disconnect({ timeoutMs });
    try {
      return await goodbye ?? false;
    } catch (error) {
      // All that was waited for is done.
      if (isSsmError(error)) return false;
      throw error;
    }
  }

  #newId(): string {
    let id: string;
    do id = `${this.#nextId++}`; while (
      [...this.#subscriptions].some((one) => one.id === id)
    );
    return id;
  }

  /** One connection after another; returns why there is none any more. */
  async #run(): Promise<SsmError | undefined> {
    let end: SsmError | undefined;
    // The caller's `onState` may name the client, which it has not got yet.
    await Promise.resolve();
    let why = new SsmError("ABORTED", "The client was closed on request");
    try {
      while (!this.#stop.signal.aborted) await this.#useOneConnection();
    } catch (error) {
      why = error as SsmError;
      if (!this.#stop.signal.aborted) end = why;
    }
    this.#client.reject(why);
    this.#work.end(why);
    for (const one of this.#subscriptions) one.finish(end);
    this.#feed.tell({ state: "disconnected", reason: end });
    return end;
  }

  async #useOneConnection(): Promise<void> {
    await this.#whenNeeded();
    if (this.#stop.signal.aborted) return;
    const client = await this.#search.next(this.#enough);
    this.#connection = client;
    await this.#furnish(client);
    const why = await client.closed ??
      new SsmError("CONNECTION_LOST", `Lost connection to ${client.remote}`);
    this.#connection = undefined;
    if (this.#stop.signal.aborted) return;
    if (this.#inPlace) this.#client = neverUnhandled(Promise.withResolvers());
    this.#inPlace = undefined;
    this.#lose(client, why);
  }

  #lose(client: StompClient, why: SsmError): void {
    this.#feed.tell({ state: "lost", reason: why });
    for (const one of this.#subscriptions) one.lose(client, why);
    this.#work.lose(client, why);
    const isSpent = this.#search.lost(client, why);
    if (isSpent && this.#work.hasCulprit && this.#search.grantExtra()) {
      this.#work.giveUpCulprit(why);
    }
  }

  /** Settles when a connection is wanted, or the client is to end. */
  async #whenNeeded(): Promise<void> {
    if (this.#options.connect !== "needed") return;
    while (this.#work.idle && !this.#awaited && !this.#stop.signal.aborted) {
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
      this.#search.rested();
    }
  }

  /** Puts everything in place on a new connection. */
  async #furnish(client: StompClient): Promise<void> {
    // One by one: if the connection ends meanwhile, it is known whom to ask why.
    for (const one of this.#subscriptions) {
      if (!await this.#restore(one, client)) return;
    }
    this.#inPlace = client;
    this.#awaited = false;
    this.#client.resolve(client);
    this.#feed.tell({ state: "connected", remote: client.remote });
    this.#work.flow(client);
  }

  /** @returns whether the connection can still be used */
  async #restore(
    subscription: LastingSubscription,
    client: StompClient,
  ): Promise<boolean> {
    try {
      await subscription.restore(client);
      return client.open;
    } catch (error) {
      client.close(isSsmError(error) ? error : undefined);
      return false;
    }
  }

  async #transact<T>(
    work: (transaction: StompTransaction) => Promise<T>,
  ): Promise<T> {
    const client = await this.connection();
    await using transaction = await client.begin();
    const result = await work(transaction);
    await transaction.commit();
    this.#search.progressed();
    return result;
  }

  #add<T>(work: Work<T>, traits: WorkTraits): Promise<T> {
    const done = this.#work.add(work, traits);
    this.#wake.resolve();
    return done;
  }

  #keep(work: Promise<unknown>): void {
    const settled = work.then(() => {}, () => {})
      .finally(() => this.#atWork.delete(settled));
    this.#atWork.add(settled);
  }

  /** Waits for all that was begun; whether it was done in time. */
  async #finish(timeoutMs: number): Promise<boolean> {
    if (this.#atWork.size === 0 && this.#work.idle) return true;
    const all = Promise.all([...this.#atWork, this.#work.whenIdle()]);
    const over = Promise.race([all, this.closed]);
    return await within(this.#clock, timeoutMs, over);
  }
}

/** Whoever does not wait for a connection learns of a failure in other ways. */
function neverUnhandled<T>(
  deferred: PromiseWithResolvers<T>,
): PromiseWithResolvers<T> {
  deferred.promise.catch(() => {});
  return deferred;
}
