/**
 * All topics of a virtual host, and the patterns that match some of them.
 *
 * A subscription may name a pattern, as with ActiveMQ: levels are separated by
 * dots (or slashes), `*` is any one level, and `>` at the end is all that
 * follows, including nothing.
 *
 * @module
 */
import {
  type Destination,
  isPattern,
  levelsOf,
  matches,
} from "../message/destination.ts";
import type { Message } from "../message/message.ts";
import type { Entry } from "../queues/backlog.ts";
import type { Feed } from "../queues/queue.ts";
import {
  type Origin,
  Topic,
  type TopicConsumer,
  type TopicOptions,
} from "./topic.ts";

/** The topics of a virtual host, and the consumers that each of them feeds. */
export class Topics {
  readonly #options: TopicOptions;
  readonly #exact = new Map<string, Topic>();
  readonly #patterns = new Map<string, { levels: string[]; topic: Topic }>();

  constructor(options: TopicOptions) {
    this.#options = options;
  }

  /** Topics and patterns that have subscribers. */
  get size(): number {
    return this.#exact.size + this.#patterns.size;
  }

  /** Feeds a consumer with what is published from now on. */
  subscribe(destination: Destination, consumer: TopicConsumer): Feed {
    const topic = this.#topic(destination);
    const queue = topic.attach(consumer);
    let ended = false;
    return {
      resume: () => queue.resume(consumer),
      giveBack: (entries) => ended ? release(entries) : queue.giveBack(entries),
      reject: release,
      cancel: (entries) => {
        ended = true;
        topic.detach(consumer);
        release(entries);
        if (topic.consumers > 0) return;
        this.#exact.delete(topic.name);
        this.#patterns.delete(topic.name);
      },
    };
  }

  /** Hands a message to all consumers of that topic. */
  publish(
    destination: Destination,
    message: Message,
    sequence: number,
    origin?: Origin,
  ): void {
    this.#exact.get(destination.path)?.publish(message, sequence, origin);
    const name = this.#patterns.size === 0 ? [] : levelsOf(destination);
    for (const { levels, topic } of this.#patterns.values()) {
      if (matches(levels, name)) topic.publish(message, sequence, origin);
    }
    this.#options.memory.bound(message);
  }

  /** Takes out what waits for slow subscribers and has expired; tells whether more may. */
  sweep(): boolean {
    const patterns = [...this.#patterns.values()].map(({ topic }) => topic);
    return [...this.#exact.values(), ...patterns]
      .map((topic) => topic.sweep()).includes(true);
  }

  #topic(destination: Destination): Topic {
    const { path } = destination;
    const known = this.#exact.get(path) ?? this.#patterns.get(path)?.topic;
    if (known !== undefined) return known;
    const topic = new Topic(path, this.#options);
    if (isPattern(destination)) {
      const levels = levelsOf(destination);
      this.#patterns.set(path, { levels, topic });
    } else {
      this.#exact.set(path, topic);
    }
    return topic;
  }
}

/** Nobody waits for these any more. */
function release(entries: readonly Entry[]): void {
  for (const entry of entries) entry.release?.();
}
