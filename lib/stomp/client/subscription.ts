/**
 * A subscription: the messages that came and wait to be taken.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { AckMode, StompMessage } from "./message.ts";

/** What a subscription asks for. */
export interface SubscribeOptions {
  /** How messages are confirmed. @default "client-individual" */
  ack?: AckMode | undefined;
  /**
   * Messages the broker may send ahead of their acknowledgement, as ActiveMQ
   * (`activemq.prefetchSize`) and RabbitMQ (`prefetch-count`) understand it. As
   * many bodies may be in memory. @default 100
   */
  prefetch?: number | undefined;
  /**
   * Bytes the broker may send ahead of their acknowledgement, as Artemis
   * (`consumer-window-size`) understands it. @default 1048576 (1 MiB)
   */
  prefetchBytes?: number | undefined;
  /**
   * In mode `auto`: bytes that may wait to be taken before reading stops, which
   * stops receipts too. @default 16777216 (16 MiB)
   */
  maxWaitingBytes?: number | undefined;
  /** Its id on the wire. @default a number that this connection has not used */
  id?: string | undefined;
  /** Further headers, such as `selector`. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Asks for a receipt, of this id or of any. @default none */
  receipt?: string | true | undefined;
}

/** Messages a broker may send beyond the prefetch it was asked to keep to. */
const PREFETCH_SLACK = 1000;

/** A broker need not give a connection more subscriptions than that. */
const MAX_WIDENINGS = 200;

/** How a subscription speaks to the broker. */
interface Requests {
  unsubscribe(): Promise<void>;
  /** Asks for one message more, under another id. */
  widen(): Promise<void>;
}

/** Messages of one subscription, in order; for one consumer at a time. */
export class Subscription
  implements AsyncIterable<StompMessage>, AsyncDisposable {
  /** Its id on the wire. */
  readonly id: string;
  /** What it subscribes to. */
  readonly destination: string;
  /** How its messages are confirmed. */
  readonly ack: AckMode;
  #prefetch: number;
  readonly #maxWaitingBytes: number;
  readonly #requests: Requests;
  readonly #waiting: StompMessage[] = [];
  #waitingBytes = 0;
  #widenings = 0;
  #released = false;
  #wake: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #end: { error: SsmError | undefined } | undefined;

  /** Use `StompClient.subscribe()`. */
  constructor(
    place: { id: string; destination: string },
    options: { ack: AckMode; prefetch: number; maxWaitingBytes: number },
    requests: Requests,
  ) {
    this.id = place.id;
    this.destination = place.destination;
    this.ack = options.ack;
    this.#prefetch = options.prefetch;
    this.#maxWaitingBytes = options.maxWaitingBytes;
    this.#requests = requests;
  }

  /**
   * The messages, from the first not yet taken. Leaving the loop does not
   * unsubscribe; a later loop goes on. Ends after {@linkcode unsubscribe} or
   * when the connection was closed in order.
   *
   * Of a lost connection, messages of mode `auto` that came before are still
   * handed out; others are not, for the broker will deliver them again.
   *
   * @throws {SsmError} the reason for which the connection was lost.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<StompMessage, void, void> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#waitingBytes -= message.body.length;
        if (!this.#isFull()) this.#room?.resolve();
        yield message;
      } else if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      } else {
        this.#wake ??= Promise.withResolvers();
        await this.#wake.promise;
        this.#wake = undefined;
      }
    }
  }

  /** Wants no more messages; those that came and are not acknowledged go back. */
  unsubscribe(): Promise<void> {
    return this.#requests.unsubscribe();
  }

  /**
   * Lets the broker send one message more ahead, in the place of one that is left
   * unconfirmed for as long as this connection lasts. The prefetch of a subscription
   * cannot be changed: a further one is added beside it. At most 200 times.
   *
   * @returns whether it was done
   * @throws {SsmError} as `StompClient.send()`
   */
  async widen(): Promise<boolean> {
    if (!isQueue(this.destination) || this.#end !== undefined) return false;
    if (this.#widenings >= MAX_WIDENINGS) return false;
    this.#widenings++;
    this.#prefetch++;
    await this.#requests.widen();
    return true;
  }

  /** Unsubscribes; a failure to do so is not thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Without a connection there is nothing to unsubscribe from.
    await this.unsubscribe().catch(() => {});
  }

  /**
   * Takes in a message.
   *
   * @returns a promise when reading should stop until it settles
   * @throws {SsmError} `LIMIT` when the broker does not keep to the prefetch
   */
  offer(message: StompMessage): Promise<void> | undefined {
    if (this.#end !== undefined) return undefined;
    this.#waiting.push(message);
    this.#waitingBytes += message.body.length;
    this.#wake?.resolve();
    if (this.ack === "auto") {
      if (!this.#isFull()) return undefined;
      this.#room = Promise.withResolvers();
      return this.#room.promise;
    }
    if (this.#waiting.length > this.#prefetch + PREFETCH_SLACK) {
      throw new SsmError(
        "LIMIT",
        `Cannot receive from "${this.destination}": ${this.#waiting.length} ` +
          `messages wait, the broker ignores the prefetch of ${this.#prefetch}`,
      );
    }
    return undefined;
  }

  /** Never again asks reading to stop. */
  release(): void {
    this.#released = true;
    this.#room?.resolve();
  }

  /** No message will come any more, because of `error` or in order. */
  finish(error: SsmError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (this.ack !== "auto") this.#waiting.length = 0;
    this.#wake?.resolve();
    this.#room?.resolve();
  }

  #isFull(): boolean {
    if (this.#released) return false;
    return this.#waitingBytes > this.#maxWaitingBytes ||
      this.#waiting.length > this.#prefetch + PREFETCH_SLACK;
  }
}

/**
 * Whether a message that is not confirmed stays for whoever asks next, as far
 * as the destination tells; elsewhere each subscription has a copy of its own.
 */
export function isQueue(destination: string): boolean {
  return /^([^/]|\/queue\/|\/amq\/queue\/)/.test(destination);
}
