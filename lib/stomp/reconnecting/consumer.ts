/**
 * A subscription whose messages a handler takes.
 *
 * @module
 */
import type { LastingSubscription } from "./lasting_subscription.ts";
import type { StompMessage } from "../client/message.ts";
import { type ConsumeOptions, LEAVE, type MessageHandler } from "./options.ts";

/** Hands messages to a handler, and confirms each by what comes of it. */
export class Consumer implements AsyncDisposable {
  /** See `LastingSubscription.ready`. */
  readonly ready: Promise<void>;
  /**
   * Settles when no message comes any more and the last handler is done; fails
   * as the loop over a `LastingSubscription` does.
   */
  readonly done: Promise<void>;
  readonly #messages: LastingSubscription;
  readonly #handler: MessageHandler;
  readonly #onError: ConsumeOptions["onError"];

  /** Use `ReconnectingClient.consume()`; of the options, it wants them checked. */
  constructor(
    messages: LastingSubscription,
    handler: MessageHandler,
    { concurrency = 1, onError }: ConsumeOptions,
  ) {
    this.ready = messages.ready;
    this.#messages = messages;
    this.#handler = handler;
    this.#onError = onError;
    const all = messages[Symbol.asyncIterator]();
    const workers = Array.from({ length: concurrency }, () => this.#work(all));
    this.done = Promise.all(workers).then(() => {});
    // Whoever does not wait for it learns of a failure from the client.
    this.done.catch(() => {});
  }

  /** Takes no more messages, and waits for the handlers at work. */
  async unsubscribe(): Promise<void> {
    // First the last confirmations: a broker refuses them afterwards.
    this.#messages.finish(undefined);
    await this.done;
    await this.#messages.unsubscribe();
  }

  /** Unsubscribes; a failure to do so is not thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe().catch(() => {});
  }

  async #work(messages: AsyncIterator<StompMessage, void>): Promise<void> {
    for (;;) {
      const next = await messages.next();
      if (next.done === true) return;
      await this.#handle(next.value);
    }
  }

  async #handle(message: StompMessage): Promise<void> {
    let outcome: unknown = false;
    try {
      outcome = await this.#handler(message);
    } catch (error) {
      this.#onError?.(error, message);
    }
    if (this.#messages.ack === "auto") return;
    try {
      if (outcome === LEAVE) await this.#messages.widen();
      else await (outcome === false ? message.nack() : message.ack());
    } catch (error) {
      this.#onError?.(error, message);
    }
  }
}

/** @throws {RangeError} when the concurrency does not fit the mode */
export function checkConcurrency(
  { concurrency = 1, ack }: ConsumeOptions,
): void {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency must be at least 1, not ${concurrency}`);
  }
  if (concurrency > 1 && ack === "client") {
    // Confirming one confirms all before it, which may be at work still.
    throw new RangeError("concurrency must be 1 in mode client");
  }
}
