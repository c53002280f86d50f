/**
 * The subscriptions of one client.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { FrameHeaders } from "../frame/frame.ts";
import type { Subscription } from "./subscription.ts";

/** Subscriptions that have ended and are remembered, for messages that crossed the UNSUBSCRIBE. */
const MAX_ENDED = 1000;

/** Subscriptions by id. */
export class Subscriptions {
  readonly #byId = new Map<string, Subscription>();
  /** The name by which each ended one is known to the broker, the latest last. */
  readonly #ended = new Set<string>();
  #next = 1;

  /** An id that this client has not used. */
  newId(): string {
    let id: string;
    do id = `${this.#next++}`; while (this.#byId.has(id));
    return id;
  }

  /** @throws {TypeError} when the id is in use */
  add(subscription: Subscription): void {
    const { id } = subscription;
    if (this.#byId.has(id)) {
      throw new TypeError(`The subscription "${id}" exists already`);
    }
    this.#byId.set(id, subscription);
    this.#ended.delete(id);
  }

  /** Ends a subscription. @returns whether there was one */
  remove(id: string, error?: SsmError): boolean {
    const subscription = this.#byId.get(id);
    if (subscription === undefined) return false;
    subscription.finish(error);
    this.#byId.delete(id);
    for (const name of [id, subscription.destination]) {
      this.#ended.delete(name);
      this.#ended.add(name);
    }
    for (const oldest of this.#ended) {
      if (this.#ended.size <= 2 * MAX_ENDED) break;
      this.#ended.delete(oldest);
    }
    return true;
  }

  /** Ends all subscriptions. */
  removeAll(error: SsmError | undefined): void {
    for (const id of [...this.#byId.keys()]) this.remove(id, error);
  }

  /** Lets reading go on, whoever takes the messages or not. */
  releaseAll(): void {
    for (const subscription of this.#byId.values()) subscription.release();
  }

  /** Whether it is a message of a subscription that has ended: it crossed our UNSUBSCRIBE. */
  hasEnded(headers: FrameHeaders): boolean {
    const name = headers.get("subscription") ?? headers.get("destination");
    return name !== undefined && this.#ended.has(name);
  }

  /** Whose message that is, if anybody's. */
  ownerOf(headers: FrameHeaders): Subscription | undefined {
    const id = headers.get("subscription");
    if (id !== undefined) return this.#byId.get(id);
    // STOMP 1.0 names the subscription only if it likes.
    const destination = headers.get("destination");
    return this.#byId.values().find((one) => one.destination === destination);
  }
}
