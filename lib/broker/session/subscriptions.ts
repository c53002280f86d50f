/**
 * All subscriptions of one client.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import type { Entry } from "../routing/backlog.ts";
import type { Destination } from "../message/destination.ts";
import { overLimit, quote, refusal, required } from "../message/refusal.ts";
import type { Router } from "../routing/router.ts";
import type { SubscribeRequest } from "./subscribe_request.ts";
import { type Delivery, type Outlet, Subscription } from "./subscription.ts";

/** What the subscriptions of one client may cost. */
export interface SubscriptionLimits {
  /** How many there may be. */
  readonly maxSubscriptions: number;
  /** Unacknowledged messages of a subscription that does not ask for a number. */
  readonly prefetch: number;
  /** Bytes of unacknowledged messages of one subscription. */
  readonly prefetchBytes: number;
}

/** What a list of subscriptions works with. */
export interface SubscriptionsOptions {
  readonly router: Router;
  readonly outlet: Outlet;
  readonly limits: SubscriptionLimits;
  /** Called for what an `auto` subscription has delivered. */
  readonly onDelivered: (entry: Entry) => void;
  /** Told how many there are, whenever that changes. */
  readonly onCount: (count: number) => void;
}

/** Finds subscriptions, and the deliveries in them. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** By id, or in STOMP 1.0 by destination. */
  readonly #all = new Map<string, Subscription>();

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

  /** Begins a subscription. @throws {SsmError} `STOMP_PROTOCOL`, `LIMIT` */
  add(
    destination: Destination,
    { id, ack, prefetch }: Pick<SubscribeRequest, "id" | "ack" | "prefetch">,
  ): void {
    const { router, outlet, limits, onDelivered, onCount } = this.#options;
    const { path } = destination;
    const key = id ?? unnamed(path);
    if (this.#all.has(key)) {
      throw refusal(
        `Cannot subscribe: subscription ${quote(id ?? path)} exists already`,
      );
    }
    if (this.#all.size >= limits.maxSubscriptions) {
      throw overLimit(
        "Cannot subscribe: a connection may have " +
          `${limits.maxSubscriptions} subscriptions`,
      );
    }
    const subscription = new Subscription({
      id,
      path,
      ack,
      prefetch: prefetch ?? limits.prefetch,
      prefetchBytes: limits.prefetchBytes,
      outlet,
      onDelivered,
    });
    this.#all.set(key, subscription);
    subscription.start((consumer) => router.subscribe(destination, consumer));
    onCount(this.#all.size);
  }

  /**
   * Ends a subscription; in STOMP 1.0 it may be named by its destination.
   *
   * @returns the full name of that
   * @throws {SsmError} `STOMP_PROTOCOL`
   */
  remove(named: { id: string } | { path: string }): string {
    const key = "id" in named ? named.id : unnamed(named.path);
    const subscription = this.#all.get(key);
    if (subscription === undefined) {
      throw refusal("Cannot unsubscribe: there is no such subscription");
    }
    this.#all.delete(key);
    subscription.cancel();
    this.#options.onCount(this.#all.size);
    return subscription.path;
  }

  /** Tells whether there is a subscription of that id, if one is given, to that destination. */
  has({ id, path }: { id?: string; path: string }): boolean {
    if (id !== undefined) return this.#all.get(id)?.path === path;
    return [...this.#all.values()].some((known) => known.path === path);
  }

  /** The deliveries that an ACK or NACK is about. @throws {SsmError} `STOMP_PROTOCOL` */
  deliveriesOf(frame: Frame): Delivery[] {
    const delivery = this.#find(frame);
    if (delivery === undefined || delivery.held) {
      throw refusal(
        `Cannot process ${frame.command}: no such message awaits it`,
      );
    }
    return delivery.subscription.coveredBy(delivery);
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
  #find(frame: Frame): Delivery | undefined {
    switch (this.#options.outlet.version) {
      case "1.2":
        return this.#findIn(undefined, { id: required(frame, "id") });
      case "1.1":
        return this.#findIn(required(frame, "subscription"), {
          messageId: required(frame, "message-id"),
        });
      case "1.0":
        return this.#findIn(frame.headers.get("subscription"), {
          messageId: required(frame, "message-id"),
        });
    }
  }

  #findIn(
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

/** The key of a STOMP 1.0 subscription without id; no id can contain NUL. */
function unnamed(path: string): string {
  return `\0${path}`;
}
