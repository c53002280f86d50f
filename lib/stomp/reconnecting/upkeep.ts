/**
 * One connection after another, with everything in place on each.
 *
 * @module
 */
import { isSsmError, SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import type { StompClient } from "../client/client.ts";
import { BrokerSearch } from "./broker_search.ts";
import { LastingSubscription } from "./lasting_subscription.ts";
import type { LastingSubscribeOptions, ReconnectOptions } from "./options.ts";
import { PendingWork, type Work, type WorkTraits } from "./pending_work.ts";
import { StateFeed } from "./state.ts";

/** What a client is made of: its search for brokers, its work, its subscriptions. */
export class Upkeep {
  readonly clock: Clock;
  readonly feed: StateFeed;
  /** Settles when it has ended: with the reason for which it gave up, if it did. */
  readonly ended: Promise<SsmError | undefined>;
  readonly #maxLosses: number;
  readonly #forEver: boolean;
  readonly #connectsAlways: boolean;
  readonly #search: BrokerSearch;
  readonly #work: PendingWork;
  readonly #subscriptions = new Set<LastingSubscription>();
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

  /** @throws {RangeError} when there is no broker, or no loss is allowed */
  constructor(options: ReconnectOptions) {
    const {
      clock = systemClock,
      maxLosses = 5,
      maxPendingBytes = 64 << 20,
      retryForMs = Infinity,
      connect = "always",
      signal,
    } = options;
    if (!Number.isInteger(maxLosses) || maxLosses < 1) {
      throw new RangeError(`maxLosses must be at least 1, not ${maxLosses}`);
    }
    this.clock = clock;
    this.feed = new StateFeed(options.onState);
    this.#maxLosses = maxLosses;
    this.#forEver = retryForMs === Infinity;
    this.#connectsAlways = connect === "always";
    this.#search = new BrokerSearch(options, this.feed);
    this.#work = new PendingWork({
      maxLosses,
      maxPendingBytes,
      forEver: this.#forEver,
      onAnswered: () => this.#search.progressed(),
    });
    const stop = this.#stop.signal;
    stop.addEventListener("abort", () => this.#wake.resolve());
    this.#enough = signal ? AbortSignal.any([signal, stop]) : stop;
    this.ended = this.#run();
  }

  /** See `ReconnectingClient.connection()`. */
  connection(): Promise<StompClient> {
    this.#awaited = true;
    this.#wake.resolve();
    return this.#client.promise;
  }

  /** Does some work in its turn; see `PendingWork.add()`. */
  add<T>(work: Work<T>, traits: WorkTraits): Promise<T> {
    const done = this.#work.add(work, traits);
    this.#wake.resolve();
    return done;
  }

  /** Whether no work is to be done. */
  get idle(): boolean {
    return this.#work.idle;
  }

  /** Settles when no work is to be done. */
  whenIdle(): Promise<void> {
    return this.#work.whenIdle();
  }

  /** Something other than such work was achieved. */
  progressed(): void {
    this.#search.progressed();
  }

  /** See `ReconnectingClient.subscribe()`. */
  subscribe(
    destination: string,
    options: LastingSubscribeOptions,
  ): LastingSubscription {
    const id = options.id ?? this.#newId();
    if (this.#isTaken(id)) {
      throw new TypeError(`The subscription "${id}" exists already`);
    }
    const subscription = new LastingSubscription(
      { id, destination },
      options,
      {
        maxLosses: this.#maxLosses,
        forEver: this.#forEver,
        clock: this.clock,
        forget: (one) => void this.#subscriptions.delete(one),
      },
    );
    this.#subscriptions.add(subscription);
    if (this.#inPlace) this.#restore(subscription, this.#inPlace);
    if (this.feed.current.startsWith("dis")) subscription.finish(undefined);
    return subscription;
  }

  /** No message is to come any more. */
  finishSubscriptions(error?: SsmError): void {
    for (const one of this.#subscriptions) one.finish(error);
  }

  /**
   * Makes no connection any more, and says goodbye on the one there is.
   *
   * @returns whether the broker confirmed it
   */
  async sayGoodbye(timeoutMs: number): Promise<boolean> {
    this.#stop.abort();
    try {
      return await this.#connection?.disconnect({ timeoutMs }) ?? false;
    } catch (error) {
      // All that was waited for is done.
      if (isSsmError(error)) return false;
      throw error;
    }
  }

  /** Ends at once. Idempotent. */
  close(): void {
    this.#stop.abort();
    this.#connection?.close();
  }

  #newId(): string {
    let id: string;
    do id = `${this.#nextId++}`; while (this.#isTaken(id));
    return id;
  }

  #isTaken(id: string): boolean {
    return [...this.#subscriptions].some((one) => one.id === id);
  }

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
    this.finishSubscriptions(end);
    this.feed.tell({ state: "disconnected", reason: end });
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

  /** Settles when a connection is wanted, or it is to end. */
  async #whenNeeded(): Promise<void> {
    if (this.#connectsAlways) return;
    while (this.idle && !this.#awaited && !this.#stop.signal.aborted) {
      this.#wake = Promise.withResolvers();
      const since = this.clock.now();
      await this.#wake.promise;
      this.#search.rested(this.clock.now() - since);
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
    this.feed.tell({ state: "connected", remote: client.remote });
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

  #lose(client: StompClient, why: SsmError): void {
    this.feed.tell({ state: "lost", reason: why });
    for (const one of this.#subscriptions) one.lose(client, why);
    this.#work.lose(client, why);
    const isSpent = this.#search.lost(client, why);
    if (isSpent && this.#work.hasCulprit && this.#search.grantExtra()) {
      this.#work.giveUpCulprit(why);
    }
  }
}

/** Whoever does not wait for a connection learns of a failure in other ways. */
function neverUnhandled<T>(
  deferred: PromiseWithResolvers<T>,
): PromiseWithResolvers<T> {
  deferred.promise.catch(() => {});
  return deferred;
}
