/**
 * A queue: each of its messages goes to one of its consumers.
 *
 * @module
 */
import { Backlog, type Entry } from "./backlog.ts";

/** Takes messages from a queue. */
export interface Consumer {
  /** It has room for one more message, right now. */
  readonly ready: boolean;
  /** While it is there, nobody else gets anything; of several, the first. */
  readonly exclusive?: boolean | undefined;
  /** It takes what there is, but a queue need not stay for it alone. */
  readonly passing?: boolean | undefined;
  /** Takes a message. Must not throw; what it cannot send it gives back later. */
  deliver(entry: Entry): void;
}

/** What a consumer is fed from. */
export interface Feed {
  /** The consumer may have room again. */
  resume(): void;
  /** Messages that were delivered but not acknowledged. */
  giveBack(entries: readonly Entry[]): void;
  /** Messages that were delivered and are not to be delivered again. */
  reject(entries: readonly Entry[]): void;
  /** Ends the feed; `entries` are given back. */
  cancel(entries: readonly Entry[]): void;
}

/** The same feed, whose owner learns of its end before it ends. */
export function endingFeed(feed: Feed, onEnd: () => void): Feed {
  return {
    resume: () => feed.resume(),
    giveBack: (entries) => feed.giveBack(entries),
    reject: (entries) => feed.reject(entries),
    cancel: (entries) => {
      onEnd();
      feed.cancel(entries);
    },
  };
}

/** What a queue tells its owner, and asks. */
export interface QueueOptions {
  /** Tells whether a message's time is over. @default none's ever is */
  readonly isExpired?: (entry: Entry) => boolean;
  /** Called for each message that is taken out because its time is over. */
  readonly onExpired?: (entry: Entry) => void;
  /** Called after a message was given to a consumer. */
  readonly onDelivered?: (entry: Entry) => void;
}

/** Hands the waiting messages to the consumers that are ready, in turn. */
export class Queue {
  /** Full name. */
  readonly name: string;
  readonly #options: QueueOptions;
  readonly #backlog = new Backlog();
  readonly #consumers = new Set<Consumer>();
  readonly #exclusive = new Set<Consumer>();
  /** Consumers thought to be ready; whose turn it is comes first. */
  readonly #turns = new Set<Consumer>();
  #staying = 0;
  #paused = false;

  constructor(name: string, options: QueueOptions = {}) {
    this.name = name;
    this.#options = options;
  }

  /** How many messages wait to be delivered; those in the hands of consumers do not count. */
  get length(): number {
    return this.#backlog.length;
  }

  /** How many consumers there are, those that are just passing not counted. */
  get consumers(): number {
    return this.#staying;
  }

  /** It hands out no more messages. */
  get paused(): boolean {
    return this.#paused;
  }

  /** The oldest message that waits behind that number; it stays. */
  after(sequence: number): Entry | undefined {
    return this.#backlog.after(sequence);
  }

  /** Adds a message at the end. */
  push(entry: Entry): void {
    this.#backlog.push(entry);
    this.dispatch();
  }

  /** Puts unacknowledged messages back to where they were. */
  giveBack(entries: readonly Entry[]): void {
    this.#backlog.giveBack(entries);
    this.dispatch();
  }

  /** Adds a consumer. */
  attach(consumer: Consumer): void {
    this.#consumers.add(consumer);
    if (consumer.exclusive) this.#exclusive.add(consumer);
    if (!consumer.passing) this.#staying++;
    this.resume(consumer);
  }

  /**
   * Removes a consumer; what it holds is its own to give back, and to be followed
   * by {@linkcode dispatch}: if it was exclusive, others get their turn.
   */
  detach(consumer: Consumer): void {
    if (!this.#consumers.delete(consumer)) return;
    this.#exclusive.delete(consumer);
    this.#turns.delete(consumer);
    if (!consumer.passing) this.#staying--;
  }

  /** Tells that a consumer may have room again. */
  resume(consumer: Consumer): void {
    if (!this.#consumers.has(consumer)) return;
    this.#turns.add(consumer);
    this.dispatch();
  }

  /** Stops handing out messages, for good. */
  pause(): void {
    this.#paused = true;
  }

  /** Takes all waiting messages out: the queue goes away. */
  empty(): Entry[] {
    return this.#backlog.takeAll(() => true);
  }

  /** Takes out the messages whose time is over, wherever they stand; tells whether others wait that can expire. */
  sweep(): boolean {
    const { isExpired = () => false, onExpired } = this.#options;
    for (const entry of this.#backlog.takeAll(isExpired)) onExpired?.(entry);
    return this.#backlog.expiring;
  }

  /** Hands out what there is to those who are ready. */
  dispatch(): void {
    const { isExpired, onExpired, onDelivered } = this.#options;
    while (!this.#paused) {
      const entry = this.#backlog.peek();
      if (entry === undefined) return;
      if (isExpired?.(entry)) {
        this.#backlog.take();
        onExpired?.(entry);
        continue;
      }
      const consumer = this.#next();
      if (consumer === undefined) return;
      this.#backlog.take();
      consumer.deliver(entry);
      onDelivered?.(entry);
    }
  }

  /** The next consumer that is ready; it goes to the end of the line. */
  #next(): Consumer | undefined {
    const [sole] = this.#exclusive;
    if (sole !== undefined) return sole.ready ? sole : undefined;
    for (const consumer of this.#turns) {
      this.#turns.delete(consumer);
      if (!consumer.ready) continue;
      this.#turns.add(consumer);
      return consumer;
    }
    return undefined;
  }
}
