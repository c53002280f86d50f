/**
 * How far the consumers of a subscription have come.
 *
 * @module
 */

/** What is known of a subscription after a restart. */
export interface SubscriptionState {
  readonly name: string;
  /** The next message. */
  readonly offset: number;
  /** How long a pull may be acknowledged. */
  readonly ackDeadlineSeconds: number;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
}

/** The words for an acknowledgement that counts for nothing. */
export type WrongAck = "no ack pending" | "wrong ack" | "ack timeout";

/** AMS gives every new subscription this deadline. */
export const ACK_DEADLINE_SECONDS = 10;

/**
 * A subscription. There are no leases: every consumer gets the same messages
 * until one of them acknowledges, and only what the latest pull handed out can be
 * acknowledged, once.
 */
export class Subscription {
  readonly name: string;
  readonly created: number;
  ackDeadlineSeconds: number;
  #offset: number;
  #window: { readonly end: number; readonly at: number } | undefined;

  constructor(state: SubscriptionState) {
    this.name = state.name;
    this.created = state.created;
    this.ackDeadlineSeconds = state.ackDeadlineSeconds;
    this.#offset = state.offset;
  }

  /** The next message. */
  get offset(): number {
    return this.#offset;
  }

  /** What is to be known of it after a restart. */
  get state(): SubscriptionState {
    const { name, offset, ackDeadlineSeconds, created } = this;
    return { name, offset, ackDeadlineSeconds, created };
  }

  /** So many messages, from the next on, were handed out at that time. */
  handedOut(count: number, now: number): void {
    this.#window = { end: this.#offset + count, at: now };
  }

  /** Goes to another message; what was handed out can be acknowledged no more. */
  moveTo(offset: number): void {
    this.#offset = offset;
    this.#window = undefined;
  }

  /** Goes behind the message of that offset, if that was handed out in time. */
  acknowledge(offset: number, now: number): WrongAck | undefined {
    const next = offset + 1;
    // The order of the checks is that of AMS.
    if (this.#window === undefined || this.#window.end === 0) {
      return "no ack pending";
    }
    const { end, at } = this.#window;
    if (next <= this.#offset || next > end) return "wrong ack";
    if (Math.floor((now - at) / 1000) > this.ackDeadlineSeconds) {
      return "ack timeout";
    }
    this.moveTo(next);
    return undefined;
  }
}
