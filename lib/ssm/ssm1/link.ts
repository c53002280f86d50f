/**
 * One connection of an SSM1 producer: questions go to the consumer's topic,
 * answers come to a queue of the producer's own.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, StompClient, Subscription } from "../../stomp/mod.ts";
import {
  ID,
  reackOf,
  REJECTED,
  ssm1Headers,
  type Ssm1Type,
  TYPE,
} from "./headers.ts";

/** Settings of an {@linkcode Ssm1Link}. */
export interface Ssm1LinkOptions {
  /** Where the consumer listens. */
  readonly destination: string;
  /** Where answers are to come. */
  readonly ackQueue: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A frame to the consumer. */
export interface Question {
  readonly type: Exclude<Ssm1Type, "ack" | "certresp">;
  readonly id?: string;
  readonly body?: Uint8Array;
  /** The digest that the consumer may forget. */
  readonly reack?: string | undefined;
}

/** How long to wait for an answer, and what to say if it does not come. */
export interface Patience {
  readonly ms: number;
  readonly otherwise: string;
}

const NOTHING = new Uint8Array(0);

/** A connection on which answers are listened to. */
export class Ssm1Link {
  readonly #client: StompClient;
  readonly #options: Ssm1LinkOptions;
  /** Whoever waits for the ack of that digest. */
  #ack:
    | { digest: string; answer: PromiseWithResolvers<"taken" | "rejected"> }
    | undefined;
  /** Whoever waits for a certificate. */
  #onCertificate: ((pem: Uint8Array) => void) | undefined;
  /** Ends the waits for an answer, with why. */
  readonly #giveUps = new Set<(why: SsmError) => void>();

  private constructor(client: StompClient, options: Ssm1LinkOptions) {
    this.#client = client;
    this.#options = options;
    // Once, and not for each question: a connection may live for months.
    client.closed.then((why) => {
      for (const giveUp of this.#giveUps) giveUp(why ?? lost());
    });
  }

  /**
   * Subscribes to the answers. The connection is closed if that fails.
   *
   * @throws {SsmError} `CONNECTION_LOST`, `STOMP_ERROR`
   */
  static async open(
    client: StompClient,
    options: Ssm1LinkOptions,
  ): Promise<Ssm1Link> {
    const link = new Ssm1Link(client, options);
    try {
      const answers = await client.subscribe(options.ackQueue, { ack: "auto" });
      options.log.info(`Subscribing to: ${options.ackQueue}`);
      link.#listen(answers);
      return link;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Whether the connection still stands. */
  get open(): boolean {
    return this.#client.open;
  }

  /**
   * Sends a frame; settles when the broker has it. A broker that does not say so
   * in time is given up like one that is gone.
   *
   * @throws {SsmError} `CONNECTION_LOST`, `STOMP_ERROR`, `STOMP_PROTOCOL`
   */
  async send({ type, id, body = NOTHING, reack }: Question): Promise<void> {
    const { destination, ackQueue } = this.#options;
    const headers = ssm1Headers(type, {
      ...(id !== undefined && { id }),
      replyTo: ackQueue,
      reack,
    });
    try {
      await this.#client.send(destination, body, {
        headers: type === "msg" ? { ...headers, persistent: "true" } : headers,
        receipt: true,
      });
    } catch (error) {
      if (!isSsmError(error, "TIMEOUT")) throw error;
      const loss = lost(reason(error), error);
      this.#client.close(loss);
      throw loss;
    }
  }

  /**
   * Sends a message and waits for the consumer's verdict on it.
   *
   * @throws {SsmError} `TIMEOUT` when there is none; what {@linkcode send} throws
   */
  async exchange(
    question: Question & { readonly digest: string },
    patience: Patience,
  ): Promise<"taken" | "rejected"> {
    const answer = Promise.withResolvers<"taken" | "rejected">();
    this.#ack = { digest: question.digest, answer };
    try {
      return await this.#ask(question, answer, patience);
    } finally {
      this.#ack = undefined;
    }
  }

  /**
   * Asks for the certificate until one is taken.
   *
   * @param take says whether it is the one that is wanted
   * @throws {SsmError} as {@linkcode exchange}
   */
  async requestCertificate(
    question: Question,
    take: (pem: Uint8Array) => Promise<boolean>,
    patience: Patience,
  ): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.#onCertificate = (pem) => {
      take(pem).then((taken) => taken && answer.resolve(), answer.reject);
    };
    try {
      await this.#ask(question, answer, patience);
    } finally {
      this.#onCertificate = undefined;
    }
  }

  /** Says goodbye, once all that was sent has arrived at the broker. */
  async disconnect(): Promise<void> {
    await this.#client.disconnect().catch(() => this.#client.close());
  }

  /** Closes at once. */
  close(): void {
    this.#client.close();
  }

  /** Sends, and waits for the answer, the end of patience, of the connection or of the run. */
  async #ask<T>(
    question: Question,
    answer: PromiseWithResolvers<T>,
    { ms, otherwise }: Patience,
  ): Promise<T> {
    const { clock, signal } = this.#options;
    const stop = () =>
      answer.reject(new SsmError("ABORTED", "Sending was stopped on request"));
    this.#giveUps.add(answer.reject);
    const cancel = clock.after(
      ms,
      () => answer.reject(new SsmError("TIMEOUT", otherwise)),
    );
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    this.send(question).catch(answer.reject);
    try {
      return await answer.promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
      this.#giveUps.delete(answer.reject);
    }
  }

  async #listen(answers: Subscription): Promise<void> {
    try {
      for await (const { headers, body } of answers) {
        this.#hear(headers, body);
      }
    } catch {
      // Those who wait are told why.
    }
  }

  #hear(headers: ReadonlyMap<string, string>, body: Uint8Array): void {
    const { log, ackQueue } = this.#options;
    const type = headers.get(TYPE);
    if (type === "ping" || type === "certreq" || reackOf(headers)) {
      log.warning(
        `A question came to ${ackQueue}, where there are only answers: ignored.`,
      );
    } else if (type === "certresp") {
      if (this.#onCertificate) this.#onCertificate(body);
      else log.warning("Unexpected certificate - ignored.");
    } else this.#hearAck(headers.get(ID));
  }

  #hearAck(id: string | undefined): void {
    const { log } = this.#options;
    if (this.#ack && id === REJECTED) this.#ack.answer.resolve("rejected");
    else if (this.#ack && id === this.#ack.digest) {
      this.#ack.answer.resolve("taken");
    } else log.debug(`Unexpected acknowledgement of ${id} - ignored.`);
  }
}

function lost(
  words = "The connection was closed",
  cause?: SsmError,
): SsmError {
  return new SsmError("CONNECTION_LOST", words, { cause });
}
