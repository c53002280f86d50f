/**
 * All subscriptions of one client.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import type { Destination } from "../message/destination.ts";
import { overLimit, quote, refusal, required } from "../message/refusal.ts";
import { Returned } from "./returned.ts";
import { MAX_PREFETCH, type SubscriptionWish } from "./subscribe_request.ts";
import {
  type Delivery,
  Subscription,
  type SubscriptionOptions,
} from "./subscription.ts";

/** What a list of subscriptions works with. */
export interface SubscriptionsOptions
  extends Omit<SubscriptionOptions, "wish" | "path"> {
  readonly limits: Pick<
    BrokerLimits,
    "maxSubscriptions" | "prefetch" | "prefetchBytes"
  >;
  /** Told how many there are, whenever that changes. */
  readonly onCount: (count: number) => void;
}

/** Finds subscriptions, and the deliveries in them. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** By id, or in STOMP 1.0 by destination. */
  readonly #all = new Map<string, Subscription>();
  readonly #returned = new Returned(MAX_PREFETCH);

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** No message waits to be acknowledged. */
  get idle(): boolean {
    return [...this.#all.values()].every(({ pending }) => pending === 0);
  }

  /** Adds a subscription, which is still to be started. @throws {SsmError} `STOMP_PROTOCOL`, `LIMIT` */
  add(
    destinations: readonly Destination[],
    wish: SubscriptionWish,
  ): Subscription {
    const { limits: { maxSubscriptions }, onCount } = this.#options;
    const { id } = wish;
    const path = pathOf(destinations);
    const key = id ?? unnamed(path);
    if (this.#all.has(key)) {
      throw refusal(
        `Cannot subscribe: subscription ${quote(id ?? path)} exists already`,
      );
    }
    if (this.#all.size >= maxSubscriptions) {
      throw overLimit(
        `Cannot subscribe: a connection may have ${maxSubscriptions} subscriptions`,
      );
    }
    const subscription = new Subscription({ ...this.#options, wish, path });
    this.#all.set(key, subscription);
    onCount(this.#all.size);
    return subscription;
  }

  /** Ends a subscription, which in STOMP 1.0 may be named by its destination; returns it, if there was one. */
  remove(
    named: { id: string } | { path: string },
  ): Subscription | undefined {
    const key = "id" in named ? named.id : unnamed(named.path);
    const subscription = this.#all.get(key);
    if (subscription === undefined) return undefined;
    this.#all.delete(key);
    this.#returned.add(subscription.cancel());
    this.#options.onCount(this.#all.size);
    return subscription;
  }

  /** Tells whether a subscription, of that id if one is given, takes messages from that destination. */
  consumes({ id, path }: { id?: string; path: string }): boolean {
    const known = id === undefined ? this.#all.values() : [this.#all.get(id)];
    return [...known].some((one) => one?.path === path && !one.wish.browse);
  }

  /**
   * The deliveries that an ACK or NACK is about; none if it comes too late.
   *
   * @throws {SsmError} `STOMP_PROTOCOL`
   */
  deliveriesOf(frame: Frame): Delivery[] {
    const [subscription, by] = this.#named(frame);
    const delivery = this.#find(subscription, by);
    if (delivery !== undefined && !delivery.held) {
      return delivery.subscription.coveredBy(delivery);
    }
    if (delivery === undefined && this.#returned.has(by)) return [];
    throw refusal(
      `Cannot process ${frame.command}: no such message awaits it`,
    );
  }

  /** There is room on the way to the client again. */
  resume(): void {
    for (const subscription of this.#all.values()) subscription.resume();
  }

  /** The connection ends, by breaking off or in order. */
  end(how: { lost: boolean }): void {
    for (const subscription of this.#all.values()) subscription.end(how);
    this.#all.clear();
    this.#options.onCount(0);
  }

  /** Every version names a message in its own way. */
  #named(
    frame: Frame,
  ): [
    subscription: string | undefined,
    by: { id: string } | { messageId: string },
  ] {
    const { version } = this.#options.outlet;
    if (version === "1.2") return [undefined, { id: required(frame, "id") }];
    const subscription = version === "1.1"
      ? required(frame, "subscription")
      : frame.headers.get("subscription");
    return [subscription, { messageId: required(frame, "message-id") }];
  }

  #find(
    id: string | undefined,
    by: { id: string } | { messageId: string },
  ): Delivery | undefined {
    if (id !== undefined) return this.#all.get(id)?.find(by);
    for (const subscription of this.#all.values()) {
      const delivery = subscription.find(by);
      if (delivery !== undefined) return delivery;
    }
    return undefined;
  }
}

/** What names a subscription's destinations together. */
export function pathOf(destinations: readonly Destination[]): string {
  return destinations.map(({ path }) => path).join(",");
}

/** The key of a STOMP 1.0 subscription without id; no id can contain NUL. */
function unnamed(path: string): string {
  return `\0${path}`;
}
