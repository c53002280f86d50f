/**
 * The subscriptions of one client.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { FrameHeaders, StompVersion } from "../frame/frame.ts";
import { type SubscribeOptions, Subscription } from "./subscription.ts";

/** What subscriptions need of their client. */
interface SubscriptionHost {
  version(): StompVersion;
  request(
    command: "SUBSCRIBE" | "UNSUBSCRIBE",
    headers: Readonly<Record<string, string | undefined>>,
    receipt: string | true | undefined,
  ): Promise<void>;
}

/** Names of ended subscriptions that are remembered, for messages that crossed the UNSUBSCRIBE. */
const MAX_ENDED = 2000;

/** Subscriptions by id; one that was widened has several. */
export class Subscriptions {
  readonly #host: SubscriptionHost;
  readonly #byId = new Map<string, Subscription>();
  /** The names by which ended ones are known to the broker, the latest last. */
  readonly #ended = new Set<string>();
  #next = 1;

  constructor(host: SubscriptionHost) {
    this.#host = host;
  }

  /** Subscribes; see `StompClient.subscribing()`. */
  subscribe(
    destination: string,
    options: SubscribeOptions,
  ): { subscription: Subscription; confirmed: Promise<void> } {
    const {
      ack = "client-individual",
      prefetch = 100,
      maxWaitingBytes = 16 << 20,
      id = this.#unused(() => `${this.#next++}`),
    } = options;
    if (!Number.isInteger(prefetch) || prefetch < 1) {
      throw new RangeError(`prefetch must be at least 1, not ${prefetch}`);
    }
    let parts = 1;
    const subscription: Subscription = new Subscription(
      { id, destination },
      { ack, prefetch, maxWaitingBytes },
      {
        unsubscribe: () => this.#unsubscribe(subscription),
        widen: () =>
          // Apart from numbers, which others may take for theirs.
          this.#ask(subscription, this.#unused(() => `${id}+${++parts}`), {
            ...options,
            prefetch: 1,
            receipt: undefined,
          }),
      },
    );
    const confirmed = this.#ask(subscription, id, options).catch((error) => {
      // Somebody may wait for its messages already.
      subscription.finish(error);
      throw error;
    });
    return { subscription, confirmed };
  }

  /** Ends all subscriptions. */
  removeAll(error: SsmError | undefined): void {
    for (const subscription of this.#byId.values()) subscription.finish(error);
    this.#byId.clear();
  }

  /** Lets reading go on, whoever takes the messages or not. */
  releaseAll(): void {
    for (const subscription of this.#byId.values()) subscription.release();
  }

  /** Whether it is a message of a subscription that has ended: it crossed our UNSUBSCRIBE. */
  hasEnded(headers: FrameHeaders): boolean {
    const name = headers.get("subscription") ?? headers.get("destination");
    return name !== undefined && this.#ended.has(name);
  }

  /** Whose message that is, if anybody's. */
  ownerOf(headers: FrameHeaders): Subscription | undefined {
    const id = headers.get("subscription");
    if (id !== undefined) return this.#byId.get(id);
    // STOMP 1.0 names the subscription only if it likes.
    const destination = headers.get("destination");
    const all = [...this.#byId.values()];
    const named = all.find((one) => one.destination === destination);
    // Where neither can be read, it may still be plain.
    const [only] = new Set(all).size === 1 ? all : [];
    return named ?? (destination === undefined ? only : undefined);
  }

  #unused(next: () => string): string {
    let id: string;
    do id = next(); while (this.#byId.has(id));
    return id;
  }

  /** Asks for messages under an id. @throws {TypeError} when it is in use */
  async #ask(
    subscription: Subscription,
    id: string,
    options: SubscribeOptions,
  ): Promise<void> {
    const { prefetch = 100, prefetchBytes = 1 << 20, headers } = options;
    const { destination, ack } = subscription;
    if (this.#byId.has(id)) {
      throw new TypeError(`The subscription "${id}" exists already`);
    }
    this.#byId.set(id, subscription);
    this.#ended.delete(id);
    try {
      await this.#host.request("SUBSCRIBE", {
        "activemq.prefetchSize": `${prefetch}`,
        "prefetch-count": `${prefetch}`,
        "consumer-window-size": `${prefetchBytes}`,
        ...headers,
        id,
        destination,
        ack,
      }, options.receipt);
    } catch (error) {
      this.#byId.delete(id);
      throw error;
    }
  }

  async #unsubscribe(subscription: Subscription): Promise<void> {
    const { destination } = subscription;
    subscription.finish(undefined);
    const ids = [...this.#byId].filter(([, one]) => one === subscription);
    for (const [id] of ids) this.#byId.delete(id);
    this.#remember([...ids.map(([id]) => id), destination]);
    // A server of STOMP 1.0 may know it by its destination only.
    const is10 = this.#host.version() === "1.0";
    await Promise.all(
      ids.map(([id]) =>
        this.#host.request(
          "UNSUBSCRIBE",
          is10 ? { id, destination } : { id },
          undefined,
        )
      ),
    );
  }

  #remember(names: readonly string[]): void {
    for (const name of names) {
      this.#ended.delete(name);
      this.#ended.add(name);
    }
    for (const oldest of this.#ended) {
      if (this.#ended.size <= MAX_ENDED) return;
      this.#ended.delete(oldest);
    }
  }
}
