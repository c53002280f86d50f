/**
 * A topic: each message goes to every consumer that is subscribed at that moment.
 *
 * @module
 */
import type { TopicClient, TopicMemory } from "../limits/topic_memory.ts";
import type { Message } from "../message/message.ts";
import type { Entry } from "../queues/backlog.ts";
import { type Consumer, Queue, type QueueOptions } from "../queues/queue.ts";

/** Takes messages from a topic. */
export interface TopicConsumer extends Consumer {
  /** The client it belongs to, which may listen to other topics, too. */
  readonly client: TopicClient;
  /** Tells whether it wants nothing of what that origin publishes. */
  ignores(origin: Origin | undefined): boolean;
}

/** Where a message comes from: the same object for all of one connection. */
export type Origin = object;

/** What a topic tells its owner, and asks. */
export interface TopicOptions
  extends Pick<QueueOptions, "isExpired" | "onExpired"> {
  readonly memory: TopicMemory;
}

/**
 * Every subscriber has a queue of its own, in memory and bounded, that ends
 * with the subscription.
 */
export class Topic {
  /** Full name. */
  readonly name: string;
  readonly #options: TopicOptions;
  readonly #feeds = new Map<TopicConsumer, Queue>();

  constructor(name: string, options: TopicOptions) {
    this.name = name;
    this.#options = options;
  }

  /** How many subscribers there are. */
  get consumers(): number {
    return this.#feeds.size;
  }

  /** Adds a subscriber; the queue it is fed from is returned. */
  attach(consumer: TopicConsumer): Queue {
    const feed = new Queue(this.name, this.#options);
    this.#feeds.set(consumer, feed);
    feed.attach(consumer);
    return feed;
  }

  /** Takes out what waits for slow subscribers and has expired; tells whether more may. */
  sweep(): boolean {
    return [...this.#feeds.values()].map((feed) => feed.sweep()).includes(true);
  }

  /** Removes a subscriber and what waits for it. */
  detach(consumer: TopicConsumer): void {
    const feed = this.#feeds.get(consumer);
    feed?.detach(consumer);
    for (const entry of feed?.empty() ?? []) entry.release?.();
    this.#feeds.delete(consumer);
  }

  /** Hands a message to every subscriber that wants it. */
  publish(message: Message, sequence: number, origin?: Origin): void {
    const { memory } = this.#options;
    for (const [consumer, feed] of this.#feeds) {
      if (consumer.ignores(origin)) continue;
      feed.push(new TopicEntry(message, sequence, memory, consumer.client));
    }
  }
}

/** A message that one subscriber waits for, or has in hand. */
class TopicEntry implements Entry {
  readonly sequence: number;
  readonly size: number;
  readonly expires: number | undefined;
  readonly message: Message;
  readonly stored = false;
  deliveries = 0;
  failures = 0;
  readonly #memory: TopicMemory;
  readonly #client: TopicClient;
  #held = true;

  constructor(
    message: Message,
    sequence: number,
    memory: TopicMemory,
    client: TopicClient,
  ) {
    this.message = message;
    this.sequence = sequence;
    this.size = message.size;
    this.expires = message.expires;
    this.#memory = memory;
    this.#client = client;
    memory.hold(client, message);
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#memory.release(this.#client, this.message);
  }
}
