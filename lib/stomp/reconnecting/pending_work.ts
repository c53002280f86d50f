/**
 * Requests on their way to a broker, over one connection after another.
 *
 * A broker need not say which message it closes a connection for. Those that
 * were under way are therefore sent one at a time afterwards: the one that it
 * was comes to light, and does not stop the others for ever.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { StompClient } from "../client/client.ts";
import { StompError } from "../frame/stomp_error.ts";
import { isRefused, isUnspecificError } from "./fault.ts";

/** What is done over a connection; what it sends first must be queued before it waits. */
export type Work<T> = (connection: StompClient) => Promise<T>;

interface Pending {
  readonly work: Work<unknown>;
  readonly traits: WorkTraits;
  readonly settle: PromiseWithResolvers<unknown>;
  /** The connection on which it is under way. */
  via: StompClient | undefined;
  /** Connections that ended while nothing else was under way. */
  losses: number;
  /** What had been confirmed when a connection first ended while it was under way. */
  suspectSince: number | undefined;
}

/** What is to be known of a request. */
export interface WorkTraits {
  /** What it does, for error texts, such as `send to "/queue/a"`. */
  readonly what: string;
  /** The bytes it keeps in memory. */
  readonly bytes: number;
  /** Whether its success shows that the broker has taken it. */
  readonly confirmed: boolean;
}

/** How much may wait, and how often it may be lost. */
export interface PendingOptions {
  readonly maxLosses: number;
  readonly maxPendingBytes: number;
  /** Whether the search for a broker goes on for ever. */
  readonly forEver: boolean;
  /** Told that the broker has answered a request, with yes or no. */
  readonly onAnswered: () => void;
}

/** The requests that are not confirmed yet, in the order in which they were given. */
export class PendingWork {
  readonly #options: PendingOptions;
  readonly #pending = new Set<Pending>();
  #bytes = 0;
  /** Requests that were confirmed so far. */
  #confirmed = 0;
  #client: StompClient | undefined;
  #end: SsmError | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  /** Under way alone when the last connection ended, and not for the first time. */
  #culprit: Pending | undefined;

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  /**
   * Takes a request; settles when it is done, over whatever connection.
   *
   * @throws {SsmError} `LIMIT` when too much waits; `STOMP_ERROR` when the
   * broker refuses it; what {@linkcode end} says
   */
  async add<T>(work: Work<T>, traits: WorkTraits): Promise<T> {
    if (this.#end !== undefined) throw this.#end;
    const { bytes, what } = traits;
    const { maxPendingBytes } = this.#options;
    if (this.#bytes + bytes > maxPendingBytes && !this.idle) {
      throw new SsmError(
        "LIMIT",
        `Cannot ${what}: ${this.#bytes} bytes wait to be confirmed`,
        { hint: "await each send, or raise maxPendingBytes" },
      );
    }
    const settle = Promise.withResolvers<unknown>();
    this.#pending.add({
      ...{ work, traits, settle },
      ...{ via: undefined, losses: 0, suspectSince: undefined },
    });
    this.#bytes += bytes;
    this.#pump();
    return await settle.promise as T;
  }

  /** Whether nothing waits to be confirmed. */
  get idle(): boolean {
    return this.#pending.size === 0;
  }

  /** Settles when nothing waits to be confirmed. */
  whenIdle(): Promise<void> {
    if (this.idle) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Sends what waits, and what will be added, over this connection. */
  flow(client: StompClient): void {
    this.#client = client;
    this.#pump();
  }

  /**
   * The connection has ended; what was under way waits for the next one, unless
   * it was alone and is to blame: the broker has said no twice, or it has cost
   * too many connections while others were confirmed. Where the search for a
   * broker has no end, the connections alone decide.
   */
  lose(client: StompClient, why: SsmError): void {
    if (this.#client === client) this.#client = undefined;
    this.#culprit = undefined;
    const underWay = [...this.#pending].filter(({ via }) => via === client);
    const [only] = underWay;
    if (only !== undefined && underWay.length === 1) this.#judge(only, why);
    for (const pending of underWay) {
      pending.via = undefined;
      pending.suspectSince ??= this.#confirmed;
    }
  }

  /**
   * Whether a request that is still to be done was under way alone when the last
   * connection ended, and not for the first time.
   */
  get hasCulprit(): boolean {
    return this.#culprit !== undefined;
  }

  /** Gives that one up, so that the others get their turn. */
  giveUpCulprit(why: SsmError): void {
    const culprit = this.#culprit;
    this.#culprit = undefined;
    if (culprit !== undefined) this.#settle(culprit, { error: why });
  }

  /** Nothing is sent any more; what waits fails. */
  end(why: SsmError): void {
    this.#end = why;
    for (const pending of this.#pending) this.#settle(pending, { error: why });
  }

  #judge(only: Pending, why: SsmError): void {
    only.losses++;
    const { suspectSince } = only;
    // Once may be chance: a broker that is stopped says ERROR, too.
    if (suspectSince === undefined && this.#options.maxLosses > 1) return;
    this.#culprit = only;
    if (suspectSince !== undefined && isUnspecificError(why)) {
      this.giveUpCulprit(why);
      this.#options.onAnswered();
    } else if (only.losses >= this.#options.maxLosses) {
      const othersGetThrough = this.#confirmed > (suspectSince ?? Infinity);
      if (othersGetThrough || this.#options.forEver) this.giveUpCulprit(why);
    }
  }

  /** Sends, in order, what is not under way yet. */
  #pump(): void {
    const client = this.#client;
    if (client === undefined) return;
    for (const pending of this.#pending) {
      if (pending.via === undefined) this.#perform(client, pending);
      // Alone, so that the next loss tells whether it is the reason.
      if (pending.suspectSince !== undefined) return;
    }
  }

  async #perform(client: StompClient, pending: Pending): Promise<void> {
    pending.via = client;
    try {
      const value = await pending.work(client);
      if (pending.via !== client) return;
      if (pending.traits.confirmed) {
        this.#confirmed++;
        this.#options.onAnswered();
      }
      this.#settle(pending, { value });
    } catch (error) {
      // A connection that was lost meanwhile has been dealt with by `lose`.
      if (pending.via !== client) return;
      if (!isRefused(client, error)) {
        // Idempotent: most often it is closed already, and this is why.
        client.close(error as SsmError);
        return;
      }
      if (error instanceof StompError) this.#options.onAnswered();
      this.#settle(pending, { error });
    }
    this.#pump();
  }

  #settle(
    pending: Pending,
    outcome: { value: unknown } | { error: unknown },
  ): void {
    if (!this.#pending.delete(pending)) return;
    this.#bytes -= pending.traits.bytes;
    if ("error" in outcome) pending.settle.reject(outcome.error);
    else pending.settle.resolve(outcome.value);
    if (!this.idle) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
