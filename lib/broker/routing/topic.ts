/**
 * A topic: each message goes to everyone who is subscribed at that moment.
 *
 * @module
 */
import type { Message } from "../message/message.ts";
import { type Consumer, Queue, type QueueOptions } from "../queues/queue.ts";

/** Who listens to a topic. */
export interface TopicConsumer extends Consumer {
  /** It is too slow: more is waiting for it than may wait. Called once for each message too many. */
  overrun(): void;
  /** Tells whether it wants nothing of what that origin publishes. */
  ignores(origin: Origin | undefined): boolean;
}

/** Where a message comes from: the same object for all of one connection. */
export type Origin = object;

/** What a topic tells its owner, and asks. */
export interface TopicOptions
  extends Pick<QueueOptions, "isExpired" | "onExpired"> {
  /** Bytes that may wait for one subscriber. */
  readonly maxWaitingBytes: number;
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

  /** Bytes that wait for slow subscribers; a message that waits for two counts twice. */
  get bytes(): number {
    let bytes = 0;
    for (const feed of this.#feeds.values()) bytes += feed.bytes;
    return bytes;
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
    this.#feeds.get(consumer)?.detach(consumer);
    this.#feeds.delete(consumer);
  }

  /** Hands a message to everyone who wants it. */
  publish(message: Message, sequence: number, origin?: Origin): void {
    const { size, expires } = message;
    for (const [consumer, feed] of this.#feeds) {
      if (consumer.ignores(origin)) continue;
      feed.push({
        sequence,
        size,
        expires,
        message,
        deliveries: 0,
        failures: 0,
        stored: false,
      });
      if (feed.bytes > this.#options.maxWaitingBytes) consumer.overrun();
    }
  }
}
