/**
 * The one owner of the queues and topics of a virtual host: what comes in is
 * stored, then handed on; what is acknowledged is forgotten.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Clock, Frame } from "../../stomp/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import type { TopicMemory } from "../limits/topic_memory.ts";
import type { Destination, Destinations } from "../message/destination.ts";
import { type Message, messageFromSend } from "../message/message.ts";
import type { Entry } from "../queues/backlog.ts";
import type { Viewer } from "../queues/browser.ts";
import type { DeadLettersOptions } from "../queues/dead_letters.ts";
import type { Feed } from "../queues/queue.ts";
import type { RecoveredMessage, StoreChange } from "../store/store.ts";
import { isDurableQueue } from "./durable_name.ts";
import { DurableSubscriptions } from "./durable_subscriptions.ts";
import { type Connect, joinFeeds } from "./joined_feed.ts";
import { Queues, type QueueStats } from "./queues.ts";
import { Sweeper } from "./sweeper.ts";
import type { Origin, TopicConsumer } from "./topic.ts";
import { Topics } from "./topics.ts";

/** What a router works with. */
export interface RouterOptions extends DeadLettersOptions {
  readonly clock: Clock;
  /** Makes message ids unique among brokers and restarts. */
  readonly instance: string;
  /** Makes names that nobody can guess. */
  readonly randomId: () => string;
  /** For the topics of all virtual hosts. */
  readonly topicMemory: TopicMemory;
  readonly limits: Pick<BrokerLimits, "maxDurableSubscriptions" | "sweepMs">;
}

/** A SEND, and one place that its message goes to. */
export interface RoutedSend {
  readonly frame: Frame;
  readonly destination: Destination;
  /** Replaces the frame's `reply-to`. */
  readonly replyTo?: string | undefined;
  /** Who sends it; subscriptions may want nothing of their own connection. */
  readonly origin?: Origin | undefined;
}

/** A message on its way in. */
interface Intake {
  readonly send: RoutedSend;
  readonly message: Message;
  readonly sequence: number;
  /** The queues that keep it, and the number of each copy. */
  readonly copies: readonly { queue: Destination; sequence: number }[];
}

/** Changes that belong together. */
export interface Changes {
  readonly sends?: readonly RoutedSend[];
  /** Acknowledged messages. */
  readonly settled?: readonly Entry[];
  /** Called when all of it is safe, before anybody hears of it. */
  readonly onSafe?: (() => void) | undefined;
}

/** Owns queues and topics. */
export class Router {
  readonly #options: RouterOptions;
  readonly #queues: Queues;
  readonly #topics: Topics;
  readonly #replyQueues = new Set<string>();
  readonly #sweeper: Sweeper;
  /** Subscriptions that outlive their connections. */
  readonly durables: DurableSubscriptions;

