/**
 * What a client may say once it is connected, and what comes of it.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Frame } from "../../stomp/mod.ts";
import {
  type AccessRequest,
  askLeave,
  type Authorise,
  type Client,
} from "../access/access.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import {
  type Destinations,
  parseDestinations,
} from "../message/destination.ts";
import { readFlag } from "../message/options.ts";
import { quote, refusal, required } from "../message/refusal.ts";
import type { Entry } from "../queues/backlog.ts";
import type { RoutedSend, Router } from "../routing/router.ts";
import type {
  Delivery,
  Outlet,
  Subscription,
} from "../subscription/subscription.ts";
import { Subscriptions } from "../subscription/subscriptions.ts";
import { checkSend } from "./send_request.ts";
import { Subscriber } from "./subscriber.ts";
import { TemporaryQueues } from "./temporary_queues.ts";
import { Transactions } from "./transaction.ts";

/** What a conversation works with. */
export interface ConversationOptions {
  readonly router: Router;
  readonly client: Client;
  /** The `client-id` it gave, to which durable subscriptions belong. */
  readonly clientId: string | undefined;
  /** Without it everybody may do everything. */
  readonly authorise: Authorise | undefined;
  readonly outlet: Outlet;
  readonly limits: BrokerLimits;
  readonly logger: Logger;
  /** Called when a delivery came to its end without a word of the client. */
  readonly onProgress: () => void;
  /** Told how many subscriptions it has, whenever that changes. */
  readonly onSubscriptions: (count: number) => void;
  /** Told how many bytes its open transactions hold, whenever that changes. */
  readonly onTransactions: (bytes: number) => void;
}

/**
 * Does what a frame says. Its effect on the conversation is immediate; what is
 * returned settles when it may be confirmed.
 *
 * @param confirm called where the frame is to be confirmed before that, so that
 *   the client hears of it before it hears of what came of it
 * @throws {SsmError} when the frame has to be refused, at once or, when the store
 *   refuses it, by rejecting.
 */
export type Work = (confirm: () => void) => Promise<void> | void;

/** The state of one connected client: subscriptions, transactions, temporary queues. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #subscriptions: Subscriptions;
  readonly #transactions: Transactions;
  readonly #temporary: TemporaryQueues;
  readonly #subscriber: Subscriber;

  constructor(options: ConversationOptions) {
    const { router, outlet, limits, client, clientId } = options;
    this.#options = options;
    this.#subscriptions = new Subscriptions({
      outlet,
      limits,
      onDelivered: (entry) => this.#forget(entry),
      onCount: options.onSubscriptions,
    });
    this.#transactions = new Transactions(limits, options.onTransactions);
    this.#temporary = new TemporaryQueues(router, limits.maxSubscriptions);
    this.#subscriber = new Subscriber({
      router,
      outlet,
      subscriptions: this.#subscriptions,
      temporary: this.#temporary,
      owner: { owner: client.principal.name, client: clientId },
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
   * Understands where a frame reads or writes, and asks whether the client may,
   * where there is something to ask.
   *
   * @returns what does it
   * @throws {SsmError} `STOMP_PROTOCOL` when it may not, or when the frame is
   *   malformed; at once or by rejecting
   */
  admit(frame: Frame): Promise<Work> | Work {
    const access = accessOf(frame);
    if (access === undefined) return (confirm) => this.#do(frame, confirm);
    const destinations = parseDestinations(required(frame, "destination"));
    const work: Work = (confirm) =>
      access === "write"
        ? this.#send(frame, destinations, confirm)
        : this.#subscriber.subscribe(frame, destinations, confirm);
    const { authorise, client, router: { host } } = this.#options;
    if (authorise === undefined) return work;
    const asking = askLeave(access, destinations, { authorise, client, host });
    return asking === undefined ? work : asking.then(() => work);
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

  /** Does what a frame says that names no destination to read from or write to. */
  #do(frame: Frame, confirm: () => void): Promise<void> | void {
    switch (frame.command) {
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

  #send(
    frame: Frame,
    named: Destinations,
    confirm: () => void,
  ): Promise<void> | void {
    const { router, outlet: origin, limits } = this.#options;
    checkSend(frame, named, limits.frames);
    const transaction = this.#transactions.of(frame);
    const destinations = named.map((place) => this.#temporary.resolve(place));
    const replyTo = this.#subscriber.replyTo(frame);
    const sends = destinations.map((destination): RoutedSend => ({
      frame,
      destination,
      replyTo,
      origin,
    }));
    if (transaction === undefined) {
      return router.commit({ sends, onSafe: confirm });
    }
    for (const send of sends) transaction.send(send);
  }

  #acknowledge(frame: Frame): Promise<void> | void {
    const transaction = this.#transactions.of(frame);
    const deliveries = this.#subscriptions.deliveriesOf(frame);
    if (transaction !== undefined) return transaction.end(deliveries, "acked");
    return this.#finish(deliveries, []);
  }

  #refuse(frame: Frame): void {
    // With RabbitMQ `requeue:false` says that it is not to be delivered again.
    const forGood = readFlag(frame, "requeue") === false;
    const transaction = this.#transactions.of(frame);
    const deliveries = this.#subscriptions.deliveriesOf(frame);
    if (transaction === undefined) (forGood ? reject : refuse)(deliveries);
    else transaction.end(deliveries, forGood ? "rejected" : "refused");
  }

  async #commit(frame: Frame, confirm: () => void): Promise<void> {
    const { sends, deliveries } = this.#transactions.take(frame);
    await this.#finish(deliveries.acked, sends, confirm);
    refuse(deliveries.refused);
    reject(deliveries.rejected);
  }

  /** Acknowledges deliveries and sends messages, all or nothing. */
  async #finish(
    acked: readonly Delivery[],
    sends: readonly RoutedSend[],
    onSafe?: () => void,
  ): Promise<void> {
    // First out of the client's hands: should the connection end meanwhile,
    // they must not go back to the queue while the store forgets them.
    for (const delivery of acked) delivery.subscription.finish(delivery);
    try {
      const settled = acked.map(({ entry }) => entry);
      await this.#options.router.commit({ sends, settled, onSafe });
    } catch (error) {
      giveBack(acked);
      throw error;
    }
  }

  #forget(entry: Entry): void {
    const { router, logger, onProgress } = this.#options;
    router.commit({ settled: [entry] })
      .catch((error) =>
        logger.error(`Cannot forget a delivered message: ${reason(error)}`)
      )
      .finally(onProgress);
  }
}

/** How a frame uses the destinations that it names, if it names any. */
function accessOf({ command }: Frame): AccessRequest["access"] | undefined {
  if (command === "SEND") return "write";
  return command === "SUBSCRIBE" ? "read" : undefined;
}

const giveBack = ofEach((subscription, group) => subscription.giveBack(group));
const refuse = ofEach((subscription, group) => subscription.refuse(group));
const reject = ofEach((subscription, group) => subscription.reject(group));

/** Does something with deliveries, in one go for each of their subscriptions. */
function ofEach(
  work: (subscription: Subscription, group: readonly Delivery[]) => void,
): (deliveries: readonly Delivery[]) => void {
  return (deliveries) => {
    const groups = Map.groupBy(deliveries, (d) => d.subscription);
    for (const [subscription, group] of groups) work(subscription, group);
  };
}
