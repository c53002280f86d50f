/**
 * The search for a broker that lets a client in, with patience.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import { StompClient } from "../client/client.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { GOOD_CONNECTION_MS } from "./early_losses.ts";
import type { DialBroker, ReconnectOptions } from "./options.ts";
import type { StateFeed } from "./state.ts";
import { backoff, sleep } from "../../time/mod.ts";

/** Finds one connection after another. */
export class BrokerSearch {
  readonly #options: ReconnectOptions;
  readonly #brokers: readonly DialBroker[];
  readonly #clock: Clock;
  readonly #feed: StateFeed;
  /** Connections, made or not, that came to nothing one after another. */
  #fruitless = 0;
  #connectedAt = -Infinity;

  /** @throws {RangeError} when there is no broker to dial */
  constructor(options: ReconnectOptions, feed: StateFeed) {
    const { dial, clock = systemClock } = options;
    this.#options = options;
    this.#brokers = typeof dial === "function" ? [dial] : dial;
    if (this.#brokers.length === 0) {
      throw new RangeError("dial must name at least one broker");
    }
    this.#clock = clock;
    this.#feed = feed;
  }

  /**
   * Tries the brokers in turn, again and again with growing pauses. After a
   * connection that did not last, it begins with the next one.
   *
   * @throws {SsmError} the last failure when it gives up; `ABORTED`
   */
  async next(signal: AbortSignal): Promise<StompClient> {
    const { retryForMs = Infinity, worthRetrying = () => true } = this.#options;
    this.#rate();
    const deadline = this.#clock.now() + retryForMs;
    let failure: SsmError | undefined;
    for (;;) {
      const { firstPauseMs, maxPauseMs, random } = this.#options;
      const waitMs = backoff(this.#fruitless, {
        ...(firstPauseMs !== undefined && { firstMs: firstPauseMs }),
        ...(maxPauseMs !== undefined && { maxMs: maxPauseMs }),
        ...(random !== undefined && { random }),
      });
      if (failure !== undefined) {
        const late = this.#clock.now() + waitMs > deadline;
        if (late || !worthRetrying(failure)) throw failure;
      }
      this.#feed.tell({ state: "connecting", reason: failure, waitMs });
      await sleep(this.#clock, waitMs, signal);
      const found = await this.#tryEach(signal);
      if (found instanceof StompClient) {
        this.#connectedAt = this.#clock.now();
        return found;
      }
      failure = found;
      this.#fruitless++;
    }
  }

  /** Judges the connection that has just ended, if there was one. */
  #rate(): void {
    if (this.#connectedAt === -Infinity) return;
    const lasted = this.#clock.now() - this.#connectedAt >= GOOD_CONNECTION_MS;
    this.#fruitless = lasted ? 0 : this.#fruitless + 1;
  }

  /** The first broker that lets us in, or why the last of them did not. */
  async #tryEach(signal: AbortSignal): Promise<StompClient | SsmError> {
    const first = this.#fruitless % this.#brokers.length;
    const order = [
      ...this.#brokers.slice(first),
      ...this.#brokers.slice(0, first),
    ];
    let failure: SsmError | undefined;
    for (const dial of order) {
      try {
        if (signal.aborted) throw aborted();
        return await this.#connect(dial, signal);
      } catch (error) {
        if (signal.aborted) throw aborted();
        failure = asFailure(error);
      }
    }
    return failure!;
  }

  async #connect(dial: DialBroker, signal: AbortSignal): Promise<StompClient> {
    const socket = await dial(signal);
    const close = () => socket.close();
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
    try {
      return await StompClient.connect(socket, this.#options);
    } finally {
      signal.removeEventListener("abort", close);
    }
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
