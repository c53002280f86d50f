/**
 * A topic: its messages, and the subscriptions to it.
 *
 * @module
 */
import type { Message } from "../message/message.ts";
import type { Store, StoreChange } from "../store/store.ts";
import { OffsetLog } from "./offset_log.ts";
import { Subscription, type SubscriptionState } from "./subscription.ts";

/** What is known of a topic after a restart, besides its messages. */
export interface TopicState {
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  /** The offset of the oldest message. */
  readonly first: number;
  readonly subscriptions: readonly SubscriptionState[];
}

/** Where a topic is kept. */
export interface TopicPlace {
  readonly project: string;
  readonly name: string;
  readonly store: Store;
  readonly nextSequence: () => number;
}

const utf8 = new TextEncoder();

/** The kinds of queues of the store: messages of a topic, and what is known of it. */
type QueueKind = "messages" | "state";

/** The name of the queue of the store that a topic's messages, or its state, are in. */
function queueOf(
  kind: QueueKind,
  { project, name }: Pick<TopicPlace, "project" | "name">,
): string {
  return `${kind}/${project}/${name}`;
}

/** The kind of such a queue, and the `PROJECT/TOPIC` that it belongs to. */
export function readQueue(queue: string): [kind: string, place: string] {
  const slash = queue.indexOf("/");
  return [queue.slice(0, slash), queue.slice(slash + 1)];
}

/**
 * A topic. What a consumer does counts at once, and is answered when it is safe:
 * a message is kept until every subscription is behind it or its time is over.
 */
export class AmsTopic {
  readonly project: string;
  readonly name: string;
  readonly created: number;
  readonly log: OffsetLog;
  readonly subscriptions = new Map<string, Subscription>();
  readonly #place: TopicPlace;
  /** The number in the store of what is known of the topic. */
  #stateSequence: number | undefined;
  /** Messages that are of no use any more, and still in the store. */
  #garbage: number[] = [];
  #writing: Promise<void> | undefined;
  #nextWrite: Promise<void> | undefined;

  constructor(place: TopicPlace, state: TopicState, sequence?: number) {
    this.project = place.project;
    this.name = place.name;
    this.created = state.created;
    this.log = new OffsetLog(state.first);
    this.#place = place;
    this.#stateSequence = sequence;
    for (const known of state.subscriptions) {
      this.subscriptions.set(known.name, new Subscription(known));
    }
  }

  /** Its full name, as AMS writes it. */
  get fullName(): string {
    return `/projects/${this.project}/topics/${this.name}`;
  }

  /** Where the numbers of offsets begin and end that a consumer can go to. */
  get bounds(): { readonly min: number; readonly max: number } {
    return { min: this.log.first, max: this.log.next };
  }

  /**
   * Takes messages in, all or none; settles with their offsets once they are safe.
   *
   * @throws {SsmError} `LIMIT` when there is no room, `SPOOL` when it cannot be done
   */
  async publish(messages: readonly Message[]): Promise<readonly number[]> {
    const { store, nextSequence } = this.#place;
    const queue = queueOf("messages", this);
    const stored = messages.map((message) => ({
      sequence: nextSequence(),
      queue,
      durable: true,
      message,
    }));
    await store.apply(stored.map((each) => ({ kind: "append", stored: each })));
    // Calls settle in their order, so offsets are in the order of the numbers.
    return stored.map(({ sequence, message }) =>
      this.log.add({ sequence, expires: message.expires ?? Infinity })
    );
  }

  /** The message of that offset. @throws {RangeError} when there is none */
  read(offset: number): Message {
    return this.#place.store.read(this.log.sequence(offset));
  }

  /**
   * Writes down what is known of the topic, and removes what nobody needs any
   * more. Calls while it is written share the next writing.
   *
   * @throws {SsmError} `SPOOL` when it cannot be done
   */
  async save(): Promise<void> {
    if (this.#writing === undefined) return await this.#startWriting();
    await (this.#nextWrite ??= this.#afterWriting());
  }

  /** Removes messages whose time is over; how many the subscription that lost most had not read. */
  expire(now: number): number {
    const alive = this.log.firstAlive(now);
    if (alive === this.log.first) return 0;
    let lost = 0;
    for (const subscription of this.subscriptions.values()) {
      if (subscription.offset >= alive) continue;
      lost = Math.max(lost, alive - subscription.offset);
      subscription.moveTo(alive);
    }
    this.#garbage.push(...this.log.removeBefore(alive));
    return lost;
  }

  async #afterWriting(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing.catch(() => {});
    this.#nextWrite = undefined;
    await this.#startWriting();
  }

  async #startWriting(): Promise<void> {
    this.#writing = this.#write();
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(): Promise<void> {
    const { store, nextSequence } = this.#place;
    this.#forgetRead();
    const { created, log: { first }, subscriptions } = this;
    const state: TopicState = {
      created,
      first,
      subscriptions: [...subscriptions.values()].map(({ state }) => state),
    };
    const sequence = nextSequence();
    const old = [...this.#garbage];
    if (this.#stateSequence !== undefined) old.push(this.#stateSequence);
    const garbage = this.#garbage.length;
    const append: StoreChange = {
      kind: "append",
      stored: {
        sequence,
        queue: queueOf("state", this),
        durable: true,
        message: stateMessage(state),
      },
    };
    await store.apply([
      append,
      ...old.map((sequence) => ({ kind: "remove", sequence } as const)),
    ]);
    this.#stateSequence = sequence;
    this.#garbage = this.#garbage.slice(garbage);
  }

  /** What every subscription is behind is of no use; what none is there to read may yet be. */
  #forgetRead(): void {
    if (this.subscriptions.size === 0) return;
    const offsets = [...this.subscriptions.values()]
      .map(({ offset }) => offset);
    this.#garbage.push(...this.log.removeBefore(Math.min(...offsets)));
  }
}

function stateMessage(state: TopicState): Message {
  return {
    id: "",
    destination: "",
    headers: new Map(),
    body: utf8.encode(JSON.stringify(state)),
    // Never refused for want of room: an acknowledgement makes room.
    size: 0,
    persistent: true,
  };
}
