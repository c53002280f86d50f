/**
 * The broker: serves clients on whatever sockets it is given.
 *
 * @module
 */
import { reason } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Socket } from "../net/mod.ts";
import { type Counters, zeroCounters } from "./limits/counters.ts";
import { sharedLimits } from "./limits/shared_limit.ts";
import { TopicMemory } from "./limits/topic_memory.ts";
import { type BrokerOptions, completeOptions } from "./options.ts";
import type { QueueStats } from "./routing/queues.ts";
import { Router } from "./routing/router.ts";
import { VirtualHosts } from "./routing/virtual_hosts.ts";
import { Reception } from "./session/reception.ts";
import { RefusalLog } from "./session/refusal_log.ts";
import type { Store } from "./store/store.ts";

/** What a broker has done, and has to do. */
export interface BrokerStats extends Readonly<Counters> {
  /** Clients connected now, let in or not. */
  readonly connections: number;
  /** Subscriptions of all clients. */
  readonly subscriptions: number;
  /** Queues with messages or consumers. */
  readonly queues: number;
  /** Topics, and patterns of topics, with subscribers. */
  readonly topics: number;
  /** Bytes of messages of topics that subscribers wait for, or have not acknowledged. */
  readonly topicBytes: number;
  /** Durable subscriptions, whether anybody uses them now or not. */
  readonly durableSubscriptions: number;
  /** Messages of queues and durable subscriptions that are not acknowledged yet, delivered or not. */
  readonly queued: number;
  /** Their size, and that of what is known of durable subscriptions. */
  readonly queuedBytes: number;
}

/** A queue, and how it is now. */
export interface BrokerQueue extends QueueStats {
  /** Its virtual host; empty where there is but one. */
  readonly host: string;
}

/**
 * A STOMP broker, versions 1.0 to 1.2.
 *
 * @example
 * ```ts
 * import { Broker } from "@ssm/ssm/broker";
 * import { listen } from "@ssm/ssm/net";
 *
 * async function serve(): Promise<void> {
 *   await using broker = new Broker();
 *   await using listener = await listen({ port: 61613 });
 *   await broker.serveAll(listener);
 * }
 * ```
 */
export class Broker implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #store: Store;
  readonly #topicMemory: TopicMemory;
  readonly #hosts: VirtualHosts;
  readonly #reception: Reception;
  readonly #counters = zeroCounters();
  #recovery: Promise<void> | undefined;
  #lastSequence = 0;

  /**
   * Makes a broker that serves nobody yet.
   *
   * @throws {RangeError} on a limit, an interval or a name that makes no sense
   * @throws {SsmError} `STOMP_PROTOCOL` on a malformed destination for dead letters
   */
  constructor(options: BrokerOptions = {}) {
    const settings = completeOptions(options);
    const { logger, store, clock, limits, randomId, virtualHosts: names } =
      settings;
    const counters = this.#counters;
    this.#logger = logger;
    this.#store = store;
    this.#topicMemory = new TopicMemory({ clock, limits });
    const routing = {
      ...settings,
      counters,
      topicMemory: this.#topicMemory,
      instance: randomId(),
      nextSequence: () => ++this.#lastSequence,
    };
    const makeRouter = (host: string) => new Router({ ...routing, host });
    this.#hosts = new VirtualHosts({ names, logger, makeRouter });
    this.#reception = new Reception({
      admit: settings.admit,
      ready: () => this.start(),
      session: {
        ...settings,
        counters,
        refusals: new RefusalLog(logger, clock),
        shared: sharedLimits(limits),
        handshake: { ...settings, hosts: this.#hosts },
      },
    });
  }

  /** Puts stored messages back into their queues. {@linkcode serve} does it too, if need be. */
  start(): Promise<void> {
    return this.#recovery ??= this.#recover();
  }

  /**
   * Serves one client; settles when its connection has ended.
   *
   * @throws what the store throws when it cannot recover; nothing on the client's account.
   */
  async serve(socket: Socket): Promise<void> {
    await this.#reception.serve(socket);
  }

  /** Serves everyone a listener accepts, until the listener is closed. */
  async serveAll(listener: AsyncIterable<Socket>): Promise<void> {
    await this.start();
    for await (const socket of listener) {
      this.serve(socket).catch((error) =>
        this.#logger.error(`Cannot serve ${socket.remote}: ${reason(error)}`)
      );
    }
  }

  /** What it has done, and has to do. */
  stats(): BrokerStats {
    let queues = 0;
    let topics = 0;
    let durableSubscriptions = 0;
    for (const router of this.#hosts.routers) {
      queues += router.queues;
      topics += router.topics;
      durableSubscriptions += router.durables.size;
    }
    return {
      ...this.#counters,
      connections: this.#reception.connections,
      subscriptions: this.#reception.subscriptions,
      queues,
      topics,
      topicBytes: this.#topicMemory.bytes,
      durableSubscriptions,
      // Each durable subscription is kept as a message, which is none.
      queued: this.#store.count - durableSubscriptions,
      queuedBytes: this.#store.bytes,
    };
  }

  /** Its queues, one after another; not those for replies. */
  *queues(): Generator<BrokerQueue> {
    for (const router of this.#hosts.routers) {
      for (const queue of router.queueList()) {
        yield { ...queue, host: router.host };
      }
    }
  }

  /**
   * Stops in order: turns new clients away, hands out no more messages of
   * queues, and lets each client go once what it sent is confirmed, what it was
   * sent is acknowledged, and its transactions are ended. To be followed by
   * {@linkcode close}.
   *
   * @param timeoutMs time after which those that remain are cut off. @default 10000
   */
  async drain({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<
    void
  > {
    this.#hosts.pause();
    await this.#reception.drain(timeoutMs);
  }

  /** Stops at once. What was not acknowledged remains in the store. */
  async close(): Promise<void> {
    this.#hosts.pause();
    await this.#reception.close();
    await this.#store[Symbol.asyncDispose]();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #recover(): Promise<void> {
    this.#lastSequence = await this.#hosts.recover(this.#store);
  }
}
