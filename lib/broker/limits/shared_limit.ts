/**
 * What all clients together may hold of something.
 *
 * Each client has its limits, of a frame, a transaction, a number; many clients,
 * each just below them, would fill the memory. When all of them together hold too
 * much, the client that holds most is refused.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import { overLimit } from "../message/refusal.ts";
import type { BrokerLimits } from "./limits.ts";

/** A client, as far as it can be refused. */
export interface Holder {
  fail(error: SsmError): void;
}

/** Keeps account of what all clients of a broker hold of one thing. */
export class SharedLimit {
  readonly #max: number;
  readonly #words: (max: number, own: number) => string;
  readonly #held = new Map<Holder, number>();
  #total = 0;

  /**
   * @param max what all clients together may hold
   * @param words what the client that is refused, and holds so much, is told
   */
  constructor(max: number, words: (max: number, own: number) => string) {
    this.#max = max;
    this.#words = words;
  }

  /** What a client holds now. */
  note(holder: Holder, amount: number): void {
    this.#total += amount - (this.#held.get(holder) ?? 0);
    if (amount === 0) this.#held.delete(holder);
    else this.#held.set(holder, amount);
    while (this.#total > this.#max) this.#refuseLargest();
  }

  #refuseLargest(): void {
    const [largest] = [...this.#held].sort(([, a], [, b]) => b - a);
    if (largest === undefined) return;
    const [holder, amount] = largest;
    this.note(holder, 0);
    holder.fail(overLimit(this.#words(this.#max, amount)));
  }
}

/** The shared limits of a broker. */
export interface SharedLimits {
  /** Bytes of frames that have not ended. */
  readonly frames: SharedLimit;
  /** Bytes of messages in transactions that have not ended. */
  readonly transactions: SharedLimit;
  readonly subscriptions: SharedLimit;
}

/** Sets up the limits that all clients of a broker share. */
export function sharedLimits(limits: BrokerLimits): SharedLimits {
  const sent = (what: string) => (max: number, own: number) =>
    `Cannot take so much at once: clients have sent ${max} bytes of ${what} that do not end, you ${own} of them`;
  return {
    frames: new SharedLimit(limits.maxUnfinishedBytes, sent("messages")),
    transactions: new SharedLimit(
      limits.maxOpenTransactionBytes,
      sent("transactions"),
    ),
    subscriptions: new SharedLimit(
      limits.maxAllSubscriptions,
      (max, own) =>
        `Cannot subscribe: all clients together may have ${max} subscriptions, and you have most, ${own}`,
    ),
  };
}
