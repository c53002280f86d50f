/**
 * An AMS that listens.
 *
 * @module
 */
import { reason, type SsmError } from "../../errors.ts";
import { type Logger, silentLogger } from "../../log/mod.ts";
import {
  HttpServer,
  type HttpServerLimits,
  listen,
  type Listener,
  type ListenOptions,
} from "../../net/mod.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { RefusalLog } from "../session/refusal_log.ts";
import { MemoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { type AmsTopicWish, Catalogue } from "../ams_topics/catalogue.ts";
import { AmsService } from "./service.ts";
import { type AmsUsers, anybody, type JudgeCertificate } from "./users.ts";

/** What clients of an AMS may cost. Sizes are in bytes, times in milliseconds. */
export interface AmsLimits {
  /** A message, as AMS counts: its JSON with the id and the time, indented by three. @default 1500000 */
  readonly maxMessageBytes: number;
  /** The body of a request. @default 33554432 (32 MiB), or twice maxMessageBytes if that is more */
  readonly maxRequestBytes: number;
  /** The messages of one answer to a pull; one is always handed out. @default 16777216 (16 MiB) */
  readonly maxPullBytes: number;
  /** How long a message is kept for subscriptions that do not read it. @default 604800000 (7 days) */
  readonly retentionMs: number;
  /** Time between two looks for messages whose time is over. @default 60000 */
  readonly sweepMs: number;
}

const DEFAULTS: AmsLimits = {
  maxMessageBytes: 1_500_000,
  maxRequestBytes: 32 << 20,
  maxPullBytes: 16 << 20,
  retentionMs: 7 * 86_400_000,
  sweepMs: 60_000,
};

/** How an AMS behaves. */
export interface AmsServerOptions {
  /** Where to listen. @default 127.0.0.1, a free port, plain HTTP */
  readonly listen?: ListenOptions | readonly ListenOptions[] | undefined;
  /** What is to be there, beside what the store has. @default nothing */
  readonly topics?: readonly AmsTopicWish[] | undefined;
  /** Where messages are kept; its own, disposed of along with the server. @default new MemoryStore() */
  readonly store?: Store | undefined;
  /** Who may do what; asked anew for each request. @default any token may do everything */
  readonly users?: (() => AmsUsers) | undefined;
  /** Judges certificates that are shown for a token. @default none is taken */
  readonly judge?: JudgeCertificate | undefined;
  /** Tells whether a client may come from that address, `host:port`. @default from everywhere */
  readonly admit?: ((remote: string) => boolean) | undefined;
  /** Those that are not named have their defaults. */
  readonly limits?: Partial<AmsLimits> | undefined;
  /** Those that are not named have their defaults. */
  readonly httpLimits?: Partial<HttpServerLimits> | undefined;
  /** Told who is refused, and what is lost. @default a logger that says nothing */
  readonly logger?: Logger | undefined;
  /** What times are taken from, and waits counted by. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/**
 * An AMS of one's own: publish and pull over HTTP, as the ARGO Messaging Service
 * has them.
 *
 * @example
 * ```ts
 * import { AmsServer } from "@ssm/ssm/broker";
 *
 * await using ams = await AmsServer.listen({
 *   topics: [{ project: "accounting", topic: "records", subscriptions: ["db"] }],
 * });
 * console.log(`http://127.0.0.1:${ams.port}/v1/status`);
 * ```
 */
export class AmsServer implements AsyncDisposable {
  readonly #listeners: readonly Listener[];
  readonly #http: HttpServer;
  readonly #catalogue: Catalogue;
  readonly #store: Store;
  readonly #serving: Promise<unknown>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #sweepMs: number;
  #cancelSweep: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;

  /**
   * Opens its ports, once what the store has is known.
   *
   * @throws {SsmError} `CONNECT`, `CERTIFICATE`, `KEY`, and what the store throws
   * @throws {RangeError} on a limit or a topic that makes no sense
   */
  static async listen(options: AmsServerOptions = {}): Promise<AmsServer> {
    const { store = new MemoryStore(), clock = systemClock } = options;
    const refusals = new RefusalLog(options.logger ?? silentLogger(), clock);
    const now = () => clock.date().getTime();
    const catalogue = new Catalogue({ store, now });
    await catalogue.recover();
    for (const wish of options.topics ?? []) await catalogue.make(wish);
    const listeners: Listener[] = [];
    try {
      for (const where of [options.listen ?? {}].flat()) {
        const onRefused = (error: SsmError, remote: string) =>
          refusals.tell(remote, error.message);
        listeners.push(await listen({ clock, onRefused, ...where }));
      }
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
    return new AmsServer({
      ...options,
      store,
      clock,
      catalogue,
      listeners,
      refusals,
    });
  }

  private constructor(
    options: AmsServerOptions & {
      readonly store: Store;
      readonly clock: Clock;
      readonly catalogue: Catalogue;
      readonly listeners: readonly Listener[];
      readonly refusals: RefusalLog;
    },
  ) {
    const { store, clock, catalogue, listeners, refusals, judge } = options;
    const { logger = silentLogger(), users = fixed(anybody()) } = options;
    const { maxMessageBytes, maxRequestBytes, maxPullBytes, ...times } =
      completeLimits(options.limits);
    const now = () => clock.date().getTime();
    const service = new AmsService({
      catalogue,
      users,
      judge,
      publishing: { maxMessageBytes, retentionMs: times.retentionMs, now },
      pulling: { maxPullBytes, now: () => clock.now() },
      maxRequestBytes,
      refusals,
      logger,
    });
    this.#store = store;
    this.#catalogue = catalogue;
    this.#listeners = listeners;
    this.#http = new HttpServer({
      handler: (request) => service.answer(request),
      admit: options.admit,
      // Read as JSON, a body takes several times its size.
      limits: { maxBodyBytes: 2 * maxRequestBytes, ...options.httpLimits },
      onRefused: (remote, why) => refusals.tell(remote, why),
      onError: (error, remote) =>
        logger.error(`Cannot serve ${remote}: ${reason(error)}`),
      clock,
    });
    this.#serving = Promise.all(
      listeners.map((listener) => this.#http.serveAll(listener)),
    );
    this.#logger = logger;
    this.#clock = clock;
    this.#sweepMs = times.sweepMs;
    this.#sweepLater();
  }

  /** The ports it listens on, in the order in which they were asked for. */
  get ports(): readonly number[] {
    return this.#listeners.map(({ port }) => port);
  }

  /** The first of its ports. */
  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  /** What it has, and has to do. */
  stats(): AmsStats {
    const topics = this.#catalogue.topics();
    return {
      connections: this.#http.connections,
      topics: topics.length,
      messages: topics.reduce(
        (sum, { bounds: { min, max } }) => sum + max - min,
        0,
      ),
    };
  }

  /**
   * Stops in order: lets nobody in any more, and answers the requests that have
   * come. To be followed by {@linkcode close}.
   *
   * @param timeoutMs time after which those that remain are cut off. @default 10000
   */
  async drain({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<
    void
  > {
    for (const listener of this.#listeners) listener.close();
    await this.#http.drain({ timeoutMs });
  }

  /** Stops at once. What was answered is in the store. */
  async close(): Promise<void> {
    this.#cancelSweep?.();
    for (const listener of this.#listeners) listener.close();
    await this.#http.close();
    await Promise.all([this.#serving, this.#sweeping]);
    await this.#store[Symbol.asyncDispose]();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(this.#sweepMs, () => {
      this.#sweepLater();
      this.#sweeping = this.#sweep();
    });
  }

  /** Removes the messages whose time is over; what somebody should have read is a loss. */
  async #sweep(): Promise<void> {
    const now = this.#clock.date().getTime();
    for (const topic of this.#catalogue.topics()) {
      const { min } = topic.bounds;
      const lost = topic.expire(now);
      if (lost > 0) {
        this.#logger.warning(
          `Lost ${lost} messages of topic ${topic.project}/${topic.name}: nobody pulled them in time`,
        );
      }
      if (topic.bounds.min === min) continue;
      try {
        await topic.save();
      } catch (error) {
        this.#logger.error(reason(error));
      }
    }
  }
}

/** What an AMS has, and has to do. */
export interface AmsStats {
  /** Clients connected now. */
  readonly connections: number;
  /** Topics of all projects. */
  readonly topics: number;
  /** Messages that some subscription has not read. */
  readonly messages: number;
}

/** Completes limits with the defaults. @throws {RangeError} unless all are positive whole numbers */
function completeLimits(given: Partial<AmsLimits> = {}): AmsLimits {
  const own = { ...DEFAULTS, ...given };
  const limits = {
    ...own,
    maxRequestBytes: given.maxRequestBytes ??
      Math.max(own.maxRequestBytes, 2 * own.maxMessageBytes),
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `${name} must be a positive whole number, not ${value}`,
      );
    }
  }
  return limits;
}

function fixed<T>(value: T): () => T {
  return () => value;
}
