/**
 * The one owner of the queues and topics of a virtual host: what comes in is
 * stored, then handed on; what is acknowledged is forgotten.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Clock, Frame } from "../../stomp/mod.ts";
import type { TopicMemory } from "../limits/topic_memory.ts";
import type { Entry } from "./backlog.ts";
import { DeadLetters, type DeadLettersOptions } from "./dead_letters.ts";
import type { Destination } from "../message/destination.ts";
import { messageFromSend } from "../message/message.ts";
import { type Feed, Queue } from "./queue.ts";
import type { RecoveredMessage, StoreChange } from "../store/store.ts";
import { type Known, StoredEntry } from "./stored_entry.ts";
import { Sweeper } from "./sweeper.ts";
import type { TopicConsumer, TopicOptions } from "./topic.ts";
import { Topics } from "./topics.ts";

/** What a router works with. */
export interface RouterOptions extends DeadLettersOptions {
  readonly clock: Clock;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Makes message ids unique among brokers and restarts. */
  readonly instance: string;
  /** Makes names that nobody can guess. */
  readonly randomId: () => string;
  /** For the topics of all virtual hosts. */
  readonly topicMemory: TopicMemory;
  /** Time between two looks for expired messages, in milliseconds. */
  readonly sweepMs: number;
}

/** A SEND whose destination is understood. */
export interface Outgoing {
  readonly frame: Frame;
  readonly destination: Destination;
  /** Replaces the frame's `reply-to`. */
  readonly replyTo?: string | undefined;
}

/** Changes that belong together. */
export interface Changes {
  readonly sends?: readonly Outgoing[];
  /** Acknowledged messages. */
  readonly settled?: readonly Entry[];
}

/** Owns queues and topics. */
export class Router {
  readonly #options: RouterOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #topics: Topics;
  readonly #replyQueues = new Set<string>();
  readonly #deadLetters: DeadLetters;
  readonly #sweeper: Sweeper;
  readonly #expiry: Omit<TopicOptions, "memory">;
  #paused = false;

