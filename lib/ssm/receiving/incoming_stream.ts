/**
 * What both protocols have in common on the receiving side.
 *
 * Runs for months, over one connection after another.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import {
  type LastingSubscription,
  type ReconnectingClient,
  type StompClient,
  type StompMessage,
  type SubscribedConnection,
  within,
} from "../../stomp/mod.ts";
import type {
  AnsweredArrival,
  Arrival,
  IncomingProtocol,
} from "../answering.ts";
import { type BrokersOptions, openClient } from "../brokers.ts";
import type { Delivery, IncomingCarrier } from "../carrier.ts";
import { untilAborted } from "../stopping.ts";
import { OversizedMessages } from "./oversized.ts";

/** Settings of an {@linkcode IncomingStream}. */
export interface IncomingStreamOptions extends BrokersOptions {
  /** Queue or topic to receive from. */
  readonly destination: string;
  /** Unconfirmed messages the broker may send ahead. @default 10 */
  readonly prefetch?: number;
  /** How long a stop waits for messages at hand to be stored, in ms. @default 20000 */
  readonly stopGraceMs?: number;
}

/** Unconfirmed messages the broker may send ahead, unless told otherwise. */
const PREFETCH = 10;

/** Receives messages of one protocol, each confirmed on its own. */
export class IncomingStream implements IncomingCarrier {
  readonly #options: IncomingStreamOptions;
  readonly #protocol: IncomingProtocol;
  /** Handed out, neither confirmed nor abandoned yet. */
  readonly #outstanding = new Set<Promise<void>>();
  /** Connections over which something was handed out that the broker may not know to be confirmed. */
  readonly #unsure = new WeakSet<StompClient>();

  constructor(options: IncomingStreamOptions, protocol: IncomingProtocol) {
    this.#options = options;
    this.#protocol = protocol;
  }

  async *deliveries(signal: AbortSignal): AsyncGenerator<Delivery> {
    const { destination, prefetch = PREFETCH, log } = this.#options;
    const client = openClient(this.#options, {
      signal,
      onConnected: () => log.info(`Subscribing to: ${destination}`),
      onLost: (why) => {
        log.warning("Connection lost.");
        log.warning(`Connection lost because: ${reason(why)}`);
      },
    });
    const messages = client.subscribe(destination, {
      prefetch,
      receipt: false,
      onEarlyLosses: (words) => log.error(words),
    });
    try {
      for await (const connection of until(signal, messages.connections())) {
        try {
          yield* this.#over(connection, messages, signal);
        } catch (error) {
          if (!isSsmError(error)) throw error;
          // If it stands yet: what is not confirmed on it is to come again.
          await this.#filed(connection.client.closed);
          connection.client.close(error);
        }
      }
    } finally {
      await this.#leave(client);
    }
  }

  async *#over(
    { client, messages }: SubscribedConnection,
    subscription: LastingSubscription,
    signal: AbortSignal,
  ): AsyncGenerator<Delivery> {
    const { receiverAnswers } = this.#protocol;
    const { log } = this.#options;
    const oversized = new OversizedMessages(log, subscription, receiverAnswers);
    const settled = () => this.#settled(client);
    for await (const message of until(signal, messages)) {
      const name = this.#protocol.nameOf(message);
      const fate = await untilAborted(signal, oversized.judge(message, name));
      if (fate !== "whole") {
        if (fate === "confirm") {
          await untilAborted(signal, this.#acknowledge(message));
        }
        continue;
      }
      // A stop waits for no broker: what is not confirmed comes again.
      const taken = await untilAborted(
        signal,
        this.#protocol.take(message, settled),
      );
      if (taken) yield this.#delivery(message, taken, client);
      else if (signal.aborted) return;
      else await untilAborted(signal, this.#acknowledge(message));
      if (taken && "forgot" in taken && taken.forgot) {
        await untilAborted(signal, settled());
      }
    }
  }

  /** @throws {SsmError} `CONNECTION_LOST` when something may come again. */
  async #settled(client: StompClient): Promise<void> {
    await Promise.all(this.#outstanding);
    if (client.open && !this.#unsure.has(client)) return;
    throw new SsmError(
      "CONNECTION_LOST",
      "The broker may not have every acknowledgement",
    );
  }

  /** Confirms a message; where it matters, settles only when the broker has confirmed that. */
  async #acknowledge(message: StompMessage): Promise<void> {
    await message.ack(this.#protocol.receiverAnswers ? { receipt: true } : {});
  }

  #delivery(
    message: StompMessage,
    taken: Arrival | AnsweredArrival,
    client: StompClient,
  ): Delivery {
    const settled = Promise.withResolvers<void>();
    this.#outstanding.add(settled.promise);
    settled.promise.then(() => this.#outstanding.delete(settled.promise));
    return {
      id: taken.id,
      key: taken.key,
      origin: taken.origin,
      body: message.body,
      ack: async (opened) => {
        try {
          if ("answer" in taken) taken.answer(opened);
          await this.#acknowledge(message);
        } catch (error) {
          this.#unsure.add(client);
          throw error;
        } finally {
          settled.resolve();
        }
      },
      abandon: () => {
        this.#unsure.add(client);
        settled.resolve();
      },
    };
  }

  /** Says goodbye, once what was handed out has found its place. */
  async #leave(client: ReconnectingClient): Promise<void> {
    await this.#filed(client.closed);
    // A goodbye that fails loses nothing: unconfirmed messages come again.
    await client.disconnect().catch(() => client.close());
  }

  /** Waits for what was handed out, unless it could no longer be confirmed. */
  async #filed(closed: Promise<unknown>): Promise<void> {
    const { clock, stopGraceMs = 20_000 } = this.#options;
    const filed = Promise.all(this.#outstanding);
    await within(clock, stopGraceMs, Promise.race([filed, closed]));
  }
}

/**
 * What comes before the signal is aborted. The subscription itself is left
 * alone then: a broker refuses acknowledgements once it is cancelled, and the
 * messages at hand still want theirs.
 */
async function* until<T>(
  signal: AbortSignal,
  values: AsyncIterable<T>,
): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]();
  while (!signal.aborted) {
    const next = await untilAborted(signal, iterator.next());
    if (!next || next.done) return;
    yield next.value;
  }
}
