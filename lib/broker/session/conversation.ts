/**
 * What a client may say once it is connected, and what comes of it.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Frame } from "../../stomp/mod.ts";
import { askLeave, type Authorise, type Client } from "../access/access.ts";
import { checkHeadRoom, type HeadLimits } from "../limits/head_room.ts";
import { isPattern, parseDestinations } from "../message/destination.ts";
import { readExpiry } from "../message/expiry.ts";
import {
  checkRouting,
  checkSendOptions,
  readFlag,
} from "../message/options.ts";
import { quote, refusal, required } from "../message/refusal.ts";
import type { Entry } from "../queues/backlog.ts";
import type { Outgoing, Router } from "../routing/router.ts";
import type { Delivery, Outlet } from "../subscription/subscription.ts";
import {
  type SubscriptionLimits,
  Subscriptions,
} from "../subscription/subscriptions.ts";
import { Subscriber } from "./subscriber.ts";
import { TemporaryQueues } from "./temporary_queues.ts";
import { type TransactionLimits, Transactions } from "./transaction.ts";

/** What a conversation works with. */
export interface ConversationOptions {
  readonly router: Router;
  readonly client: Client;
  /** The `client-id` it gave, to which durable subscriptions belong. */
  readonly clientId?: string | undefined;
  /** Without it everybody may do everything. */
  readonly authorise: Authorise | undefined;
  readonly outlet: Outlet;
  readonly limits: SubscriptionLimits & TransactionLimits & HeadLimits;
  readonly logger: Logger;
  /** Called when a delivery came to its end without a word of the client. */
  readonly onProgress: () => void;
  /** Told how many bytes its open transactions hold, and how many subscriptions it has. */
  readonly onHeld: (
    what: "transactions" | "subscriptions",
    amount: number,
  ) => void;
}

/** The state of one connected client: subscriptions, transactions, temporary queues. */
export class Conversation {
  readonly #client: Client;
  readonly #authorise: Authorise | undefined;
  readonly #router: Router;
  readonly #outlet: Outlet;
  readonly #logger: Logger;
  readonly #onProgress: () => void;
  readonly #limits: HeadLimits;
  readonly #subscriptions: Subscriptions;
  readonly #transactions: Transactions;
  readonly #temporary: TemporaryQueues;
  readonly #subscriber: Subscriber;

