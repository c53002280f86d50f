/**
 * SUBSCRIBE and UNSUBSCRIBE, and the subscriptions that `reply-to` makes.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import {
  type Destination,
  type Destinations,
  parseDestination,
  parseDestinations,
} from "../message/destination.ts";
import { refusal, required } from "../message/refusal.ts";
import type { Router } from "../routing/router.ts";
import {
  durableName,
  type DurableOwner,
  type DurableWish,
  readDurableWish,
} from "../subscription/durable_wish.ts";
import {
  readSubscribe,
  type SubscribeRequest,
} from "../subscription/subscribe_request.ts";
import type { Outlet } from "../subscription/subscription.ts";
import { pathOf, type Subscriptions } from "../subscription/subscriptions.ts";
import type { TemporaryQueues } from "./temporary_queues.ts";

/** What a subscriber works with. */
export interface SubscriberOptions {
  readonly router: Router;
  readonly outlet: Outlet;
  readonly subscriptions: Subscriptions;
  readonly temporary: TemporaryQueues;
  /** To whom its durable subscriptions belong. */
  readonly owner: DurableOwner;
}

/** Begins and ends the subscriptions of one client. */
export class Subscriber {
  readonly #options: SubscriberOptions;

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /**
   * Does SUBSCRIBE to the destinations that it names; messages come after the
   * confirmation.
   *
   * @throws {SsmError} as {@linkcode Conversation.handle}
   */
  subscribe(
    frame: Frame,
    named: Destinations,
    confirm: () => void,
  ): Promise<void> | void {
    const { outlet, router, subscriptions } = this.#options;
    const request = readSubscribe(frame, named, outlet.version);
    const destinations = this.#resolve(named);
    const [first] = destinations;
    // An explicit subscription takes the place of one that `reply-to` made.
    const automatic = { id: named[0].path, path: first.path };
    if (
      first.kind === "reply-queue" && !request.browse &&
      subscriptions.consumes(automatic)
    ) {
      subscriptions.remove(automatic);
    }
    if (request.durable !== undefined) {
      return this.#subscribeDurably(request, request.durable, confirm);
    }
    const subscription = subscriptions.add(destinations, request);
    confirm();
    subscription.start((consumer) =>
      request.browse
        ? router.browse(first, consumer)
        : router.subscribe(destinations, consumer)
    );
  }

  /**
   * Does UNSUBSCRIBE: ends a subscription, or a durable one for good, or both.
   *
   * @throws {SsmError} as {@linkcode Conversation.handle}
   */
  unsubscribe(frame: Frame): Promise<void> | void {
    const { subscriptions, temporary, router: { durables } } = this.#options;
    const wish = readDurableWish(frame);
    const ended = subscriptions.remove(this.#named(frame));
    // A temporary queue ends with its last consumer; a browser is none.
    if (ended !== undefined && !ended.wish.browse) {
      const { path } = ended;
      if (!subscriptions.consumes({ path })) temporary.remove(path);
    }
    const name = wish && durableName(wish, this.#options.owner);
    // RabbitMQ's `durable:true` may be said of any subscription.
    if (name && (wish.ofClient || !ended || durables.knows(name))) {
      return durables.remove(name);
    }
    if (!ended) {
      throw refusal("Cannot unsubscribe: there is no such subscription");
    }
  }

  /**
   * What the receiver of a message has to send its answer to.
   *
   * A temporary queue named there comes into being, and unless the client has
   * subscribed to it, answers arrive in a subscription whose id is the
   * temporary name, as with RabbitMQ.
   */
  replyTo(frame: Frame): string | undefined {
    const name = frame.headers.get("reply-to");
    if (!name?.startsWith("/temp-queue/")) return undefined;
    const { router, subscriptions } = this.#options;
    const places = this.#resolve([parseDestination(name)]);
    const [{ path }] = places;
    if (!subscriptions.consumes({ path })) {
      subscriptions.add(places, { id: name, ack: "auto" })
        .start((consumer) => router.subscribe(places, consumer));
    }
    return path;
  }

  async #subscribeDurably(
    request: SubscribeRequest,
    wish: DurableWish,
    confirm: () => void,
  ): Promise<void> {
    const { subscriptions, router: { durables } } = this.#options;
    const { destinations } = request;
    const name = durableName(wish, this.#options.owner);
    const subscription = subscriptions.add(destinations, request);
    const connect = await durables.open(name, destinations[0], subscription);
    confirm();
    subscription.start(connect);
  }

  /** What UNSUBSCRIBE names: an id, or in STOMP 1.0 perhaps destinations. */
  #named(frame: Frame): { id: string } | { path: string } {
    const { version } = this.#options.outlet;
    if (version !== "1.0" || frame.headers.has("id")) {
      return { id: required(frame, "id") };
    }
    const places = parseDestinations(required(frame, "destination"));
    return { path: pathOf(this.#resolve(places)) };
  }

  #resolve([first, ...others]: Destinations): Destinations {
    const { temporary } = this.#options;
    const resolve = (place: Destination) => temporary.resolve(place);
    return [resolve(first), ...others.map(resolve)];
  }
}
