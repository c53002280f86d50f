/**
 * A message that no connection survives.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";

/** A connection that lasted this long was a good one: the next may be tried at once. */
export const GOOD_CONNECTION_MS = 30_000;

/** So many losses in a row are no longer chance. */
const ALARMING = 4;

/** From where a connection after the other receives. */
export interface EarlyLossesOptions {
  /** Where from, for the error that is made of it. */
  readonly destination: string;
  /** Messages that the broker sends ahead: one that is not confirmed is among as many. */
  readonly prefetch: number;
  /** By which a connection is long or short. */
  readonly clock: Clock;
}

/**
 * Counts the connections in a row that were lost within their first messages.
 *
 * What is not confirmed comes again, first of all. A message that ends its
 * connection does so for ever, therefore, and nobody would know why nothing comes.
 */
export class EarlyLosses {
  readonly #options: EarlyLossesOptions;
  #inARow = 0;
  #connectedAt = 0;
  #messages = 0;
  #lastId: string | undefined;

  /** Begins to count, before the first connection. */
  constructor(options: EarlyLossesOptions) {
    this.#options = options;
  }

  /** A connection was made. */
  connected(): void {
    this.#connectedAt = this.#options.clock.now();
    this.#messages = 0;
  }

  /** A message came over it. */
  received(messageId: string): void {
    this.#messages++;
    this.#lastId = messageId;
  }

  /**
   * It was lost.
   *
   * @returns every fourth time in a row, what is to be said of it
   */
  lost(why: unknown): string | undefined {
    const { destination, prefetch, clock } = this.#options;
    const lastedMs = clock.now() - this.#connectedAt;
    // An idle connection that somebody cuts after a while is no sign of anything.
    const early = this.#messages <= prefetch &&
      (lastedMs < GOOD_CONNECTION_MS || isSsmError(why, "STOMP_PROTOCOL") ||
        isSsmError(why, "LIMIT"));
    this.#inARow = early ? this.#inARow + 1 : 0;
    if (this.#inARow === 0 || this.#inARow % ALARMING !== 0) return undefined;
    const after = this.#lastId === undefined
      ? ""
      : ` after the one with the message-id "${this.#lastId}"`;
    return `${this.#inARow} connections in a row were lost within the first ` +
      `messages of ${destination}, the last because: ${reason(why)}. If no ` +
      `other cause is named, look at the first messages there${after} with the ` +
      "broker's own tools, and move the one that cannot be read to another queue.";
  }
}
