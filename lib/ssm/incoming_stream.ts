/**
 * What both protocols have in common on the receiving side.
 *
 * Runs for months: a lost connection is followed by another, at once and then
 * with growing pauses, over all brokers.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import {
  backoff,
  type Clock,
  EarlyLosses,
  GOOD_CONNECTION_MS,
  sleep,
  type StompClient,
  type StompMessage,
  within,
} from "../stomp/mod.ts";
import type {
  AnsweredArrival,
  Arrival,
  IncomingProtocol,
} from "./answering.ts";
import type { Delivery, IncomingCarrier } from "./carrier.ts";
import { connectAny, type Endpoint, startingWith } from "./endpoints.ts";
import { OversizedMessages } from "./oversized.ts";

/** Settings of an {@linkcode IncomingStream}. */
export interface IncomingStreamOptions {
  readonly endpoints: readonly Endpoint[];
  /** Queue or topic to receive from. */
  readonly destination: string;
  /** Unconfirmed messages the broker may send ahead. @default 10 */
  readonly prefetch?: number;
  /** How long a stop waits for messages at hand to be stored, in ms. @default 20000 */
  readonly stopGraceMs?: number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random?: () => number;
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
    const { log, clock, random, prefetch = PREFETCH } = this.#options;
    const losses = new EarlyLosses({ ...this.#options, prefetch });
    let shortLived = 0;
    while (!signal.aborted) {
      // At once after a loss; then with pauses, beginning with the next broker.
      const turns = Math.max(shortLived - 1, 0);
      const wait = backoff(turns, { ...(random && { random }) });
      await sleep(clock, wait, signal);
      const client = await this.#connect(signal, turns);
      if (!client) return;
      const since = clock.now();
      losses.connected();
      try {
        yield* this.#onConnection(client, signal, losses);
      } catch (error) {
        if (!isSsmError(error)) throw error;
        log.warning("Connection lost.");
        log.warning(`Connection lost because: ${reason(error)}`);
        const alarm = losses.lost(error);
        if (alarm !== undefined) log.error(alarm);
      } finally {
        await this.#leave(client);
      }
      const lasted = clock.now() - since >= GOOD_CONNECTION_MS;
      shortLived = lasted ? 0 : shortLived + 1;
    }
  }

  async #connect(
    signal: AbortSignal,
    turns: number,
  ): Promise<StompClient | undefined> {
    try {
      const client = await connectAny({
        ...this.#options,
        endpoints: startingWith(this.#options.endpoints, turns),
        signal,
        retryForMs: Infinity,
      });
      this.#options.log.info("Connected.");
      return client;
    } catch (error) {
      if (isSsmError(error, "ABORTED")) return undefined;
      throw error;
    }
  }

  async *#onConnection(
    client: StompClient,
    signal: AbortSignal,
    losses: EarlyLosses,
  ): AsyncGenerator<Delivery> {
    const { destination, prefetch = PREFETCH, log } = this.#options;
    const subscription = await client.subscribe(destination, {
      ack: "client-individual",
      prefetch,
    });
    log.info(`Subscribing to: ${destination}`);
    const { receiverAnswers } = this.#protocol;
    const oversized = new OversizedMessages(log, subscription, receiverAnswers);
    const settled = () => this.#settled(client);
    for await (const message of until(signal, subscription)) {
      losses.received(message.messageId);
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
  async #leave(client: StompClient): Promise<void> {
    const { clock, stopGraceMs = 20_000 } = this.#options;
    const filed = Promise.all(this.#outstanding);
    await within(clock, stopGraceMs, Promise.race([filed, client.closed]));
    // A goodbye that fails loses nothing: unconfirmed messages come again.
    await client.disconnect().catch(() => client.close());
  }
}

/**
 * What comes before the signal is aborted. The subscription itself is left
 * alone then: a broker refuses acknowledgements once it is cancelled, and the
 * messages at hand still want theirs.
 */
async function* until(
  signal: AbortSignal,
  messages: AsyncIterable<StompMessage>,
): AsyncGenerator<StompMessage> {
  const iterator = messages[Symbol.asyncIterator]();
  while (!signal.aborted) {
    const next = await untilAborted(signal, iterator.next());
    if (!next || next.done) return;
    yield next.value;
  }
}

/**
 * `undefined` once the signal is aborted. Not `Promise.race` against one
 * promise of the stop: that would remember every wait of a months' run.
 */
function untilAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}
