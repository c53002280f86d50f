/**
 * The answers of an SSM1 consumer.
 *
 * They leave on a connection of their own. Where an answer goes is for its asker
 * to say, and most brokers hang up on a client that sends to a destination that they
 * do not like: the subscription must not suffer from that.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { type Endpoint, ReconnectingClient } from "../../stomp/mod.ts";

/** One answer. */
export interface Answer {
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Answers that may be on their way at a time; what is left out is asked for again. */
const MAX_ANSWERS = 1000;

/** Connections that one answer may cost while others get through. */
const MAX_LOSSES = 2;

/** How long a goodbye may take; what is not confirmed by then is asked for again. */
const GOODBYE_MS = 2000;

/** Sends answers, each on its own merits. */
export class Ssm1Answers {
  readonly #log: Logger;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** The broker of the questions. */
  #endpoint: Endpoint | undefined;
  #client: ReconnectingClient | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Answers from now on go to this broker. */
  moveTo(endpoint: Endpoint): void {
    if (this.#endpoint === endpoint) return;
    this.#endpoint = endpoint;
    this.#leave();
  }

  /**
   * Sends an answer. Not waited for: one that is lost is given again when the
   * question comes again.
   */
  send(answer: Answer): void {
    if (this.#underWay.size >= MAX_ANSWERS) {
      this.#log.warning("Too many answers are on their way: one is left out.");
      return;
    }
    const sent = this.#deliver(answer).finally(() =>
      this.#underWay.delete(sent)
    );
    this.#underWay.add(sent);
  }

  /** Settles when all answers have left, or failed. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Sends no more; answers that are still on their way fail. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#leave();
    await this.idle();
  }

  async #deliver({ destination, headers, body }: Answer): Promise<void> {
    try {
      await this.#opened().send(destination, body, { headers });
    } catch (error) {
      this.#log.warning(`Cannot answer to ${destination}: ${reason(error)}`);
    }
  }

  /** The client, or another one when that has given up. */
  #opened(): ReconnectingClient {
    if (this.#client && this.#client.state !== "disconnected") {
      return this.#client;
    }
    return this.#client = new ReconnectingClient({
      dial: this.#endpoint ?? [],
      connect: "needed",
      // An answer that is lost is given again when the question comes again.
      retryForMs: 0,
      maxLosses: MAX_LOSSES,
      maxPendingBytes: Infinity,
      signal: this.#stop.signal,
    });
  }

  async #leave(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.disconnect({ timeoutMs: GOODBYE_MS })
      .catch(() => client.close());
  }
}
