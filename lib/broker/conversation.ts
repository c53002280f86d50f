/**
 * What a client may say once it is connected, and what comes of it.
 *
 * @module
 */
import { reason } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Frame } from "../stomp/mod.ts";
import type { Entry } from "./backlog.ts";
import { type Destination, parseDestination } from "./destination.ts";
import { overLimit, quote, refusal, required } from "./refusal.ts";
import type { Outgoing, Router } from "./router.ts";
import { readSubscribe, type SubscribeRequest } from "./subscribe_request.ts";
import { type Delivery, type Outlet, Subscription } from "./subscription.ts";
import { TemporaryQueues } from "./temporary_queues.ts";
import { Transaction, type TransactionLimits } from "./transaction.ts";

/** What one client may have. */
export interface ConversationLimits {
  /** Subscriptions, and also temporary queues. */
  readonly maxSubscriptions: number;
  /** Transactions begun and not ended. */
  readonly maxTransactions: number;
  /** What one of them may hold. */
  readonly transaction: TransactionLimits;
  /** Unacknowledged messages of a subscription that does not ask for a number. */
  readonly prefetch: number;
  /** Bytes of unacknowledged messages of a subscription. */
  readonly prefetchBytes: number;
}

/** What a conversation works with. */
export interface ConversationOptions {
  readonly router: Router;
  readonly outlet: Outlet;
  readonly limits: ConversationLimits;
  readonly logger: Logger;
  /** Called when a delivery came to its end without a word of the client. */
  readonly onProgress: () => void;
}

/** The state of one connected client: subscriptions, transactions, temporary queues. */
export class Conversation {
  readonly #router: Router;
  readonly #outlet: Outlet;
  readonly #limits: ConversationLimits;
  readonly #logger: Logger;
  readonly #onProgress: () => void;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #transactions = new Map<string, Transaction>();
  readonly #temporary: TemporaryQueues;

