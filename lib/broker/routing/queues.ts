/**
 * All queues of a virtual host, and who consumes from them.
 *
 * A queue is there as long as it has messages or consumers. A consumer may also
 * name a pattern of queues, as with ActiveMQ: it takes part in every queue that
 * matches, those that come later included. The queue of dead letters matches no
 * pattern: a consumer that refused its messages would get them again and again.
 *
 * @module
 */
import {
  type Destination,
  isPattern,
  levelsOf,
  matches,
} from "../message/destination.ts";
import { quote } from "../message/refusal.ts";
import type { Entry } from "../queues/backlog.ts";
import { Browser, type Viewer } from "../queues/browser.ts";
import {
  DeadLetters,
  type DeadLettersOptions,
} from "../queues/dead_letters.ts";
import {
  type Consumer,
  endingFeed,
  type Feed,
  Queue,
} from "../queues/queue.ts";
import { type EntryMetadata, StoredEntry } from "../queues/stored_entry.ts";
import { JoinedFeed, type Place } from "./joined_feed.ts";
import type { TopicConsumer } from "./topic.ts";

/** How a queue is. */
export interface QueueStats {
  /** Its path, such as `/queue/accounting`. */
  readonly name: string;
  /** Messages that wait to be delivered. */
  readonly depth: number;
  /** Those that subscribed to it by this name, not by a pattern. */
  readonly consumers: number;
}

/** What queues work with. */
export interface QueuesOptions extends DeadLettersOptions {
  readonly isExpired: (entry: Entry) => boolean;
  /** Called for each message that is taken out because its time is over. */
  readonly onExpired: (entry: Entry) => void;
  /** Called when a message that can expire waits. */
  readonly onExpiring: () => void;
  /** Tells whether the client that a destination was for has left. */
  readonly isGone: (destination: Destination) => boolean;
  /** Forgets messages for good; nobody waits for it. */
  readonly discard: (entries: readonly Entry[]) => void;
}

/** A consumer of all queues that match. */
interface Pattern {
  readonly levels: readonly string[];
  readonly feed: JoinedFeed;
  /** Those that do match, by path. */
  readonly places: Map<string, Place>;
}

