/**
 * What becomes of messages that are larger than the limit.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import {
  isQueue,
  type LastingSubscription,
  type StompMessage,
} from "../../stomp/mod.ts";

/**
 * Passes over the messages of one connection that came without their body, because
 * it was too large.
 *
 * What was not stored is not confirmed: on the broker nothing of it is lost, and
 * with a higher limit it comes again. Each time another message gets its place in
 * the window, so that the good ones behind it come in, and no more of them are in
 * memory than before. Where the receiver answers, the sender keeps what is not
 * answered, and it can be confirmed.
 */
export class OversizedMessages {
  readonly #log: Logger;
  readonly #subscription: LastingSubscription;
  readonly #receiverAnswers: boolean;
  #blocked = false;

  constructor(
    log: Logger,
    subscription: LastingSubscription,
    receiverAnswers: boolean,
  ) {
    this.#log = log;
    this.#subscription = subscription;
    this.#receiverAnswers = receiverAnswers;
  }

  /**
   * Whether its body was too large.
   *
   * @param id the sender's name for it, if it has one
   * @returns what is to be done with it then
   */
  async judge(
    message: StompMessage,
    id: string,
  ): Promise<"whole" | "confirm" | "leave"> {
    const { trimmed } = message;
    const { destination } = this.#subscription;
    if (!trimmed) return "whole";
    const name = id || "noid";
    if (trimmed.headers > 0) {
      this.#log.warning(
        `Message ${name} in ${destination} has ${trimmed.headers} headers ` +
          "that cannot be read or are over the limits: they are ignored.",
      );
    }
    if (trimmed.bodyBytes === 0) return "whole";
    const queue = isQueue(destination);
    const place = this.#receiverAnswers
      ? "stays with its sender"
      : queue
      ? "stays on the broker"
      : "is lost, for a topic keeps nothing";
    this.#log.error(
      `Message ${name} in ${destination} ${place}: it has ${trimmed.bodyBytes} ` +
        "bytes, more than max_message_size allows.",
    );
    if (this.#receiverAnswers || !queue) return "confirm";
    if (!await this.#subscription.widen()) this.#sayBlocked();
    return "leave";
  }

  #sayBlocked(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    this.#log.error(
      `Too many messages in ${this.#subscription.destination} are larger than ` +
        "max_message_size: when the window is full of them, nothing more comes. " +
        "Raise the limit, or move them to another queue.",
    );
  }
}