  constructor(options: RouterOptions) {
    const { clock, now, sweepMs: intervalMs, topicMemory } = options;
    this.#options = options;
    this.#deadLetters = new DeadLetters(options);
    this.#expiry = {
      isExpired: ({ expires }) => expires !== undefined && expires <= now(),
      onExpired: (entry) => this.#expire(entry),
    };
    this.#topics = new Topics({ ...this.#expiry, memory: topicMemory });
    const sweep = () => this.#sweep();
    this.#sweeper = new Sweeper({ clock, intervalMs, sweep });
  }

  /** Name of the virtual host. */
  get host(): string {
    return this.#options.host;
  }

  /** Queues that have messages or consumers. */
  get queues(): number {
    return this.#queues.size;
  }

  /** Topics, and patterns of topics, that have subscribers. */
  get topics(): number {
    return this.#topics.size;
  }

  /** Puts a message that the store kept back into its queue; the oldest first, before all else. */
  restore(path: string, kept: RecoveredMessage): void {
    this.#enqueue({ kind: "queue", path }, kept);
  }

  /**
   * Takes messages in and forgets acknowledged ones: all of it or nothing.
   * Settles when it is as safe as the store can make it.
   *
   * @throws {SsmError} `STOMP_PROTOCOL` for a malformed header, `LIMIT` when the
   *   store is full, and what else the store throws.
   */
  async commit({ sends = [], settled = [] }: Changes): Promise<void> {
    const { nextSequence, instance, host, store, counters } = this.#options;
    const intake = sends.map(({ frame, destination, replyTo }) => {
      const sequence = nextSequence();
      const message = messageFromSend(frame, {
        id: `${instance}-${sequence}`,
        destination: destination.path,
        replyTo,
      });
      return { sequence, message, destination };
    });
    const changes: StoreChange[] = [];
    for (const { sequence, message, destination } of intake) {
      if (destination.kind === "topic") continue;
      const queue = host + destination.path;
      const durable = destination.kind === "queue" && message.persistent;
      changes.push({
        kind: "append",
        stored: { sequence, queue, durable, message },
      });
    }
    for (const { stored, sequence } of settled) {
      if (stored) changes.push({ kind: "remove", sequence });
    }
    if (changes.length > 0) await store.apply(changes);
    for (const entry of settled) entry.release?.();
    for (const { sequence, message, destination } of intake) {
      counters.messagesIn++;
      if (destination.kind === "topic") {
        this.#topics.publish(destination, message, sequence);
        if (message.expires !== undefined) this.#sweeper.arm();
      } else {
        this.#enqueue(destination, { ...message, sequence, deliveries: 0 });
      }
    }
  }

  /** Feeds a consumer from a destination, from now on. */
  subscribe(destination: Destination, consumer: TopicConsumer): Feed {
    return destination.kind === "topic"
      ? this.#topics.subscribe(destination, consumer)
      : this.#subscribeQueue(destination, consumer);
  }

  /** Makes a queue for replies; its name is its only protection. */
  openReplyQueue(): Destination {
    const path = `/reply-queue/${this.#options.randomId()}`;
    this.#replyQueues.add(path);
    return { kind: "reply-queue", path };
  }

  /** Removes such a queue and what waits in it. */
  closeReplyQueue({ path }: Destination): void {
    this.#replyQueues.delete(path);
    const waiting = this.#queues.get(path)?.empty() ?? [];
    this.#queues.delete(path);
    if (waiting.length === 0) return;
    this.#options.logger.debug(
      `Dropped ${waiting.length} replies in ${path}: nobody waits`,
    );
    this.#discard(waiting);
  }

  /** Hands out no more messages of queues, for good. */
  pause(): void {
    this.#paused = true;
    this.#sweeper.stop();
    for (const queue of this.#queues.values()) queue.pause();
  }

  #subscribeQueue(destination: Destination, consumer: TopicConsumer): Feed {
    const { path } = destination;
    // The queue is looked up each time: an empty one without consumers is
    // forgotten, and a later one of the same name is another object.
    this.#queue(path).attach(consumer);
    return {
      resume: () => this.#queues.get(path)?.resume(consumer),
      giveBack: (entries) => this.#giveBack(destination, entries),
      cancel: (entries) => {
        this.#queues.get(path)?.detach(consumer);
        this.#giveBack(destination, entries);
        this.#prune(path);
      },
    };
  }

  #queue(path: string): Queue {
    let queue = this.#queues.get(path);
    if (queue === undefined) {
      queue = new Queue(path, {
        ...this.#expiry,
        onDelivered: ({ sequence, deliveries }) =>
          this.#options.store.delivered(sequence, deliveries),
      });
      if (this.#paused) queue.pause();
      this.#queues.set(path, queue);
    }
    return queue;
  }

  #isGone({ kind, path }: Destination): boolean {
    return kind === "reply-queue" && !this.#replyQueues.has(path);
  }

  #enqueue(destination: Destination, known: Known): void {
    const entry = new StoredEntry(this.#options.store, known);
    if (this.#isGone(destination)) {
      // Whoever asked has left. The one who answers did nothing wrong.
      this.#options.logger.debug(
        `Dropped a reply to ${destination.path}: nobody waits`,
      );
      this.#discard([entry]);
      return;
    }
    this.#queue(destination.path).push(entry);
    if (entry.expires === undefined) return;
    this.#sweeper.arm();
    this.#prune(destination.path);
  }

  #giveBack(destination: Destination, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    if (this.#isGone(destination)) {
      this.#discard(entries);
      return;
    }
    this.#options.counters.messagesReturned += entries.length;
    const { living = [], dead = [] } = Object.groupBy(
      entries,
      (entry) =>
        this.#deadLetters.claims(destination, entry) ? "dead" : "living",
    );
    for (const entry of dead) this.#bury(destination, entry);
    this.#requeue(destination, living);
  }

  #requeue({ path }: Destination, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#queue(path).giveBack(entries);
    if (entries.some(({ expires }) => expires !== undefined)) {
      this.#sweeper.arm();
    }
  }

  async #bury(from: Destination, entry: Entry): Promise<void> {
    const grave = await this.#deadLetters.bury(from, entry);
    if (grave === undefined) return this.#requeue(from, [entry]);
    this.#enqueue(grave.destination, grave.known);
    this.#prune(from.path);
  }

  /** Forgets a message whose time is over. */
  #expire(entry: Entry): void {
    this.#options.counters.messagesExpired++;
    entry.release?.();
    if (entry.stored) this.#discard([entry]);
  }

  #sweep(): boolean {
    let again = this.#topics.sweep();
    for (const [path, queue] of this.#queues) {
      if (queue.sweep()) again = true;
      this.#prune(path);
    }
    return again;
  }

  /** Forgets messages; nobody waits for it. */
  #discard(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const { store, logger } = this.#options;
    store.apply(
      entries.map(({ sequence }) => ({ kind: "remove", sequence })),
    ).catch((error) =>
      logger.error(`Cannot update the message store: ${reason(error)}`)
    );
  }

  #prune(path: string): void {
    const queue = this.#queues.get(path);
    if (queue?.length === 0 && queue.consumers === 0) {
      this.#queues.delete(path);
    }
  }
}
