/**
 * One consumer that is fed from several places.
 *
 * @module
 */
import type { Entry } from "../queues/backlog.ts";
import type { Feed } from "../queues/queue.ts";
import type { TopicConsumer } from "./topic.ts";

/** Begins to feed a consumer from one place. */
export type Connect = (consumer: TopicConsumer) => Feed;

/** One of the places. */
export interface Place {
  /** Absent until it is connected. */
  feed?: Feed;
}

/** Feeds a consumer from all these places. */
export function joinFeeds(
  connects: readonly Connect[],
  consumer: TopicConsumer,
): Feed {
  const [first] = connects;
  if (first !== undefined && connects.length === 1) return first(consumer);
  const joined = new JoinedFeed(consumer);
  for (const connect of connects) joined.add(connect);
  return joined;
}

/**
 * Joins feeds to one. The places take turns, and each message that comes back
 * goes to where it came from, even if that place has been dropped.
 */
export class JoinedFeed implements Feed {
  readonly #consumer: TopicConsumer;
  /** Whose turn it is comes first. */
  readonly #places = new Set<Place>();
  readonly #origins = new WeakMap<Entry, Place>();

  constructor(consumer: TopicConsumer) {
    this.#consumer = consumer;
  }

  /** Feeds the consumer from one more place. */
  add(connect: Connect, how: Pick<TopicConsumer, "passing"> = {}): Place {
    const place: Place = {};
    this.#places.add(place);
    const consumer = this.#consumer;
    place.feed = connect({
      ...how,
      exclusive: consumer.exclusive,
      get ready() {
        return consumer.ready;
      },
      deliver: (entry) => {
        this.#origins.set(entry, place);
        consumer.deliver(entry);
      },
      client: consumer.client,
      ignores: (origin) => consumer.ignores(origin),
    });
    return place;
  }

  /** Takes nothing more from a place. */
  drop(place: Place): void {
    this.#places.delete(place);
  }

  resume(): void {
    for (let n = this.#places.size; n > 0 && this.#consumer.ready; n--) {
      const [place] = this.#places;
      if (place === undefined) return;
      this.#places.delete(place);
      this.#places.add(place);
      place.feed?.resume();
    }
  }

  giveBack(entries: readonly Entry[]): void {
    for (const [place, group] of this.#byPlace(entries)) {
      place?.feed?.giveBack(group);
    }
  }

  reject(entries: readonly Entry[]): void {
    for (const [place, group] of this.#byPlace(entries)) {
      place?.feed?.reject(group);
    }
  }

  cancel(entries: readonly Entry[]): void {
    const groups = this.#byPlace(entries);
    for (const place of this.#places) {
      place.feed?.cancel(groups.get(place) ?? []);
      groups.delete(place);
    }
    this.#places.clear();
    for (const [place, group] of groups) place?.feed?.cancel(group);
  }

  #byPlace(entries: readonly Entry[]): Map<Place | undefined, Entry[]> {
    return Map.groupBy(entries, (entry) => this.#origins.get(entry));
  }
}
