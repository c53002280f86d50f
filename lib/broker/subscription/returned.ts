/**
 * What went back to its queue by UNSUBSCRIBE.
 *
 * An ACK or NACK that was on its way meanwhile comes too late: somebody else may
 * have the message already. It is no fault of the client either.
 *
 * @module
 */
import type { Delivery } from "./subscription.ts";

/** Remembers the last of them. */
export class Returned {
  readonly #limit: number;
  /** Ids of deliveries and of messages, the oldest first; none is both. */
  readonly #ids = new Set<string>();

  /** @param limit how many are remembered */
  constructor(limit: number) {
    this.#limit = 2 * limit;
  }

  /** Remembers these, and forgets the oldest. */
  add(deliveries: readonly Delivery[]): void {
    for (const { id, messageId } of deliveries) {
      this.#ids.add(id).add(messageId);
    }
    for (const id of this.#ids) {
      if (this.#ids.size <= this.#limit) return;
      this.#ids.delete(id);
    }
  }

  /** Tells whether it remembers the one that an ACK or NACK names. */
  has(by: { id: string } | { messageId: string }): boolean {
    return this.#ids.has("id" in by ? by.id : by.messageId);
  }
}
