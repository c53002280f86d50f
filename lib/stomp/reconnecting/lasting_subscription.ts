/**
 * A subscription that goes on over one connection after another.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { StompClient } from "../client/client.ts";
import type { AckMode, StompMessage } from "../client/message.ts";
import type { LastingSubscribeOptions } from "./options.ts";
import { isRefused } from "./refusal.ts";
import type { Subscription } from "../client/subscription.ts";

/** What a lasting subscription needs of its client. */
interface Host {
  /** Connections it may cost before it is given up. */
  readonly maxLosses: number;
  /** It is no longer to be restored. */
  forget(subscription: LastingSubscription): void;
}

/** Messages of one destination, in the order of each connection; for one consumer at a time. */
export class LastingSubscription
  implements AsyncIterable<StompMessage>, AsyncDisposable {
  /** Its id on the wire, the same on every connection. */
  readonly id: string;
  /** What it subscribes to. */
  readonly destination: string;
  /** How its messages are confirmed. */
  readonly ack: AckMode;
  /**
   * Settles when a broker has confirmed the subscription for the first time;
   * fails as the loop over the messages does.
   */
  readonly ready: Promise<void>;
  readonly #options: LastingSubscribeOptions;
  readonly #host: Host;
  readonly #ready = Promise.withResolvers<void>();
  #current: Subscription | undefined;
  #changed = Promise.withResolvers<void>();
  #end: { error: SsmError | undefined } | undefined;
  #losses = 0;

  /** Use `ReconnectingClient.subscribe()`. */
  constructor(
    place: { id: string; destination: string },
    options: LastingSubscribeOptions,
    host: Host,
  ) {
    this.id = place.id;
    this.destination = place.destination;
    this.ack = options.ack ?? "client-individual";
    this.ready = this.#ready.promise;
    // Whoever does not wait for it learns of a failure from the loop.
    this.ready.catch(() => {});
    this.#options = options;
    this.#host = host;
  }

  /**
   * The messages, over all connections. A message whose connection was lost
   * before it was confirmed comes again, `redelivered` if the broker says so.
   * Leaving the loop does not unsubscribe. Ends after {@linkcode unsubscribe} or
   * when the client disconnects.
   *
   * @throws {SsmError} `STOMP_ERROR` when the broker refuses the subscription;
   * the reason for which the client gave up
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<StompMessage, void, void> {
    let last: Subscription | undefined;
    for (;;) {
      const current = this.#current;
      if (current !== last) {
        last = current;
        try {
          if (current !== undefined) yield* current;
        } catch {
          // That connection is lost, as the client's state says; another follows.
        }
      } else if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      } else {
        await this.#changed.promise;
      }
    }
  }

  /** As `Subscription.widen()`, for as long as this connection lasts. */
  async widen(): Promise<boolean> {
    return await this.#current?.widen() ?? false;
  }

  /**
   * Wants no more messages; those that came and are not confirmed go back.
   *
   * @throws {SsmError} as `StompClient.send()`
   */
  async unsubscribe(): Promise<void> {
    const current = this.#current;
    this.#host.forget(this);
    this.finish(undefined);
    await current?.unsubscribe();
  }

  /** Unsubscribes; a failure to do so is not thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Without a connection there is nothing to unsubscribe from.
    await this.unsubscribe().catch(() => {});
  }

  /**
   * Subscribes on a connection.
   *
   * @throws {SsmError} what ended the connection meanwhile; that the broker
   * refuses the subscription is not thrown here, but to those who read it
   */
  async restore(client: StompClient): Promise<void> {
    if (this.#end !== undefined) return;
    const receipt = `subscribe-${this.id}`;
    try {
      const subscription = await client.subscribe(this.destination, {
        ...this.#options,
        id: this.id,
        receipt,
      });
      this.#losses = 0;
      // It may have been cancelled while the broker was being asked.
      if (this.#end !== undefined) return await subscription.unsubscribe();
      this.#current = subscription;
      this.#ready.resolve();
      this.#wake();
    } catch (error) {
      if (!isRefused(client, receipt, error)) {
        this.#losses++;
        if (this.#losses < this.#host.maxLosses) throw error;
      }
      this.#host.forget(this);
      this.finish(error as SsmError);
      if (!client.open) throw error;
    }
  }

  /** No message will come any more, because of `error` or in order. */
  finish(error: SsmError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    // Messages at hand can still be confirmed; those not taken yet go back.
    this.#current?.finish(undefined);
    this.#ready.reject(
      error ?? new SsmError("ABORTED", "The subscription was ended on request"),
    );
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
