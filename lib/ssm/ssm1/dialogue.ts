/**
 * What an SSM1 producer asks its consumer, and how it hears the answers:
 * questions go to the consumer's topic, answers come to a queue of its own.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, StompClient } from "../../stomp/mod.ts";
import {
  ID,
  reackOf,
  REJECTED,
  ssm1Headers,
  type Ssm1Type,
  TYPE,
} from "./headers.ts";

/** Settings of an {@linkcode Ssm1Dialogue}. */
export interface Ssm1DialogueOptions {
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

/** What a consumer says to a message, if it does in time. */
export type Verdict = "taken" | "rejected" | "no answer";

const NOTHING = new Uint8Array(0);

/** Asks, over whatever connection, and listens. */
export class Ssm1Dialogue {
  readonly #options: Ssm1DialogueOptions;
  /** Whoever waits for the ack of that digest. */
  #ack: { digest: string; answer: PromiseWithResolvers<Verdict> } | undefined;
  /** Whoever waits for a certificate. */
  #onCertificate: ((pem: Uint8Array) => void) | undefined;
  /** Ends the waits for an answer, with why. */
  readonly #giveUps = new Set<(why: SsmError) => void>();

  constructor(options: Ssm1DialogueOptions) {
    this.#options = options;
  }

  /**
   * Sends a frame; settles when the broker has it.
   *
   * @throws {SsmError} as `StompClient.send()`
   */
  async send(
    connection: StompClient,
    { type, id, body = NOTHING, reack }: Question,
  ): Promise<void> {
    const { destination, ackQueue } = this.#options;
    const headers = ssm1Headers(type, {
      ...(id !== undefined && { id }),
      replyTo: ackQueue,
      reack,
    });
    await connection.send(destination, body, {
      headers: type === "msg" ? { ...headers, persistent: "true" } : headers,
      receipt: true,
    });
  }

  /**
   * Sends a message and waits for the consumer's verdict on it.
   *
   * @param ms how long to wait for it
   * @throws {SsmError} `ABORTED`; what {@linkcode send} throws
   */
  async exchange(
    connection: StompClient,
    question: Question & { readonly digest: string },
    ms: number,
  ): Promise<Verdict> {
    const answer = Promise.withResolvers<Verdict>();
    const waiting = this.#ack = { digest: question.digest, answer };
    try {
      return await this.#ask(connection, question, answer, ms) ?? "no answer";
    } finally {
      if (this.#ack === waiting) this.#ack = undefined;
    }
  }

  /**
   * Asks for the certificate until one is taken.
   *
   * @param take says whether it is the one that is wanted
   * @param ms how long to wait for it
   * @returns whether one was taken in time
   * @throws {SsmError} as {@linkcode exchange}
   */
  async requestCertificate(
    connection: StompClient,
    question: Question,
    take: (pem: Uint8Array) => Promise<boolean>,
    ms: number,
  ): Promise<boolean> {
    const answer = Promise.withResolvers<true>();
    const waiting = this.#onCertificate = (pem: Uint8Array) => {
      take(pem).then((taken) => taken && answer.resolve(true), answer.reject);
    };
    try {
      return await this.#ask(connection, question, answer, ms) ?? false;
    } finally {
      if (this.#onCertificate === waiting) this.#onCertificate = undefined;
    }
  }

  /** The connection is lost: what waits for an answer has to be asked again. */
  lost(why: SsmError): void {
    for (const giveUp of this.#giveUps) giveUp(why);
  }

  /** Takes what came to the queue of answers. */
  hear(headers: ReadonlyMap<string, string>, body: Uint8Array): void {
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

  /**
   * Sends, and waits for the answer; `undefined` when it does not come in time.
   *
   * @throws {SsmError} what ends the connection or the run meanwhile
   */
  async #ask<T>(
    connection: StompClient,
    question: Question,
    { promise, reject }: PromiseWithResolvers<T>,
    ms: number,
  ): Promise<T | undefined> {
    const { clock, signal } = this.#options;
    const tooLate = Promise.withResolvers<undefined>();
    const cancel = clock.after(ms, () => tooLate.resolve(undefined));
    const stop = () =>
      reject(new SsmError("ABORTED", "Sending was stopped on request"));
    this.#giveUps.add(reject);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    this.send(connection, question).catch(reject);
    try {
      return await Promise.race([promise, tooLate.promise]);
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
      this.#giveUps.delete(reject);
    }
  }

  #hearAck(id: string | undefined): void {
    const { log } = this.#options;
    if (this.#ack && id === REJECTED) this.#ack.answer.resolve("rejected");
    else if (this.#ack && id === this.#ack.digest) {
      this.#ack.answer.resolve("taken");
    } else log.debug(`Unexpected acknowledgement of ${id} - ignored.`);
  }
}
