/**
 * Durable subscriptions: what is published while their subscribers are away
 * waits for them, as it does in a queue.
 *
 * Each belongs to the user who made it, serves one connection at a time, and
 * lasts until that user ends it.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import { type Destination, levelsOf, matches } from "../message/destination.ts";
import { systemMessage } from "../message/message.ts";
import { overLimit, quote, refusal } from "../message/refusal.ts";
import { endingFeed, type Feed } from "../queues/queue.ts";
import type { Store, StoreChange } from "../store/store.ts";
import {
  describeDurable,
  durableKey,
  durableMark,
  type DurableName,
  durableQueue,
  readDurableMark,
} from "./durable_name.ts";
import type { Queues } from "./queues.ts";
import type { Origin, TopicConsumer } from "./topic.ts";

/** What durable subscriptions work with. */
export interface DurableSubscriptionsOptions {
  readonly store: Store;
  readonly queues: Pick<Queues, "subscribe" | "remove" | "waiting">;
  readonly logger: Logger;
  /** Name of the virtual host. */
  readonly host: string;
  readonly nextSequence: () => number;
  readonly limits: Pick<BrokerLimits, "maxDurableSubscriptions">;
}

/** One of them. */
interface Durable {
  readonly key: string;
  readonly topic: Destination;
  readonly levels: readonly string[];
  /** Where its messages wait. */
  readonly queue: Destination;
  /** The number under which the store keeps it. */
  readonly sequence: number;
  /** The consumer that is fed from it now, if there is one. */
  user?: TopicConsumer | undefined;
}

/** So many messages are forgotten at once, so that other work gets its turn. */
const REMOVED_AT_ONCE = 1000;

/** The durable subscriptions of a virtual host. */
export class DurableSubscriptions {
  readonly #options: DurableSubscriptionsOptions;
  readonly #byKey = new Map<string, Durable>();
  readonly #byPath = new Map<string, Durable>();
  /** How many the store does not have yet. */
  #making = 0;

  constructor(options: DurableSubscriptionsOptions) {
    this.#options = options;
  }

  /** How many the store keeps. */
  get size(): number {
    return this.#byKey.size - this.#making;
  }

  /** Tells whether there is one whose messages wait in that queue. */
  has({ path }: Destination): boolean {
    return this.#byPath.has(path);
  }

  /** Tells whether there is one of that name. */
  knows(name: DurableName): boolean {
    return this.#byKey.has(durableKey(name));
  }

  /** Where a message to that topic has to be kept. */
  queuesOf(topic: Destination, origin: Origin | undefined): Destination[] {
    if (this.#byKey.size === 0) return [];
    const name = levelsOf(topic);
    const queues: Destination[] = [];
    for (const { levels, queue, user } of this.#byKey.values()) {
      if (user?.ignores(origin) || !matches(levels, name)) continue;
      queues.push(queue);
    }
    return queues;
  }

  /** Puts back what the store kept, if it is one of them; tells whether it is. */
  restore(path: string, sequence: number): boolean {
    const mark = readDurableMark(path);
    if (mark === undefined) return false;
    this.#add(mark.key, mark.topic, sequence);
    return true;
  }

  /** Says in the log which there are and what waits for them: after a restart nobody else may know. */
  report(): void {
    const { logger, queues } = this.#options;
    for (const { key, topic, queue } of this.#byKey.values()) {
      const waiting = queues.waiting(queue.path);
      logger.info(
        `Kept the ${describeDurable(key)} to ${quote(topic.path)}: ` +
          `${waiting} messages wait`,
      );
    }
  }

  /**
   * Feeds a consumer from a subscription, which is made if need be. When this
   * settles it is as safe as the store can make it, and reserved for that
   * consumer until its feed is cancelled.
   *
   * @returns what begins to feed it
   * @throws {SsmError} `STOMP_PROTOCOL` when it is in use or to another topic,
   *   `LIMIT` when there are too many
   */
  async open(
    name: DurableName,
    topic: Destination,
    consumer: TopicConsumer,
  ): Promise<() => Feed> {
    const key = durableKey(name);
    const known = this.#byKey.get(key);
    if (known === undefined) {
      const made = await this.#make(key, topic, consumer);
      return () => this.#feed(made, consumer);
    }
    if (known.topic.path !== topic.path) {
      throw refusal(
        `Cannot subscribe: the ${describeDurable(key)} is to ` +
          `${quote(known.topic.path)}; UNSUBSCRIBE it first`,
      );
    }
    this.#checkUnused(known, "subscribe");
    known.user = consumer;
    return () => this.#feed(known, consumer);
  }

  /**
   * Ends a subscription and forgets what waits for it.
   *
   * @throws {SsmError} `STOMP_PROTOCOL` when it is in use or there is none
   */
  async remove(name: DurableName): Promise<void> {
    const { queues, store, logger } = this.#options;
    const key = durableKey(name);
    const durable = this.#byKey.get(key);
    if (durable === undefined) {
      throw refusal(
        `Cannot unsubscribe: there is no ${describeDurable(key)}`,
      );
    }
    this.#checkUnused(durable, "unsubscribe");
    this.#forget(durable);
    const waiting = queues.remove(durable.queue.path);
    logger.info(
      `Ended the ${describeDurable(key)}, ${waiting.length} messages waited`,
    );
    const removals = [durable, ...waiting].map((
      { sequence },
    ): StoreChange => ({ kind: "remove", sequence }));
    for (let n = 0; n < removals.length; n += REMOVED_AT_ONCE) {
      await store.apply(removals.slice(n, n + REMOVED_AT_ONCE));
    }
  }

  async #make(
    key: string,
    topic: Destination,
    consumer: TopicConsumer,
  ): Promise<Durable> {
    const { store, host, nextSequence, logger, limits } = this.#options;
    const { maxDurableSubscriptions } = limits;
    if (this.#byKey.size >= maxDurableSubscriptions) {
      throw overLimit(
        `Cannot subscribe: there are ${maxDurableSubscriptions} durable subscriptions already`,
      );
    }
    const sequence = nextSequence();
    // What is sent from now on comes behind it in the store.
    const durable = this.#add(key, topic, sequence);
    durable.user = consumer;
    const message = systemMessage(`${sequence}`, topic.path);
    const queue = host + durableMark(key, topic);
    this.#making++;
    try {
      const stored = { sequence, queue, durable: true, message };
      await store.apply([{ kind: "append", stored }]);
    } catch (error) {
      this.#forget(durable);
      throw error;
    } finally {
      this.#making--;
    }
    logger.info(`Began the ${describeDurable(key)} to ${quote(topic.path)}`);
    return durable;
  }

  #feed(durable: Durable, consumer: TopicConsumer): Feed {
    const feed = this.#options.queues.subscribe(durable.queue, consumer);
    return endingFeed(feed, () => durable.user = undefined);
  }

  #checkUnused({ key, user }: Durable, action: string): void {
    if (user === undefined) return;
    throw refusal(`Cannot ${action}: the ${describeDurable(key)} is in use`);
  }

  #add(key: string, topic: Destination, sequence: number): Durable {
    const queue = durableQueue(key, topic);
    const durable: Durable = {
      key,
      topic,
      levels: levelsOf(topic),
      queue,
      sequence,
    };
    this.#byKey.set(key, durable);
    this.#byPath.set(queue.path, durable);
    return durable;
  }

  #forget({ key, queue }: Durable): void {
    this.#byKey.delete(key);
    this.#byPath.delete(queue.path);
  }
}
