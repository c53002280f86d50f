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
  topicLevels,
} from "../message/destination.ts";
import type { Message } from "../message/message.ts";
import type { Entry } from "./backlog.ts";
import type { Feed } from "./queue.ts";
import { Topic, type TopicConsumer, type TopicOptions } from "./topic.ts";

/** Finds who listens. */
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

  /** Hands a message to everyone who listens to that topic. */
  publish(
    destination: Destination,
    message: Message,
    sequence: number,
  ): void {
    this.#exact.get(destination.path)?.publish(message, sequence);
    const name = this.#patterns.size === 0 ? [] : topicLevels(destination);
    for (const { levels, topic } of this.#patterns.values()) {
      if (matches(levels, name)) topic.publish(message, sequence);
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
      const levels = topicLevels(destination);
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

/** Tells whether a pattern matches a name, both in levels. */
export function matches(
  pattern: readonly string[],
  name: readonly string[],
): boolean {
  for (const [index, level] of pattern.entries()) {
    // "a.>" is also "a" itself, as with ActiveMQ.
    if (level === ">") return true;
    if (index >= name.length) return false;
    if (level !== "*" && level !== name[index]) return false;
  }
  return pattern.length === name.length;
}
