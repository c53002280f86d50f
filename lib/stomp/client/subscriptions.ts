/**
 * The subscriptions of one client.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { FrameHeaders } from "../frame/frame.ts";
import type { Subscription } from "./subscription.ts";

/** Subscriptions by id. */
export class Subscriptions {
  readonly #byId = new Map<string, Subscription>();
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
  }

  /** Ends a subscription. @returns whether there was one */
  remove(id: string, error?: SsmError): boolean {
    this.#byId.get(id)?.finish(error);
    return this.#byId.delete(id);
  }

  /** Ends all subscriptions. */
  removeAll(error: SsmError | undefined): void {
    for (const id of [...this.#byId.keys()]) this.remove(id, error);
  }

  /** Lets reading go on, whoever takes the messages or not. */
  releaseAll(): void {
    for (const subscription of this.#byId.values()) subscription.release();
  }

  /** Whose message that is; nobody's, when it crossed our UNSUBSCRIBE. */
  ownerOf(headers: FrameHeaders): Subscription | undefined {
    const id = headers.get("subscription");
    if (id !== undefined) return this.#byId.get(id);
    // STOMP 1.0 names the subscription only if it likes.
    const destination = headers.get("destination");
    return this.#byId.values().find((one) => one.destination === destination);
  }
}
