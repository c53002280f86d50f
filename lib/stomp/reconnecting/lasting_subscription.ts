/**
 * A subscription that goes on over one connection after another.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import type { StompClient } from "../client/client.ts";
import type { AckMode, StompMessage } from "../client/message.ts";
import type { Subscription } from "../client/subscription.ts";
import { EarlyLosses } from "./early_losses.ts";
import { isRefused, isUnspecificError } from "./fault.ts";
import type { LastingSubscribeOptions } from "./options.ts";

/** What a lasting subscription needs of its client. */
interface Host {
  /** Connections it may cost before it is given up. */
  readonly maxLosses: number;
  /** Whether the search for a broker goes on for ever. */
  readonly forEver: boolean;
  readonly clock: Clock;
  /** It is no longer to be restored. */
  forget(subscription: LastingSubscription): void;
}

/** What comes of a subscription over one connection. */
export interface SubscribedConnection {
  /** The connection that it came over. */
  readonly client: StompClient;
  /**
   * The messages that come over it.
   *
   * @throws {SsmError} the reason for which the connection was lost
   */
  readonly messages: AsyncIterable<StompMessage>;
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
  readonly #early: EarlyLosses;
  readonly #ready = Promise.withResolvers<void>();
  #current: { client: StompClient; subscription: Subscription } | undefined;
  #changed = Promise.withResolvers<void>();
  #end: { error: SsmError | undefined } | undefined;
  #losses = 0;

  /** Use `ReconnectingClient.subscribe()`. */
  constructor(
    place: { id: string; destination: string },
    options: LastingSubscribeOptions,
    host: Host,
  ) {
    const { ack = "client-individual", prefetch = 100 } = options;
    this.id = place.id;
    this.destination = place.destination;
    this.ack = ack;
    this.ready = this.#ready.promise;
    // Whoever does not wait for it learns of a failure from the loop.
    this.ready.catch(() => {});
    this.#options = options;
    this.#host = host;
    const { destination } = this;
    this.#early = new EarlyLosses({ destination, prefetch, clock: host.clock });
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
    for await (const { messages } of this.connections()) {
      try {
        yield* messages;
      } catch {
        // That connection is lost, as the client's state says; another follows.
      }
    }
  }

  /**
   * The same connection by connection, for those to whom it matters over which
   * one a message came. A connection that was lost meanwhile is left out.
   *
   * @throws {SsmError} as the loop over the messages
   */
  async *connections(): AsyncGenerator<SubscribedConnection, void, void> {
    let last: Subscription | undefined;
    for (;;) {
      const current = this.#current;
      if (current !== undefined && current.subscription !== last) {
        last = current.subscription;
        yield { client: current.client, messages: this.#messagesOf(last) };
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
    return await this.#current?.subscription.widen() ?? false;
  }

  /**
   * Wants no more messages; those that came and are not confirmed go back.
   *
   * @throws {SsmError} as `StompClient.send()`
   */
  async unsubscribe(): Promise<void> {
    const current = this.#current?.subscription;
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
    const { receipt = true, ...options } = this.#options;
    try {
      const { subscription, confirmed } = client.subscribing(this.destination, {
        ...options,
        id: this.id,
        receipt: receipt ? `subscribe-${this.id}` : undefined,
      });
      // Messages may come before the broker has confirmed the subscription.
      this.#current = { client, subscription };
      this.#early.connected();
      this.#wake();
      await confirmed;
      this.#losses = 0;
      // It may have been cancelled while the broker was being asked.
      if (this.#end !== undefined) return await subscription.unsubscribe();
      this.#ready.resolve();
    } catch (error) {
      if (!isRefused(client, error) && this.#mayGoOn(error as SsmError)) {
        throw error;
      }
      this.#host.forget(this);
      this.finish(error as SsmError);
      if (!client.open) throw error;
    }
  }

  /** A connection over which its messages came has ended. */
  lose(client: StompClient, why: SsmError): void {
    if (this.#current?.client !== client) return;
    const words = this.#early.lost(why);
    if (words !== undefined) this.#options.onEarlyLosses?.(words);
  }

  /** No message will come any more, because of `error` or in order. */
  finish(error: SsmError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    // Messages at hand can still be confirmed; those not taken yet go back.
    this.#current?.subscription.finish(undefined);
    this.#ready.reject(
      error ?? new SsmError("ABORTED", "The subscription was ended on request"),
    );
    this.#wake();
  }

  async *#messagesOf(
    subscription: Subscription,
  ): AsyncGenerator<StompMessage, void, void> {
    for await (const message of subscription) {
      this.#losses = 0;
      this.#early.received(message.messageId);
      yield message;
    }
  }

  /** The connection ended before the broker had confirmed the subscription. */
  #mayGoOn(why: SsmError): boolean {
    const { maxLosses, forEver } = this.#host;
    // What asks for no receipt is never known to be refused.
    if (++this.#losses < maxLosses || this.#options.receipt === false) {
      return true;
    }
    return !forEver && !isUnspecificError(why);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
