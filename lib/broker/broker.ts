/**
 * The broker: serves clients on whatever sockets it is given.
 *
 * @module
 */
import { reason } from "../errors.ts";
import { type Logger, silentLogger } from "../log/mod.ts";
import type { Socket } from "../net/mod.ts";
import {
  type Clock,
  formatHeartBeat,
  type HeartBeat,
  StompConnection,
  systemClock,
} from "../stomp/mod.ts";
import type { Authorise } from "./access/access.ts";
import { type Counters, zeroCounters } from "./routing/counters.ts";
import {
  type DeadLetterOptions,
  deadLetterPolicy,
} from "./queues/dead_letters.ts";
import { type BrokerLimits, completeLimits } from "./limits/limits.ts";
import { TopicMemory } from "./limits/topic_memory.ts";
import { MemoryStore } from "./store/memory.ts";
import { errorFrame } from "./message/refusal.ts";
import { Router } from "./routing/router.ts";
import { RefusalLog } from "./session/refusal_log.ts";
import { Session } from "./session/session.ts";
import type { Store } from "./store/store.ts";
import type { Authenticate } from "./access/users.ts";
import { type SharedLimits, sharedLimits } from "./limits/shared_limit.ts";
import { VirtualHosts } from "./routing/virtual_hosts.ts";

