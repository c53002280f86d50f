/**
 * Which projects, topics and subscriptions there are.
 *
 * @module
 */
import type { Message } from "../message/message.ts";
import { quote } from "../message/refusal.ts";
import type { RecoveredMessage, Store } from "../store/store.ts";
import { ACK_DEADLINE_SECONDS, Subscription } from "./subscription.ts";
import { AmsTopic, readQueue, type TopicState } from "./topic.ts";

/** A topic that is to be there, and its subscriptions. */
export interface AmsTopicWish {
  /** The name of the project that it belongs to. */
  readonly project: string;
  /** Its name. */
  readonly topic: string;
  /** The names of its subscriptions, unique in the project. */
  readonly subscriptions: readonly string[];
}

/** What a catalogue works with. */
export interface CatalogueOptions {
  readonly store: Store;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
}

/** Whether a project, a topic or a subscription may have that name. */
export function isAmsName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,255}$/.test(text);
}

/** A subscription, and where it belongs. */
export interface SubscriptionOfTopic {
  readonly topic: AmsTopic;
  readonly subscription: Subscription;
}

const decoder = new TextDecoder();

/** Knows all topics and subscriptions, and keeps them. */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #topics = new Map<string, AmsTopic>();
  /** Its name is unique in a project, whatever the topic. */
  readonly #subscriptions = new Map<string, SubscriptionOfTopic>();
  readonly #projects = new Set<string>();
  #lastSequence = 0;

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /** Puts back what survived the last run. Called once, before all else. */
  async recover(): Promise<void> {
    const { store } = this.#options;
    const messages = new Map<string, RecoveredMessage[]>();
    const states = new Map<string, number>();
    for await (const kept of store.recover()) {
      this.#lastSequence = kept.sequence;
      const [what, place] = readQueue(kept.queue);
      if (what === "state") states.set(place, kept.sequence);
      else if (messages.get(place)?.push(kept) === undefined) {
        messages.set(place, [kept]);
      }
    }
    for (const [place, sequence] of states) {
      const [project = "", name = ""] = place.split("/");
      const state = readState(store.read(sequence));
      const topic = this.#add({ project, name }, state, sequence);
      for (const { sequence, expires } of messages.get(place) ?? []) {
        topic.log.add({ sequence, expires: expires ?? Infinity });
      }
    }
  }

  /** All topics, by name. */
  topics(project?: string): AmsTopic[] {
    return [...this.#topics.values()]
      .filter((topic) => project === undefined || topic.project === project)
      .sort((a, b) => a.fullName < b.fullName ? -1 : 1);
  }

  /** Whether there is such a project: one that has topics. */
  hasProject(project: string): boolean {
    return this.#projects.has(project);
  }

  /** The topic of that name. */
  topic(project: string, name: string): AmsTopic | undefined {
    return this.#topics.get(`${project}/${name}`);
  }

  /** All subscriptions of a project, by name. */
  subscriptions(project: string): SubscriptionOfTopic[] {
    return [...this.#subscriptions.values()]
      .filter(({ topic }) => topic.project === project)
      .sort((a, b) => a.subscription.name < b.subscription.name ? -1 : 1);
  }

  /** The subscription of that name. */
  subscription(
    project: string,
    name: string,
  ): SubscriptionOfTopic | undefined {
    return this.#subscriptions.get(`${project}/${name}`);
  }

  /**
   * Makes what is not there yet. The first subscription to a topic gets all that
   * is kept, a later one what comes after it.
   *
   * @throws {SsmError} `SPOOL` when it cannot be kept
   * @throws {RangeError} when a name is none, or a subscription of that name belongs
   *   to another topic
   */
  async make(
    { project, topic: name, subscriptions }: AmsTopicWish,
  ): Promise<void> {
    for (const text of [project, name, ...subscriptions]) {
      if (!isAmsName(text)) {
        throw new RangeError(`${quote(text)} is no name in AMS`);
      }
    }
    const created = this.#options.now();
    const topic = this.topic(project, name) ??
      this.#add({ project, name }, { created, first: 0, subscriptions: [] });
    for (const wanted of subscriptions) {
      const known = this.subscription(project, wanted);
      if (known?.topic === topic) continue;
      if (known !== undefined) {
        throw new RangeError(
          `subscription ${wanted} of project ${project} belongs to topic ${known.topic.name} already`,
        );
      }
      const { min, max } = topic.bounds;
      const subscription = new Subscription({
        name: wanted,
        created,
        offset: topic.subscriptions.size === 0 ? min : max,
        ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
      });
      topic.subscriptions.set(wanted, subscription);
      this.#subscriptions.set(`${project}/${wanted}`, { topic, subscription });
    }
    await topic.save();
  }

  #add(
    place: { project: string; name: string },
    state: TopicState,
    sequence?: number,
  ): AmsTopic {
    const { project, name } = place;
    const { store } = this.#options;
    const nextSequence = () => ++this.#lastSequence;
    const topic = new AmsTopic(
      { project, name, store, nextSequence },
      state,
      sequence,
    );
    this.#topics.set(`${project}/${name}`, topic);
    this.#projects.add(project);
    for (const subscription of topic.subscriptions.values()) {
      this.#subscriptions.set(
        `${project}/${subscription.name}`,
        { topic, subscription },
      );
    }
    return topic;
  }
}

function readState({ body }: Message): TopicState {
  return JSON.parse(decoder.decode(body));
}