/** Finds queues, makes them, and forgets those that are no longer needed. */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #deadLetters: DeadLetters;
  readonly #all = new Map<string, Queue>();
  readonly #patterns = new Set<Pattern>();
  #paused = false;

  constructor(options: QueuesOptions) {
    this.#options = options;
    this.#deadLetters = new DeadLetters(options);
  }

  /** How many have messages or consumers. */
  get size(): number {
    return this.#all.size;
  }

  /** Each of them as it is now. */
  *list(): Generator<QueueStats> {
    for (const [name, queue] of this.#all) {
      const { length: depth, consumers } = queue;
      yield { name, depth, consumers };
    }
  }

  /** How many messages wait in a queue. */
  waiting(path: string): number {
    return this.#all.get(path)?.length ?? 0;
  }

  /** Adds a message that the store has; if it is for a client that left, it is dropped. */
  enqueue(destination: Destination, metadata: EntryMetadata): void {
    const { store, isGone, discard, onExpiring, logger } = this.#options;
    const { path } = destination;
    const entry = new StoredEntry(store, metadata);
    if (isGone(destination)) {
      // The client that asked has left. The one that answers did nothing wrong.
      logger.debug(`Dropped a message to ${quote(path)}: nobody waits`);
      discard([entry]);
      return;
    }
    this.#queue(destination).push(entry);
    if (entry.expires !== undefined) onExpiring();
    this.#prune(path);
  }

  /** Feeds a consumer from a queue, or from all that match a pattern, from now on. */
  subscribe(destination: Destination, consumer: TopicConsumer): Feed {
    return isPattern(destination)
      ? this.#subscribePattern(destination, consumer)
      : this.#subscribe(destination, consumer);
  }

  /** Shows what waits in a queue, up to the message of that number. */
  browse({ path }: Destination, viewer: Viewer, last: number): Feed {
    const { isExpired } = this.#options;
    const queue = () => this.#all.get(path);
    const browser = new Browser(viewer, { queue, last, isExpired });
    browser.resume();
    return browser;
  }

  /** Removes a queue; what waited in it is returned. */
  remove(path: string): Entry[] {
    const entries = this.#all.get(path)?.empty() ?? [];
    this.#all.delete(path);
    return entries;
  }

  /** Hands out no more messages, for good. */
  pause(): void {
    this.#paused = true;
    for (const queue of this.#all.values()) queue.pause();
  }

  /** Takes out what has expired; tells whether more may. */
  sweep(): boolean {
    let again = false;
    for (const [path, queue] of this.#all) {
      if (queue.sweep()) again = true;
      this.#prune(path);
    }
    return again;
  }

  #subscribe(destination: Destination, consumer: Consumer): Feed {
    const { path } = destination;
    // The queue is looked up each time: an empty one without consumers is
    // forgotten, and a later one of the same name is another object.
    this.#queue(destination).attach(consumer);
    return {
      resume: () => {
        this.#all.get(path)?.resume(consumer);
        this.#prune(path);
      },
      giveBack: (entries) => this.#giveBack(destination, entries),
      reject: (entries) => this.#reject(destination, entries),
      cancel: (entries) => {
        this.#all.get(path)?.detach(consumer);
        this.#giveBack(destination, entries);
        this.#all.get(path)?.dispatch();
        this.#prune(path);
      },
    };
  }

  #subscribePattern(destination: Destination, consumer: TopicConsumer): Feed {
    const pattern: Pattern = {
      levels: levelsOf(destination),
      feed: new JoinedFeed(consumer),
      places: new Map(),
    };
    this.#patterns.add(pattern);
    for (const path of this.#all.keys()) {
      this.#join(pattern, path);
      this.#prune(path);
    }
    return endingFeed(pattern.feed, () => this.#patterns.delete(pattern));
  }

  /** Lets a consumer of a pattern take part in a queue, if it matches. */
  #join({ levels, feed, places }: Pattern, path: string): void {
    if (path === this.#options.deadLetters?.path) return;
    if (!path.startsWith("/queue/")) return;
    const queue: Destination = { kind: "queue", path };
    if (!matches(levels, levelsOf(queue))) return;
    const connect = (consumer: Consumer) => this.#subscribe(queue, consumer);
    places.set(path, feed.add(connect, { passing: true }));
  }

  #queue({ path }: Destination): Queue {
    let queue = this.#all.get(path);
    if (queue === undefined) {
      const { isExpired, onExpired, store } = this.#options;
      queue = new Queue(path, {
        isExpired,
        onExpired,
        onDelivered: ({ sequence, deliveries }) =>
          store.delivered(sequence, deliveries),
      });
      if (this.#paused) queue.pause();
      this.#all.set(path, queue);
      for (const pattern of this.#patterns) this.#join(pattern, path);
    }
    return queue;
  }

  #giveBack(destination: Destination, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#options.counters.messagesReturned += entries.length;
    const { living = [], dead = [] } = Object.groupBy(
      entries,
      (entry) =>
        this.#deadLetters.claims(destination, entry) ? "dead" : "living",
    );
    for (const entry of dead) this.#moveToDeadLetters(destination, entry);
    this.#requeue(destination, living);
  }

  /** The client wants no more of them: they are dead, or where nothing is kept of the dead, gone. */
  #reject(destination: Destination, entries: readonly Entry[]): void {
    const { counters, logger, discard } = this.#options;
    counters.messagesReturned += entries.length;
    const why = "a client refused it for good";
    for (const entry of entries) {
      if (this.#deadLetters.keeps(destination)) {
        this.#moveToDeadLetters(destination, entry, why);
        continue;
      }
      const { message } = entry;
      logger.warning(
        `Dropped message ${message.id} of ${quote(message.destination)}: ` +
          `${why}, and dead letters of it are not kept`,
      );
      discard([entry]);
    }
  }

  #requeue(destination: Destination, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const { isGone, discard } = this.#options;
    if (isGone(destination)) return discard(entries);
    this.#queue(destination).giveBack(entries);
    if (entries.some(({ expires }) => expires !== undefined)) {
      this.#options.onExpiring();
    }
    this.#prune(destination.path);
  }

  async #moveToDeadLetters(
    from: Destination,
    entry: Entry,
    why?: string,
  ): Promise<void> {
    const moved = await this.#deadLetters.move(from, entry, why);
    if (moved === undefined) return this.#requeue(from, [entry]);
    this.enqueue(moved.destination, moved.metadata);
    this.#prune(from.path);
  }

  #prune(path: string): void {
    const queue = this.#all.get(path);
    if (queue === undefined || queue.length > 0 || queue.consumers > 0) return;
    this.#all.delete(path);
    for (const { feed, places } of this.#patterns) {
      const place = places.get(path);
      if (place !== undefined) feed.drop(place);
      places.delete(path);
    }
  }
}