/** How a broker behaves. */
export interface BrokerOptions {
  /** Told who comes and goes, and what is refused. @default a logger that says nothing */
  readonly logger?: Logger | undefined;
  /** Where messages are kept; disposed of along with the broker. @default new MemoryStore() */
  readonly store?: Store | undefined;
  /** Decides who may connect. @default everybody is let in */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Decides who may read or write where.
   * @default everybody who is let in may read and write everywhere
   */
  readonly authorise?: Authorise | undefined;
  /** Tells whether a client may come from that address, `host:port`. @default from everywhere */
  readonly admit?: ((remote: string) => boolean) | undefined;
  /**
   * Names of virtual hosts, each with destinations of its own; `*` and `?` are
   * wildcards. Who asks for another is refused, who asks for none gets the first.
   * @default one host, under whatever name
   */
  readonly virtualHosts?: readonly string[] | undefined;
  /** What becomes of messages that nobody can deal with; `false` redelivers them for ever. */
  readonly deadLetters?: DeadLetterOptions | false | undefined;
  /** What the broker calls itself in CONNECTED. @default "ssm" */
  readonly serverName?: string | undefined;
  /** How often it can send, and wants to receive, in milliseconds; 0 is never. @default 10000 both */
  readonly heartBeat?: HeartBeat | undefined;
  /** Intervals of silence that are forgiven. @default 2 */
  readonly graceFactor?: number | undefined;
  /** What clients may ask of it; those that are not named have their defaults. */
  readonly limits?: Partial<BrokerLimits> | undefined;
  /** What time-outs and heart-beats go by. @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** The time in milliseconds since 1970, for the `expires` header. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Makes names that are unique and cannot be guessed. @default crypto.randomUUID */
  readonly randomId?: (() => string) | undefined;
}

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
  readonly #options: BrokerOptions;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;
  readonly #limits: BrokerLimits;
  readonly #clock: Clock;
  readonly #heartBeat: HeartBeat;
  readonly #graceFactor: number;
  readonly #store: Store;
  readonly #topicMemory: TopicMemory;
  readonly #hosts: VirtualHosts;
  readonly #shared: SharedLimits;
  readonly #counters = zeroCounters();
  readonly #sessions = new Set<Session>();
  readonly #serving = new Set<Promise<void>>();
  #recovery: Promise<void> | undefined;
  #lastSequence = 0;
  #stopping = false;

  /**
   * Makes a broker that serves nobody yet.
   *
   * @throws {RangeError} on a limit, an interval or a name that makes no sense
   * @throws {SsmError} `STOMP_PROTOCOL` on a malformed destination for dead letters
   */
  constructor(options: BrokerOptions = {}) {
    const {
      logger = silentLogger(),
      store = new MemoryStore(),
      clock = systemClock,
      randomId = () => crypto.randomUUID(),
      heartBeat = { sendMs: 10_000, receiveMs: 10_000 },
      graceFactor = 2,
      now = Date.now,
      virtualHosts: names = [],
    } = options;
    formatHeartBeat(heartBeat);
    if (!(graceFactor >= 1)) {
      throw new RangeError(
        `graceFactor must be at least 1, not ${graceFactor}`,
      );
    }
    this.#options = options;
    this.#logger = logger;
    this.#refusals = new RefusalLog(logger, clock);
    this.#store = store;
    this.#clock = clock;
    this.#heartBeat = heartBeat;
    this.#graceFactor = graceFactor;
    this.#limits = completeLimits(options.limits);
    this.#shared = sharedLimits(this.#limits);
    const {
      maxTopicBytes,
      maxAllTopicBytes,
      maxDurableSubscriptions,
      sweepMs,
    } = this.#limits;
    this.#topicMemory = new TopicMemory({
      maxClientBytes: maxTopicBytes,
      maxBytes: maxAllTopicBytes,
      clock,
    });
    const shared = {
      store,
      logger,
      clock,
      now,
      randomId,
      instance: randomId(),
      counters: this.#counters,
      nextSequence: () => ++this.#lastSequence,
      topicMemory: this.#topicMemory,
      maxDurableSubscriptions,
      sweepMs,
      deadLetters: deadLetterPolicy(options.deadLetters),
    };
    const makeRouter = (host: string) => new Router({ ...shared, host });
    this.#hosts = new VirtualHosts({ names, logger, makeRouter });
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
    const serving = this.#serve(socket);
    this.#serving.add(serving);
    try {
      await serving;
    } finally {
      this.#serving.delete(serving);
    }
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
    let subscriptions = 0;
    for (const session of this.#sessions) {
      subscriptions += session.subscriptions;
    }
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
      connections: this.#sessions.size,
      subscriptions,
      queues,
      topics,
      topicBytes: this.#topicMemory.bytes,
      durableSubscriptions,
      // Each durable subscription is kept as a message, which is none.
      queued: this.#store.count - durableSubscriptions,
      queuedBytes: this.#store.bytes,
    };
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
    this.#stopping = true;
    this.#hosts.pause();
    for (const session of this.#sessions) session.drain();
    const cancel = this.#clock.after(timeoutMs, () => this.#cutOff());
    await Promise.allSettled(this.#serving);
    cancel();
  }

  /** Stops at once. What was not acknowledged remains in the store. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#hosts.pause();
    this.#cutOff();
    await Promise.allSettled(this.#serving);
    await this.#store[Symbol.asyncDispose]();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(socket: Socket): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#counters.connectionsTotal++;
    const refusal = this.#refusal(socket);
    if (refusal !== undefined) {
      await this.#turnAway(socket, refusal);
      return;
    }
    const session = this.#makeSession(socket);
    this.#sessions.add(session);
    try {
      await session.run();
    } finally {
      this.#sessions.delete(session);
    }
  }

  #cutOff(): void {
    for (const session of this.#sessions) session.close();
  }

  async #recover(): Promise<void> {
    this.#lastSequence = await this.#hosts.recover(this.#store);
  }

  /** Why this client cannot be served now, if so. */
  #refusal({ remote }: Socket): string | undefined {
    if (this.#options.admit?.(remote) === false) {
      return "Cannot connect: not from this address";
    }
    if (this.#stopping) return "Cannot connect: the broker is stopping";
    const { maxConnections } = this.#limits;
    if (this.#sessions.size >= maxConnections && !this.#makeRoom()) {
      return `Cannot connect: ${maxConnections} clients are connected already`;
    }
    return undefined;
  }

  /**
   * Ends the session of whoever has not logged in for longest. Clients that never
   * do would keep all others out, who need but a moment.
   */
  #makeRoom(): boolean {
    for (const session of this.#sessions) {
      if (!session.giveWay()) continue;
      this.#counters.connectionsRefused++;
      return this.#sessions.delete(session);
    }
    return false;
  }

  async #turnAway(socket: Socket, why: string): Promise<void> {
    this.#counters.connectionsRefused++;
    this.#refusals.tell(socket.remote, why);
    const connection = new StompConnection(socket, {
      clock: this.#clock,
      trailingEol: true,
    });
    // Whether the client hears it is its own affair.
    connection.write(errorFrame(why)).catch(() => {});
    await connection.end(this.#limits.lingerMs);
  }

  #makeSession(socket: Socket): Session {
    const { authenticate, authorise, serverName = "ssm" } = this.#options;
    return new Session(socket, {
      logger: this.#logger,
      refusals: this.#refusals,
      clock: this.#clock,
      limits: this.#limits,
      number: this.#counters.connectionsTotal,
      counters: this.#counters,
      shared: this.#shared,
      authorise,
      handshake: {
        authenticate,
        hosts: this.#hosts,
        heartBeat: this.#heartBeat,
        server: serverName,
      },
      graceFactor: this.#graceFactor,
    });
  }
}