  constructor(options: ConversationOptions) {
    this.#router = options.router;
    this.#outlet = options.outlet;
    this.#limits = options.limits;
    this.#logger = options.logger;
    this.#onProgress = options.onProgress;
    this.#temporary = new TemporaryQueues(
      options.router,
      options.limits.maxSubscriptions,
    );
  }

  /** Nothing is in the client's hands and nothing is half said. */
  get idle(): boolean {
    if (this.#transactions.size > 0) return false;
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.pending > 0) return false;
    }
    return true;
  }

  /** Subscriptions the client has. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /**
   * Does what a frame says. Its effect on this conversation is immediate; what
   * is returned settles when it may be confirmed.
   *
   * @throws {SsmError} when the frame has to be refused, at once or, when the
   * store refuses it, by rejecting.
   */
  handle(frame: Frame): Promise<void> | void {
    switch (frame.command) {
      case "SEND":
        return this.#send(frame);
      case "SUBSCRIBE":
        return this.#subscribe(frame);
      case "UNSUBSCRIBE":
        return this.#unsubscribe(frame);
      case "ACK":
        return this.#acknowledge(frame);
      case "NACK":
        return this.#refuse(frame);
      case "BEGIN":
        return this.#begin(frame);
      case "COMMIT":
        return this.#commit(frame);
      case "ABORT":
        return this.#takeTransaction(frame).abort();
      default:
        throw refusal(`Unknown command ${quote(frame.command)}`);
    }
  }

  /** There is room on the way to the client again. */
  resume(): void {
    for (const subscription of this.#subscriptions.values()) {
      subscription.resume();
    }
  }

  /** The connection ends: transactions are aborted, messages go back to their queues. */
  end(): void {
    this.#transactions.clear();
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
    this.#temporary.end();
  }

  #send(frame: Frame): Promise<void> | void {
    const destination = this.#temporary.resolve(
      parseDestination(required(frame, "destination")),
    );
    const replyTo = this.#replyTo(frame);
    const send: Outgoing = { frame, destination, replyTo };
    const transaction = this.#transactionOf(frame);
    if (transaction !== undefined) return transaction.addSend(send);
    return this.#router.commit({ sends: [send] });
  }

  #subscribe(frame: Frame): void {
    const request = readSubscribe(frame, this.#outlet.version);
    const named = request.destination;
    const destination = this.#temporary.resolve(named);
    if (named.kind === "temp-queue") {
      this.#endAutomatic(named.path, destination);
    }
    this.#addSubscription(destination, request);
  }

  #unsubscribe(frame: Frame): void {
    const key = this.#outlet.version === "1.0" && !frame.headers.has("id")
      ? unnamed(
        this.#temporary.resolve(
          parseDestination(required(frame, "destination")),
        ).path,
      )
      : required(frame, "id");
    const subscription = this.#subscriptions.get(key);
    if (subscription === undefined) {
      throw refusal("Cannot unsubscribe: there is no such subscription");
    }
    this.#subscriptions.delete(key);
    subscription.cancel();
  }

  #acknowledge(frame: Frame): Promise<void> | void {
    const transaction = this.#transactionOf(frame);
    const deliveries = this.#named(frame);
    if (transaction !== undefined) return transaction.addAck(deliveries);
    return this.#finish(deliveries, []);
  }

  #refuse(frame: Frame): void {
    const transaction = this.#transactionOf(frame);
    const deliveries = this.#named(frame);
    if (transaction === undefined) giveBack(deliveries);
    else transaction.addNack(deliveries);
  }

  #begin(frame: Frame): void {
    const name = required(frame, "transaction");
    if (this.#transactions.has(name)) {
      throw refusal(`Cannot begin: transaction ${quote(name)} is open already`);
    }
    const { maxTransactions, transaction } = this.#limits;
    if (this.#transactions.size >= maxTransactions) {
      throw overLimit(
        `Cannot begin: a connection may have ${maxTransactions} transactions`,
      );
    }
    this.#transactions.set(name, new Transaction(name, transaction));
  }

  #commit(frame: Frame): Promise<void> {
    const { sends, acked, refused } = this.#takeTransaction(frame);
    return this.#finish(acked, sends).then(() => giveBack(refused));
  }

  /** Acknowledges deliveries and sends messages, all or nothing. */
  async #finish(
    acked: readonly Delivery[],
    sends: readonly Outgoing[],
  ): Promise<void> {
    // First out of the client's hands: should the connection end meanwhile,
    // they must not go back to the queue while the store forgets them.
    for (const delivery of acked) delivery.subscription.finish(delivery);
    try {
      const settled = acked.map(({ entry }) => entry);
      await this.#router.commit({ sends, settled });
    } catch (error) {
      giveBack(acked);
      throw error;
    }
  }

  /** The deliveries that an ACK or NACK is about. */
  #named(frame: Frame): Delivery[] {
    const delivery = this.#findDelivery(frame);
    if (delivery === undefined || delivery.held) {
      throw refusal(
        `Cannot process ${frame.command}: no such message awaits it`,
      );
    }
    return delivery.subscription.coveredBy(delivery);
  }

  #findDelivery(frame: Frame): Delivery | undefined {
    const by = this.#outlet.version === "1.2"
      ? { id: required(frame, "id") }
      : { messageId: required(frame, "message-id") };
    const name = this.#outlet.version === "1.1"
      ? required(frame, "subscription")
      : frame.headers.get("subscription");
    // In 1.2 the id says it all; a subscription header means nothing there.
    if (name !== undefined && this.#outlet.version !== "1.2") {
      return this.#subscriptions.get(name)?.find(by);
    }
    for (const subscription of this.#subscriptions.values()) {
      const delivery = subscription.find(by);
      if (delivery !== undefined) return delivery;
    }
    return undefined;
  }

  #transactionOf(frame: Frame): Transaction | undefined {
    const name = frame.headers.get("transaction");
    return name === undefined ? undefined : this.#openTransaction(name);
  }

  #takeTransaction(frame: Frame): Transaction {
    const name = required(frame, "transaction");
    const transaction = this.#openTransaction(name);
    this.#transactions.delete(name);
    return transaction;
  }

  #openTransaction(name: string): Transaction {
    const transaction = this.#transactions.get(name);
    if (transaction === undefined) {
      throw refusal(`Cannot find an open transaction ${quote(name)}`);
    }
    return transaction;
  }

  /**
   * What the receiver of a message has to send its answer to.
   *
   * A temporary queue named there comes into being, and unless the client has
   * subscribed to it, answers arrive in a subscription whose id is the
   * temporary name, as with RabbitMQ.
   */
  #replyTo(frame: Frame): string | undefined {
    const name = frame.headers.get("reply-to");
    if (!name?.startsWith("/temp-queue/")) return undefined;
    const destination = this.#temporary.resolve(parseDestination(name));
    const { path } = destination;
    if (![...this.#subscriptions.values()].some((s) => s.path === path)) {
      this.#addSubscription(destination, { id: name, ack: "auto" });
    }
    return path;
  }

  /** An explicit subscription takes the place of one that `reply-to` made. */
  #endAutomatic(name: string, { path }: Destination): void {
    const automatic = this.#subscriptions.get(name);
    if (automatic?.path !== path) return;
    this.#subscriptions.delete(name);
    automatic.cancel();
  }

  #addSubscription(
    destination: Destination,
    request: Pick<SubscribeRequest, "id" | "ack" | "prefetch">,
  ): void {
    const { path } = destination;
    const { id, ack } = request;
    const { maxSubscriptions, prefetchBytes } = this.#limits;
    const key = id ?? unnamed(path);
    if (this.#subscriptions.has(key)) {
      throw refusal(
        `Cannot subscribe: subscription ${quote(id ?? path)} exists already`,
      );
    }
    if (this.#subscriptions.size >= maxSubscriptions) {
      throw overLimit(
        `Cannot subscribe: a connection may have ${maxSubscriptions} subscriptions`,
      );
    }
    const subscription = new Subscription({
      id,
      path,
      ack,
      prefetch: request.prefetch ?? this.#limits.prefetch,
      prefetchBytes,
      outlet: this.#outlet,
      onDelivered: (entry) => this.#forget(entry),
    });
    this.#subscriptions.set(key, subscription);
    subscription.start((consumer) =>
      this.#router.subscribe(destination, consumer)
    );
  }

  #forget(entry: Entry): void {
    this.#router.commit({ settled: [entry] })
      .catch((error) =>
        this.#logger.error(
          `Cannot forget a delivered message: ${reason(error)}`,
        )
      )
      .finally(this.#onProgress);
  }
}

/** The key of a STOMP 1.0 subscription without id; no id can contain NUL. */
function unnamed(path: string): string {
  return `\0${path}`;
}

function giveBack(deliveries: readonly Delivery[]): void {
  const bySubscription = Map.groupBy(deliveries, (d) => d.subscription);
  for (const [subscription, group] of bySubscription) {
    subscription.giveBack(group);
  }
}
