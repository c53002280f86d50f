/**
 * What a client may say once it is connected, and what comes of it.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Frame } from "../../stomp/mod.ts";
import {
  accessRefusal,
  type Authorise,
  type Client,
  wishOf,
} from "../access/access.ts";
import { checkHeadRoom, type HeadLimits } from "../limits/head_room.ts";
import type { Entry } from "../routing/backlog.ts";
import { isPattern, parseDestination } from "../message/destination.ts";
import { quote, refusal, required } from "../message/refusal.ts";
import type { Outgoing, Router } from "../routing/router.ts";
import { readSubscribe } from "./subscribe_request.ts";
import type { Delivery, Outlet } from "./subscription.ts";
import { type SubscriptionLimits, Subscriptions } from "./subscriptions.ts";
import { TemporaryQueues } from "./temporary_queues.ts";
import { type TransactionLimits, Transactions } from "./transaction.ts";

/** What a conversation works with. */
export interface ConversationOptions {
  readonly router: Router;
  readonly client: Client;
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
      router,
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
    const wish = this.#authorise && wishOf(frame);
    if (this.#authorise === undefined || wish === undefined) return;
    const { host } = this.#router;
    const answer = this.#authorise({ ...wish, ...this.#client, host });
    const judge = (allowed: boolean) => {
      if (!allowed) throw accessRefusal(wish);
    };
    return typeof answer === "boolean" ? judge(answer) : answer.then(judge);
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
        return this.#transactions.begin(frame);
      case "COMMIT":
        return this.#commit(frame);
      case "ABORT":
        return this.#transactions.take(frame).abort();
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

  #send(frame: Frame): Promise<void> | void {
    checkHeadRoom(frame, this.#limits);
    const destination = this.#temporary.resolve(
      parseDestination(required(frame, "destination")),
    );
    if (isPattern(destination)) {
      throw refusal(
        `Cannot send to ${quote(destination.path)}: it is a pattern`,
      );
    }
    const transaction = this.#transactions.of(frame);
    const send: Outgoing = {
      frame,
      destination,
      replyTo: this.#replyTo(frame),
    };
    if (transaction !== undefined) return transaction.addSend(send);
    return this.#router.commit({ sends: [send] });
  }

  #subscribe(frame: Frame): void {
    const request = readSubscribe(frame, this.#outlet.version);
    const destination = this.#temporary.resolve(request.destination);
    const automatic = {
      id: request.destination.path,
      path: destination.path,
    };
    // An explicit subscription takes the place of one that `reply-to` made.
    if (
      destination.kind === "reply-queue" && this.#subscriptions.has(automatic)
    ) {
      this.#subscriptions.remove(automatic);
    }
    this.#subscriptions.add(destination, request);
  }

  #unsubscribe(frame: Frame): void {
    const path = this.#subscriptions.remove(this.#unsubscribed(frame));
    if (!this.#subscriptions.has({ path })) this.#temporary.remove(path);
  }

  /** What an UNSUBSCRIBE frame names. */
  #unsubscribed(frame: Frame): { id: string } | { path: string } {
    if (this.#outlet.version !== "1.0" || frame.headers.has("id")) {
      return { id: required(frame, "id") };
    }
    const name = parseDestination(required(frame, "destination"));
    return { path: this.#temporary.resolve(name).path };
  }

  #acknowledge(frame: Frame): Promise<void> | void {
    const transaction = this.#transactions.of(frame);
    const deliveries = this.#subscriptions.deliveriesOf(frame);
    if (transaction !== undefined) return transaction.addAck(deliveries);
    return this.#finish(deliveries, []);
  }

  #refuse(frame: Frame): void {
    const transaction = this.#transactions.of(frame);
    const deliveries = this.#subscriptions.deliveriesOf(frame);
    if (transaction !== undefined) transaction.addNack(deliveries);
    else giveBack(deliveries, "refuse");
  }

  async #commit(frame: Frame): Promise<void> {
    const { sends, acked, refused } = this.#transactions.take(frame);
    await this.#finish(acked, sends);
    giveBack(refused, "refuse");
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
    if (!this.#subscriptions.has({ path })) {
      this.#subscriptions.add(destination, { id: name, ack: "auto" });
    }
    return path;
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

function giveBack(
  deliveries: readonly Delivery[],
  how: "giveBack" | "refuse" = "giveBack",
): void {
  const bySubscription = Map.groupBy(deliveries, (d) => d.subscription);
  for (const [subscription, group] of bySubscription) {
    subscription[how](group);
  }
}