  constructor(options: ConversationOptions) {
    const { router, outlet, limits, logger, onProgress, onHeld } = options;
    this.#client = options.client;
    this.#authorise = options.authorise;
    this.#router = router;
    this.#outlet = outlet;
    this.#logger = logger;
    this.#onProgress = onProgress;
    this.#limits = limits;
    this.#subscriptions = new Subscriptions({
      outlet,
      limits,
      onDelivered: (entry) => this.#forget(entry),
      onCount: (count) => onHeld("subscriptions", count),
    });
    this.#transactions = new Transactions(
      limits,
      (bytes) => onHeld("transactions", bytes),
    );
    this.#temporary = new TemporaryQueues(router, limits.maxSubscriptions);
    this.#subscriber = new Subscriber({
      router,
      outlet,
      subscriptions: this.#subscriptions,
      temporary: this.#temporary,
      owner: options.client.principal.name,
      clientId: options.clientId,
    });
  }

  /** Nothing is in the client's hands and nothing is half said. */
  get idle(): boolean {
    return this.#transactions.size === 0 && this.#subscriptions.idle;
  }

  /** Subscriptions the client has. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /**
   * Asks whether the client may do what a frame says, where there is something
   * to ask.
   *
   * @throws {SsmError} `STOMP_PROTOCOL` when it may not, at once or by rejecting.
   */
  permit(frame: Frame): Promise<void> | void {
    const authorise = this.#authorise;
    if (authorise === undefined) return;
    const { host } = this.#router;
    return askLeave(frame, { authorise, client: this.#client, host });
  }

  /**
   * Does what a frame says. Its effect on this conversation is immediate; what
   * is returned settles when it may be confirmed.
   *
   * @param confirm called where the frame is to be confirmed before that, so
   *   that the client hears of it before it hears of what came of it
   * @throws {SsmError} when the frame has to be refused, at once or, when the
   * store refuses it, by rejecting.
   */
  handle(frame: Frame, confirm: () => void): Promise<void> | void {
    switch (frame.command) {
      case "SEND":
        return this.#send(frame, confirm);
      case "SUBSCRIBE":
        return this.#subscriber.subscribe(frame, confirm);
      case "UNSUBSCRIBE":
        return this.#subscriber.unsubscribe(frame);
      case "ACK":
        return this.#acknowledge(frame);
      case "NACK":
        return this.#refuse(frame);
      case "BEGIN":
        return this.#transactions.begin(frame);
      case "COMMIT":
        return this.#commit(frame, confirm);
      case "ABORT":
        return this.#transactions.take(frame).abort();
      case "CONNECT":
      case "STOMP":
        throw refusal(
          `Cannot process ${frame.command}: the client is connected already`,
        );
      default:
        throw refusal(`Unknown command ${quote(frame.command)}`);
    }
  }

  /** There is room on the way to the client again. */
  resume(): void {
    this.#subscriptions.resume();
  }

  /** The connection ends, by breaking off or in order: transactions are aborted, messages go back to their queues. */
  end(how: { lost: boolean }): void {
    this.#transactions.clear();
    this.#subscriptions.end(how);
    this.#temporary.end();
  }

  #send(frame: Frame, confirm: () => void): Promise<void> | void {
    checkHeadRoom(frame, this.#limits);
    const named = parseDestinations(required(frame, "destination"));
    checkSendOptions(frame);
    // Read when it is done with, which a transaction may put off: too late to say no.
    readFlag(frame, "persistent");
    readExpiry(frame, 0);
    const pattern = named.find(isPattern);
    if (pattern !== undefined) {
      throw refusal(`Cannot send to ${quote(pattern.path)}: it is a pattern`);
    }
    for (const destination of named) {
      checkRouting(frame, "destination-type", destination);
    }
    const transaction = this.#transactions.of(frame);
    const destinations = named.map((place) => this.#temporary.resolve(place));
    const replyTo = this.#subscriber.replyTo(frame);
    const sends = destinations.map((destination): Outgoing => ({
      frame,
      destination,
      replyTo,
      origin: this.#outlet,
    }));
    if (transaction === undefined) {
      return this.#router.commit({ sends, onSafe: confirm });
    }
    for (const send of sends) transaction.addSend(send);
  }

  #acknowledge(frame: Frame): Promise<void> | void {
    const transaction = this.#transactions.of(frame);
    const deliveries = this.#subscriptions.deliveriesOf(frame);
    if (transaction !== undefined) return transaction.addAck(deliveries);
    return this.#finish(deliveries, []);
  }

  #refuse(frame: Frame): void {
    // With RabbitMQ `requeue:false` says that it is not to be delivered again.
    const how = readFlag(frame, "requeue") === false ? "reject" : "refuse";
    const transaction = this.#transactions.of(frame);
    const deliveries = this.#subscriptions.deliveriesOf(frame);
    if (transaction !== undefined) transaction.addNack(deliveries, how);
    else bySubscription(deliveries, how);
  }

  async #commit(frame: Frame, confirm: () => void): Promise<void> {
    const { sends, acked, refused, rejected } = this.#transactions.take(frame);
    await this.#finish(acked, sends, confirm);
    bySubscription(refused, "refuse");
    bySubscription(rejected, "reject");
  }

  /** Acknowledges deliveries and sends messages, all or nothing. */
  async #finish(
    acked: readonly Delivery[],
    sends: readonly Outgoing[],
    onSafe?: () => void,
  ): Promise<void> {
    // First out of the client's hands: should the connection end meanwhile,
    // they must not go back to the queue while the store forgets them.
    for (const delivery of acked) delivery.subscription.finish(delivery);
    try {
      const settled = acked.map(({ entry }) => entry);
      await this.#router.commit({ sends, settled, onSafe });
    } catch (error) {
      bySubscription(acked, "giveBack");
      throw error;
    }
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

function bySubscription(
  deliveries: readonly Delivery[],
  how: "giveBack" | "refuse" | "reject",
): void {
  const groups = Map.groupBy(deliveries, (d) => d.subscription);
  for (const [subscription, group] of groups) subscription[how](group);
}
