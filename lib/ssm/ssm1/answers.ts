/**
 * The answers of an SSM1 consumer.
 *
 * They leave on a connection of their own. Where an answer goes is for its asker
 * to say, and most brokers hang up on who sends to a destination that they do not
 * like: the subscription must not suffer from that.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { type StompClient, StompError } from "../../stomp/mod.ts";
import type { Endpoint } from "../endpoints.ts";

/** One answer. */
export interface Answer {
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A connection, or one that is being made. */
class Line {
  readonly connecting: Promise<StompClient>;
  client: StompClient | undefined;

  constructor(endpoint: Endpoint | undefined, signal: AbortSignal) {
    this.connecting = this.#connect(endpoint, signal);
  }

  async #connect(
    endpoint: Endpoint | undefined,
    signal: AbortSignal,
  ): Promise<StompClient> {
    if (!endpoint) {
      throw new SsmError("CONNECT", "There is no broker to answer to");
    }
    return this.client = await endpoint.connect(signal);
  }
}

/** Answers that may be on their way at a time; what is left out is asked for again. */
const MAX_ANSWERS = 1000;

/** Sends answers, each on its own merits. */
export class Ssm1Answers {
  readonly #log: Logger;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** The broker of the questions. */
  #endpoint: Endpoint | undefined;
  #line: Line | undefined;
  /** Settles when the suspects before have been sent, each alone. */
  #suspects = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Answers from now on go to this broker. */
  moveTo(endpoint: Endpoint): void {
    if (this.#endpoint === endpoint) return;
    this.#endpoint = endpoint;
    this.#leave(this.#line);
    this.#line = undefined;
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
    await this.#leave(this.#line);
    await this.idle();
  }

  async #deliver(answer: Answer): Promise<void> {
    try {
      await this.#attempt(answer);
    } catch (error) {
      if (isRefusal(error)) return this.#giveUp(answer, error);
      // A connection ended with several answers on it: each is tried again,
      // alone, so that the one that it is ended for takes no other along.
      this.#suspects = this.#suspects.then(() =>
        this.#attempt(answer).catch((error) => this.#giveUp(answer, error))
      );
      await this.#suspects;
    }
  }

  async #attempt({ destination, headers, body }: Answer): Promise<void> {
    const client = await this.#connected();
    try {
      await client.send(destination, body, { headers, receipt: true });
    } catch (error) {
      // After an ERROR the broker is free to hang up, and one that does not
      // confirm in time is as good as gone: nothing more is sent there.
      if (error instanceof StompError || isSsmError(error, "TIMEOUT")) {
        client.close();
      }
      throw error;
    }
  }

  /** All wait for the same promise, and so go on in the order in which they came. */
  #connected(): Promise<StompClient> {
    const current = this.#line;
    if (current && (current.client?.open ?? true)) return current.connecting;
    const line = new Line(this.#endpoint, this.#stop.signal);
    this.#line = line;
    line.connecting.catch(() => {
      if (this.#line === line) this.#line = undefined;
    });
    return line.connecting;
  }

  #giveUp({ destination }: Answer, error: unknown): void {
    this.#log.warning(`Cannot answer to ${destination}: ${reason(error)}`);
  }

  async #leave(line: Line | undefined): Promise<void> {
    const client = await line?.connecting.catch(() => undefined);
    // A goodbye that fails loses nothing that is still waited for.
    await client?.disconnect().catch(() => client.close());
  }
}

/** The broker refuses this one and lives on. */
function isRefusal(error: unknown): boolean {
  return error instanceof StompError && error.frame.headers.has("receipt-id");
}