  constructor(options: RouterOptions) {
    const { clock, limits, topicMemory } = options;
    this.#options = options;
    const expiry = {
      isExpired: ({ expires }: Entry) =>
        expires !== undefined && expires <= clock.date().getTime(),
      onExpired: (entry: Entry) => this.#expire(entry),
    };
    this.#queues = new Queues({
      ...options,
      ...expiry,
      onExpiring: () => this.#sweeper.arm(),
      isGone: (destination) => this.#isGone(destination),
      discard: (entries) => this.#discard(entries),
    });
    this.#topics = new Topics({ ...expiry, memory: topicMemory });
    this.durables = new DurableSubscriptions({
      ...options,
      queues: this.#queues,
    });
    const sweep = () => this.#sweep();
    this.#sweeper = new Sweeper({ clock, limits, sweep });
  }

  /** Name of the virtual host. */
  get host(): string {
    return this.#options.host;
  }

  /** Queues that have messages or consumers; a durable subscription is one, too. */
  get queues(): number {
    return this.#queues.size;
  }

  /** Each queue that clients know by its name, as it is now. */
  *queueList(): Generator<QueueStats> {
    for (const queue of this.#queues.list()) {
      if (queue.name.startsWith("/queue/")) yield queue;
    }
  }

  /** Topics, and patterns of topics, that have subscribers. */
  get topics(): number {
    return this.#topics.size;
  }

  /** Puts a message that the store kept back into its queue; the oldest first, before all else. */
  restore(path: string, kept: RecoveredMessage): void {
    if (this.durables.restore(path, kept.sequence)) return;
    const kind = isDurableQueue(path) ? "subscriber" : "queue";
    this.#queues.enqueue({ kind, path }, kept);
  }

  /**
   * Takes messages in and forgets acknowledged ones: all of it or nothing.
   * Settles when it is as safe as the store can make it.
   *
   * @throws {SsmError} `STOMP_PROTOCOL` for a malformed header, `LIMIT` when the
   *   store is full, and what else the store throws.
   */
  async commit(
    { sends = [], settled = [], onSafe }: Changes,
  ): Promise<void> {
    const { store, counters } = this.#options;
    const intake = sends.map((send) => this.#take(send));
    const changes = intake.flatMap((taken) => this.#appends(taken));
    for (const { stored, sequence } of settled) {
      if (stored) changes.push({ kind: "remove", sequence });
    }
    if (changes.length > 0) await store.apply(changes);
    onSafe?.();
    for (const entry of settled) entry.release?.();
    for (const taken of intake) {
      counters.messagesIn++;
      this.#handOn(taken);
    }
  }

  /** Feeds a consumer from destinations, from now on. */
  subscribe(
    destinations: Destinations,
    consumer: TopicConsumer,
  ): Feed {
    const connects = destinations.map((destination): Connect => (consumer) =>
      destination.kind === "topic"
        ? this.#topics.subscribe(destination, consumer)
        : this.#queues.subscribe(destination, consumer)
    );
    return joinFeeds(connects, consumer);
  }

  /** Shows a viewer what waits in a queue now, and takes nothing out. */
  browse(queue: Destination, viewer: Viewer): Feed {
    // What is sent later has a greater number than this one, which nobody has.
    const last = this.#options.nextSequence();
    return this.#queues.browse(queue, viewer, last);
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
    const waiting = this.#queues.remove(path);
    if (waiting.length === 0) return;
    this.#options.logger.debug(
      `Dropped ${waiting.length} replies in ${path}: nobody waits`,
    );
    this.#discard(waiting);
  }

  /** Hands out no more messages of queues, for good. */
  pause(): void {
    this.#sweeper.stop();
    this.#queues.pause();
  }

  #take(send: RoutedSend): Intake {
    const { nextSequence, instance, clock } = this.#options;
    const { frame, destination, replyTo, origin } = send;
    const sequence = nextSequence();
    const message = messageFromSend(frame, {
      id: `${instance}-${sequence}`,
      destination: destination.path,
      replyTo,
      now: clock.date().getTime(),
    });
    const copies = destination.kind === "topic"
      ? this.durables.queuesOf(destination, origin)
        .map((queue) => ({ queue, sequence: nextSequence() }))
      : [{ queue: destination, sequence }];
    return { send, message, sequence, copies };
  }

  #appends({ message, copies }: Intake): StoreChange[] {
    return copies.map(({ queue: { kind, path }, sequence }) => {
      const durable = kind !== "reply-queue" && message.persistent;
      const queue = this.host + path;
      return { kind: "append", stored: { sequence, queue, durable, message } };
    });
  }

  /** Hands a message to those it is for. */
  #handOn({ send, message, sequence, copies }: Intake): void {
    const { destination, origin } = send;
    if (destination.kind === "topic") {
      this.#topics.publish(destination, message, sequence, origin);
      if (message.expires !== undefined) this.#sweeper.arm();
    }
    for (const { queue, sequence } of copies) {
      this.#queues.enqueue(queue, { ...message, sequence, deliveries: 0 });
    }
  }

  #isGone(destination: Destination): boolean {
    const { kind, path } = destination;
    return (kind === "reply-queue" && !this.#replyQueues.has(path)) ||
      (kind === "subscriber" && !this.durables.has(destination));
  }

  /** Forgets a message whose time is over. */
  #expire(entry: Entry): void {
    this.#options.counters.messagesExpired++;
    entry.release?.();
    if (entry.stored) this.#discard([entry]);
  }

  #sweep(): boolean {
    return [this.#topics.sweep(), this.#queues.sweep()].includes(true);
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
}
