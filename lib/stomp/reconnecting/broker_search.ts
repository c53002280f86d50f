/**
 * The search for a broker that lets a client in, with patience.
 *
 * Patience is one account for all that can go wrong. Brokers that cannot be
 * reached and connections that come to nothing make the pauses longer and use up
 * the time; a connection over which something was achieved settles the account.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { StompClient } from "../client/client.ts";
import { backoff, type Clock, sleep, systemClock } from "../../time/mod.ts";
import { GOOD_CONNECTION_MS } from "./early_losses.ts";
import { type Endpoint, toEndpoints } from "./endpoint.ts";
import { waitingMayHelp } from "./fault.ts";
import type { ReconnectOptions } from "./options.ts";
import type { StateFeed } from "./state.ts";

/** Finds one connection after another. */
export class BrokerSearch {
  readonly #options: ReconnectOptions;
  readonly #endpoints: readonly Endpoint[];
  readonly #clock: Clock;
  readonly #feed: StateFeed;
  readonly #retryForMs: number;
  readonly #worthRetrying: (failure: SsmError) => boolean;
  /** Times in a row that no broker let us in, since the last progress. */
  #failedRounds = 0;
  /** Connections in a row that came to nothing, since then. */
  #losses = 0;
  #lastLoss: SsmError | undefined;
  /** When the trouble began that is not over; nothing while there is none. */
  #troubleSince: number | undefined;
  #waitMs = 0;
  #extra: "available" | "granted" | "used" = "available";
  #connectedAt = 0;
  #progress = false;

  /** @throws {RangeError} when there is no broker to dial */
  constructor(options: ReconnectOptions, feed: StateFeed) {
    const { clock = systemClock, retryForMs = Infinity } = options;
    this.#options = options;
    this.#endpoints = toEndpoints(options.dial, options);
    if (this.#endpoints.length === 0) {
      throw new RangeError("dial must name at least one broker");
    }
    this.#clock = clock;
    this.#feed = feed;
    this.#retryForMs = retryForMs;
    // Certificates and passcodes do not mend themselves while somebody waits; a
    // client that waits for ever may see them replaced.
    this.#worthRetrying = options.worthRetrying ??
      (retryForMs === Infinity ? () => true : waitingMayHelp);
  }

  /**
   * Tries the brokers in turn, at once after a first loss, then again and again
   * with growing pauses, beginning with another one each time.
   *
   * @throws {SsmError} why it gives up; `ABORTED`
   */
  async next(signal: AbortSignal): Promise<StompClient> {
    this.#troubleSince ??= this.#clock.now();
    let failure: SsmError | undefined;
    for (;;) {
      if (this.#extra === "granted") {
        this.#extra = "used";
        this.#waitMs = 0;
      } else if (this.#isSpent()) throw this.#givingUp(failure);
      const waitMs = this.#waitMs;
      this.#feed.tell({ state: "connecting", reason: failure, waitMs });
      if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
      const found = await this.#tryEach(signal);
      if (found.client !== undefined) {
        this.#connectedAt = this.#clock.now();
        this.#progress = false;
        return found.client;
      }
      failure = found.failure;
      this.#failedRounds++;
      this.#pause();
      if (!found.worthRetrying) throw this.#givingUp(failure);
    }
  }

  /** Something was achieved over the connection there is: it was a good one. */
  progressed(): void {
    this.#progress = true;
  }

  /**
   * The connection has ended.
   *
   * @returns whether the time is up, so that there will be no other one
   */
  lost(client: StompClient, why: SsmError): boolean {
    this.#lastLoss = why;
    const lasted = this.#clock.now() - this.#connectedAt >= GOOD_CONNECTION_MS;
    if (this.#progress || client.tookMessages || lasted) {
      this.#failedRounds = this.#losses = 0;
      this.#troubleSince = undefined;
      this.#extra = "available";
    } else this.#losses++;
    this.#pause();
    return this.#isSpent();
  }

  /**
   * Allows one connection more although the time is up, at once, to see whether
   * all is well without the message that was given up; once until the next progress.
   *
   * @returns whether it was allowed
   */
  grantExtra(): boolean {
    if (this.#extra !== "available") return false;
    this.#extra = "granted";
    return true;
  }

  /** Nothing was wanted for so long, which does not count. */
  rested(ms: number): void {
    if (this.#troubleSince !== undefined) this.#troubleSince += ms;
  }

  /** How many pauses there were; after a good connection or a first loss, none. */
  get #setbacks(): number {
    return Math.max(this.#losses - 1, 0) + this.#failedRounds;
  }

  #pause(): void {
    const { firstPauseMs, maxPauseMs, random } = this.#options;
    this.#waitMs = backoff(this.#setbacks, {
      ...(firstPauseMs !== undefined && { firstMs: firstPauseMs }),
      ...(maxPauseMs !== undefined && { maxMs: maxPauseMs }),
      ...(random !== undefined && { random }),
    });
  }

  #isSpent(): boolean {
    if (this.#setbacks === 0) return false;
    const now = this.#clock.now();
    const since = this.#troubleSince ?? now;
    return now + this.#waitMs > since + this.#retryForMs;
  }

  #givingUp(failure: SsmError | undefined): SsmError {
    if (failure !== undefined) {
      const names = this.#endpoints.map(({ name }) => name);
      return this.#options.describeFailure?.(failure, names) ?? failure;
    }
    const cause = this.#lastLoss;
    const fruitless = this.#losses === 1
      ? "the last connection"
      : `${this.#losses} connections in a row`;
    return new SsmError(
      "CONNECTION_LOST",
      `Lost connection: the broker confirmed nothing on ${fruitless}: ${
        reason(cause)
      }`,
      { cause },
    );
  }

  /** The first broker that lets us in, or why the last of them did not. */
  async #tryEach(
    signal: AbortSignal,
  ): Promise<
    | { client: StompClient }
    | { client?: never; failure: SsmError; worthRetrying: boolean }
  > {
    const first = this.#setbacks % this.#endpoints.length;
    const order = [
      ...this.#endpoints.slice(first),
      ...this.#endpoints.slice(0, first),
    ];
    let failure: SsmError;
    let worthRetrying = false;
    for (const endpoint of order) {
      try {
        if (signal.aborted) throw aborted();
        const client = await endpoint.connect(signal);
        if (!signal.aborted) return { client };
        client.close();
        throw aborted();
      } catch (error) {
        if (signal.aborted) {
          throw isSsmError(error, "ABORTED") ? error : aborted();
        }
        failure = asFailure(error);
        this.#options.onAttemptFailed?.(endpoint.name, failure);
        worthRetrying ||= this.#worthRetrying(failure);
      }
    }
    return { failure: failure!, worthRetrying };
  }
}

/** What a `dial` of the caller throws may be anything. */
function asFailure(error: unknown): SsmError {
  return isSsmError(error)
    ? error
    : new SsmError("CONNECT", `Cannot connect: ${reason(error)}`, {
      cause: error,
    });
}

function aborted(): SsmError {
  return new SsmError("ABORTED", "Connecting was stopped on request");
}
