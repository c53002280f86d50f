/**
 * SSM1 over STOMP, the consumer's side.
 *
 * It hands out its certificate to everybody that asks, and answers every message
 * that it could read: with the MD5 of the file once that is on disk, with `REJECTED`
 * when its signer is not allowed. What cannot be decrypted or verified is
 * answered by silence: its sender keeps it.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { type Certificate, writeCertificates } from "../../pki/mod.ts";
import { type Endpoint, type StompMessage, within } from "../../stomp/mod.ts";
import type { AnsweredArrival, AnsweringProtocol } from "../answering.ts";
import type { Delivery, IncomingCarrier } from "../carrier.ts";
import {
  IncomingStream,
  type IncomingStreamOptions,
} from "../receiving/incoming_stream.ts";
import type { Opened } from "../opened.ts";
import { Ssm1Answers } from "./answers.ts";
import {
  ID,
  NO_ID,
  reackOf,
  REJECTED,
  replyToOf,
  ssm1Headers,
  TYPE,
} from "./headers.ts";

/** What was received, each content known by its MD5 in lower-case hex. */
export interface ReceivedContents {
  /** The MD5 of a content. */
  digestOf(content: Uint8Array): string;
  /** Forgets a content that its sender will not send again. */
  forget(digest: string): Promise<unknown>;
}

/** Settings of {@linkcode Ssm1IncomingCarrier}. */
export interface Ssm1IncomingOptions extends IncomingStreamOptions {
  /** The consumer's certificate and those that lead on from it, as of now. */
  readonly certificates: () => readonly Certificate[];
  /** What was received, by the MD5 of its content. */
  readonly received: ReceivedContents;
}

/** Receives sealed files and answers their senders. */
export class Ssm1IncomingCarrier implements IncomingCarrier {
  readonly #options: Ssm1IncomingOptions;
  readonly #stream: IncomingStream;
  readonly #answers: Ssm1Answers;

  constructor(options: Ssm1IncomingOptions) {
    const answers = new Ssm1Answers(options.log);
    const endpoints = options.endpoints.map((endpoint): Endpoint => ({
      name: endpoint.name,
      connect: async (signal) => {
        const client = await endpoint.connect(signal);
        // A queue for answers is known to the broker that names it.
        answers.moveTo(endpoint);
        return client;
      },
    }));
    this.#options = options;
    this.#answers = answers;
    this.#stream = new IncomingStream(
      { ...options, endpoints },
      new Ssm1Consumer(options, answers),
    );
  }

  async *deliveries(signal: AbortSignal): AsyncGenerator<Delivery> {
    try {
      yield* this.#stream.deliveries(signal);
    } finally {
      await this.#leave();
    }
  }

  /** Lets the last answers go, if they do: what is not answered comes again. */
  async #leave(): Promise<void> {
    const { clock, stopGraceMs = 20_000 } = this.#options;
    await within(clock, stopGraceMs, this.#answers.idle());
    await this.#answers.close();
  }
}

class Ssm1Consumer implements AnsweringProtocol {
  readonly receiverAnswers = true;
  readonly #options: Ssm1IncomingOptions;
  readonly #log: Logger;
  readonly #answers: Ssm1Answers;

  constructor(options: Ssm1IncomingOptions, answers: Ssm1Answers) {
    this.#options = options;
    this.#log = options.log;
    this.#answers = answers;
  }

  nameOf({ headers }: StompMessage): string {
    return headers.get(ID) ?? NO_ID;
  }

  async take(
    message: StompMessage,
    settled: () => Promise<unknown>,
  ): Promise<AnsweredArrival | undefined> {
    const { headers, messageId } = message;
    const reack = reackOf(headers);
    if (reack !== undefined) {
      // What came before this may be a copy of what is to be forgotten. While it is
      // being opened, or may be delivered again, it would be stored again.
      await settled();
      await this.#forget(reack);
    }
    const replyTo = replyToOf(headers);
    switch (headers.get(TYPE)) {
      case "ping":
        this.#log.debug("Received ping message.");
        return undefined;
      case "certreq":
        this.#sendCertificate(replyTo);
        return undefined;
      case "ack":
      case "certresp":
        this.#log.warning(
          `An answer came to ${message.destination}, where there are only questions: ignored.`,
        );
        return undefined;
    }
    // Any other type is treated as a message: what is none ends in reject with the reason.
    const id = this.nameOf(message);
    return {
      id,
      key: `${id} message-id ${messageId}`,
      ...(id !== NO_ID && { origin: originOf(id, replyTo) }),
      answer: (opened) => this.#answer(id, replyTo, opened),
      forgot: reack !== undefined,
    };
  }

  async #forget(digest: string): Promise<void> {
    try {
      await this.#options.received.forget(digest);
    } catch (error) {
      // It is only remembered longer than necessary.
      this.#log.warning(`Cannot forget message ${digest}: ${reason(error)}`);
    }
  }

  #sendCertificate(replyTo: string | undefined): void {
    if (replyTo === undefined) {
      this.#log.warning("A certificate request without reply-to: ignored.");
      return;
    }
    this.#log.info(`Sending the certificate to ${replyTo}`);
    this.#answers.send({
      destination: replyTo,
      headers: ssm1Headers("certresp"),
      // Written here, so that nothing but certificates can leave: their file may
      // hold the private key as well.
      body: new TextEncoder().encode(
        writeCertificates(this.#options.certificates()),
      ),
    });
  }

  #answer(id: string, replyTo: string | undefined, opened: Opened): void {
    const verdict = this.#verdictOn(opened);
    if (verdict === undefined) return;
    if (replyTo === undefined) {
      this.#log.warning(`Message ${id} has no reply-to: it is not answered.`);
      return;
    }
    this.#answers.send({
      destination: replyTo,
      headers: ssm1Headers("ack", { id: verdict }),
      body: new Uint8Array(0),
    });
  }

  /** What the ack says; `undefined` for silence. */
  #verdictOn(opened: Opened): string | undefined {
    if (opened.status === "accepted") {
      return this.#options.received.digestOf(opened.payload);
    }
    // The signature is good, and the signer is not allowed.
    return opened.signer === undefined ? undefined : REJECTED;
  }
}

/**
 * What the tries of a producer to transmit a file have in common: the file's name and
 * where the producer hears answers. That ends, by default, in the number of its
 * process, which is another one whenever it starts.
 */
function originOf(id: string, replyTo = ""): string {
  return `${replyTo.replace(/[.\-]\d+$/, "")}\n${id}`;
}
