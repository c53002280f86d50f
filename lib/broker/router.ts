/**
 * The one owner of all queues and topics: what comes in is stored, then handed
 * on; what is acknowledged is forgotten.
 *
 * @module
 */
import { reason } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Frame } from "../stomp/mod.ts";
import type { Entry } from "./backlog.ts";
import type { Destination } from "./destination.ts";
import { type Message, messageFromSend } from "./message.ts";
import { Queue } from "./queue.ts";
import type { Store, StoreChange } from "./store.ts";
import { Topic, type TopicConsumer } from "./topic.ts";

/** What a router works with. */
export interface RouterOptions {
  readonly store: Store;
  readonly logger: Logger;
  /** Makes message ids unique among brokers and restarts. */
  readonly instance: string;
  /** Makes names that nobody can guess. */
  readonly randomId: () => string;
  /** Bytes that may wait for one subscriber of a topic. */
  readonly maxTopicBytes: number;
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

/** What a consumer is fed from. */
export interface Feed {
  /** The consumer may have room again. */
  resume(): void;
  /** Messages that were delivered but not acknowledged. */
  giveBack(entries: readonly Entry[]): void;
  /** Ends the feed; `entries` are given back. */
  cancel(entries: readonly Entry[]): void;
}

/** An entry whose content lives in the store. */
class StoredEntry implements Entry {
  readonly sequence: number;
  readonly size: number;
  readonly stored = true;
  deliveries: number;
  readonly #store: Store;

  constructor(
    store: Store,
    known: { sequence: number; size: number; deliveries: number },
  ) {
    this.#store = store;
    this.sequence = known.sequence;
    this.size = known.size;
    this.deliveries = known.deliveries;
  }

  get message(): Message {
    return this.#store.read(this.sequence);
  }
}

/** Owns queues and topics. */
export class Router {
  readonly #options: RouterOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #topics = new Map<string, Topic>();
  readonly #replyQueues = new Set<string>();
  #lastSequence = 0;
  #messagesIn = 0;
  #paused = false;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Messages taken in so far. */
  get messagesIn(): number {
    return this.#messagesIn;
  }

  /** Queues that have messages or consumers. */
  get queues(): number {
    return this.#queues.size;
  }

  /** Topics that have subscribers. */
  get topics(): number {
    return this.#topics.size;
  }

  /** Puts what the store kept back into its queues. Called once, before all else. */
  async recover(): Promise<void> {
    for await (const kept of this.#options.store.recover()) {
      this.#lastSequence = kept.sequence;
      this.#queue(kept.queue).push(
        new StoredEntry(this.#options.store, kept),
      );
    }
  }

  /**
   * Takes messages in and forgets acknowledged ones: all of it or nothing.
   * Settles when it is as safe as the store can make it.
   *
   * @throws {SsmError} `LIMIT` when the store is full.
   */
  async commit({ sends = [], settled = [] }: Changes): Promise<void> {
    const intake = sends.map((send) => {
      const sequence = ++this.#lastSequence;
      const message = messageFromSend(send.frame, {
        id: `${this.#options.instance}-${sequence}`,
        destination: send.destination.path,
        replyTo: send.replyTo,
      });
      return { sequence, message, destination: send.destination };
    });
    const changes: StoreChange[] = [];
    for (const { sequence, message, destination } of intake) {
      if (destination.kind === "topic") continue;
      const queue = destination.path;
      const durable = destination.kind === "queue" && message.persistent;
      changes.push({
        kind: "append",
        stored: { sequence, queue, durable, message },
      });
    }
    for (const { stored, sequence } of settled) {
      if (stored) changes.push({ kind: "remove", sequence });
    }
    if (changes.length > 0) await this.#options.store.apply(changes);
    for (const { sequence, message, destination } of intake) {
      this.#messagesIn++;
      if (destination.kind === "topic") {
        this.#topics.get(destination.path)?.publish(message, sequence);
      } else {
        const known = { sequence, size: message.size, deliveries: 0 };
        this.#enqueue(
          destination,
          new StoredEntry(this.#options.store, known),
        );
      }
    }
  }

  /** Feeds a consumer from a destination, from now on. */
  subscribe(destination: Destination, consumer: TopicConsumer): Feed {
    return destination.kind === "topic"
      ? this.#subscribeTopic(destination.path, consumer)
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
    this.#discard(this.#queues.get(path)?.empty() ?? []);
    this.#queues.delete(path);
  }

  /** Hands out no more messages of queues, for good. */
  pause(): void {
    this.#paused = true;
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

  #subscribeTopic(path: string, consumer: TopicConsumer): Feed {
    let topic = this.#topics.get(path);
    if (topic === undefined) {
      topic = new Topic(path, this.#options.maxTopicBytes);
      this.#topics.set(path, topic);
    }
    const owner = topic;
    const feed = owner.attach(consumer);
    return {
      resume: () => feed.resume(consumer),
      giveBack: (entries) => feed.giveBack(entries),
      cancel: () => {
        owner.detach(consumer);
        if (owner.consumers === 0) this.#topics.delete(path);
      },
    };
  }

  #queue(path: string): Queue {
    let queue = this.#queues.get(path);
    if (queue === undefined) {
      queue = new Queue(path);
      if (this.#paused) queue.pause();
      this.#queues.set(path, queue);
    }
    return queue;
  }

  #isGone({ kind, path }: Destination): boolean {
    return kind === "reply-queue" && !this.#replyQueues.has(path);
  }

  #enqueue(destination: Destination, entry: Entry): void {
    if (!this.#isGone(destination)) {
      this.#queue(destination.path).push(entry);
      return;
    }
    // Whoever asked has left. The one who answers did nothing wrong.
    this.#options.logger.debug(
      `Dropped a reply to ${destination.path}: nobody waits`,
    );
    this.#discard([entry]);
  }

  #giveBack(destination: Destination, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    if (this.#isGone(destination)) {
      this.#discard(entries);
      return;
    }
    this.#applyLater(
      entries.map(({ sequence, deliveries }) => ({
        kind: "returned",
        sequence,
        deliveries,
      })),
    );
    this.#queue(destination.path).giveBack(entries);
  }

  #discard(entries: readonly Entry[]): void {
    this.#applyLater(
      entries.map(({ sequence }) => ({ kind: "remove", sequence })),
    );
  }

  /** For changes that nobody waits for. */
  #applyLater(changes: readonly StoreChange[]): void {
    if (changes.length === 0) return;
    this.#options.store.apply(changes).catch((error) =>
      this.#options.logger.error(
        `Cannot update the message store: ${reason(error)}`,
      )
    );
  }

  #prune(path: string): void {
    const queue = this.#queues.get(path);
    if (queue?.length === 0 && queue.consumers === 0) {
      this.#queues.delete(path);
    }
  }
}
