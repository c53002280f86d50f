/**
 * SSM1 over STOMP, the producer's side.
 *
 * It obtains the consumer's certificate over the broker, then sends one message
 * at a time; a message is confirmed by the consumer itself, which names it by the
 * MD5 of the file. Once the file is removed, the next frame says so (`ssm-reack`)
 * and the consumer forgets it.
 *
 * @module
 */
import { reason, SsmError } from "../../errors.ts";
import type { Certificate } from "../../pki/mod.ts";
import type { ReconnectingClient } from "../../stomp/mod.ts";
import type { AnswerableMessage, AnsweredCarrier } from "../answering.ts";
import {
  leave,
  openOutgoingClient,
  type OutgoingOptions,
  whyNotSent,
} from "../brokers.ts";
import {
  ConsumerCertificate,
  type ConsumerCertificateOptions,
} from "./consumer_certificate.ts";
import { Ssm1Dialogue } from "./dialogue.ts";
import { Reacks } from "./reacks.ts";

/** Settings of {@linkcode Ssm1OutgoingCarrier}; the destination is a topic or a queue. */
export interface Ssm1OutgoingOptions extends OutgoingOptions {
  /** Where answers are to come; `/temp-queue/NAME` where the broker has such queues. */
  readonly ackQueue: string;
  /** Whose certificate to encrypt to; `"known"` asks nobody for it, and does not know it. */
  readonly consumer: Omit<ConsumerCertificateOptions, "clock"> | "known";
  /** How long to wait for an ack, and for the certificate, in ms. @default 60000 */
  readonly ackTimeoutMs?: number;
  /** How often to show that it is there, and to deliver what is to be forgotten, in ms. @default 120000 */
  readonly pingEveryMs?: number;
}

/** Messages that may stay unanswered, one after another, before nobody is thought to listen. */
const MAX_SILENCE = 3;

/**
 * Certificate requests within the time for one answer, and what share of it each
 * may take: any frame may be lost on a topic, the first because nobody listens yet.
 */
const SHARES = [1 / 30, 1 / 6, 4 / 5];

/** Sends sealed files and waits for the consumer's acks. */
export class Ssm1OutgoingCarrier implements AnsweredCarrier {
  readonly #options: Ssm1OutgoingOptions;
  readonly #ackTimeoutMs: number;
  readonly #certificate: ConsumerCertificate | undefined;
  readonly #reacks = new Reacks();
  readonly #dialogue: Ssm1Dialogue;
  #client: ReconnectingClient | undefined;
  #cancelPing = () => {};
  #silence = 0;
  /** A message waits for its ack. */
  #sending = false;

  constructor(options: Ssm1OutgoingOptions) {
    const { ackTimeoutMs = 60_000, consumer, clock } = options;
    this.#options = options;
    this.#ackTimeoutMs = ackTimeoutMs;
    this.#dialogue = new Ssm1Dialogue(options);
    this.#certificate = consumer === "known"
      ? undefined
      : new ConsumerCertificate({ ...consumer, clock });
  }

  /**
   * The certificate to encrypt to, once it is open.
   *
   * @throws {SsmError} `CERTIFICATE`
   * @throws {TypeError} when somebody else knows it
   */
  get recipient(): Certificate {
    if (this.#certificate) return this.#certificate.current;
    throw new TypeError("This carrier does not obtain the certificate");
  }

  /** @throws {SsmError} also `TIMEOUT` when the consumer does not send its certificate */
  async open(): Promise<void> {
    this.#silence = 0;
    const client = this.#opened();
    await client.connection();
    const certificate = this.#certificate;
    if (certificate?.fresh === false) {
      await this.#requestCertificate(client, certificate);
    }
  }

  async send(
    id: string,
    { body, digest }: AnswerableMessage,
  ): Promise<void> {
    const client = this.#opened();
    this.#sending = true;
    try {
      const verdict = await client.perform((connection) =>
        this.#reacks.tell(
          { type: "msg", id, body },
          (question) =>
            this.#dialogue.exchange(
              connection,
              { ...question, digest },
              this.#ackTimeoutMs,
            ),
          digest,
        )
      ).catch((error) => {
        throw whyNotSent(client, id, error);
      });
      if (verdict === "no answer") throw this.#noAnswer(id);
      this.#silence = 0;
      if (verdict === "rejected") {
        throw unsendable(`Message ${id} was rejected by consumer`);
      }
    } finally {
      this.#sending = false;
    }
    this.#options.log.info(`Consumer received message: ${id}`);
    this.#reacks.confirmed(id, digest);
  }

  removed(id: string): void {
    this.#reacks.removed(id);
  }

  async close(): Promise<void> {
    if (this.#client?.state === "connected" || this.#reacks.size > 0) {
      await this.#sayGoodbye();
    }
    this.#cancelPing();
    const client = this.#client;
    this.#client = undefined;
    if (client) await leave(client);
  }

  /**
   * At least one ping, as the originals: it delivers the last reack. Over another
   * connection if need be: what the consumer still remembers, it would not store
   * if the same content were sent again.
   */
  async #sayGoodbye(): Promise<void> {
    try {
      do {
        await this.#ping(this.#opened());
      } while (this.#reacks.size > 0);
    } catch (error) {
      this.#options.log.warning(
        `The last ping failed, so that the consumer remembers longer than necessary: ${
          reason(error)
        }`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The client, or another one when that has given up. */
  #opened(): ReconnectingClient {
    if (this.#client && this.#client.state !== "disconnected") {
      return this.#client;
    }
    const { log, ackQueue, destination } = this.#options;
    const client = openOutgoingClient(this.#options, {
      onConnected: () => {
        log.info(`Subscribing to: ${ackQueue}`);
        log.info(`Will send messages to: ${destination}`);
        this.#pingLater(client);
      },
      onLost: (why) => this.#dialogue.lost(why),
    });
    this.#listen(client);
    return this.#client = client;
  }

  async #listen(client: ReconnectingClient): Promise<void> {
    const { ackQueue } = this.#options;
    const answers = client.subscribe(ackQueue, { ack: "auto", receipt: false });
    try {
      for await (const { headers, body } of answers) {
        this.#dialogue.hear(headers, body);
      }
    } catch {
      // What waits for an answer is told why.
    }
  }

  async #requestCertificate(
    client: ReconnectingClient,
    certificate: ConsumerCertificate,
  ): Promise<void> {
    const { log } = this.#options;
    let problem = "it has not answered";
    const take = async (pem: Uint8Array) => {
      const why = await certificate.offer(pem);
      if (why === undefined) return true;
      problem = `its certificate is refused: ${why}`;
      log.warning(`The consumer's certificate is refused: ${why}`);
      return false;
    };
    const otherwise = "Cannot obtain the consumer's certificate";
    for (const share of SHARES) {
      log.info("Requesting the consumer's certificate.");
      const isTaken = await client.perform((connection) =>
        this.#reacks.tell(
          { type: "certreq" },
          (question) =>
            this.#dialogue.requestCertificate(
              connection,
              question,
              take,
              this.#ackTimeoutMs * share,
            ),
        )
      );
      if (!isTaken) continue;
      log.info("The consumer's certificate is valid.");
      return;
    }
    throw new SsmError("TIMEOUT", `${otherwise}: ${problem}`, {
      hint: "is the consumer running, on this topic, and consumer-dn its DN?",
    });
  }

  async #ping(client: ReconnectingClient): Promise<void> {
    await client.perform((connection) =>
      this.#reacks.tell(
        { type: "ping", id: "ping" },
        (question) => this.#dialogue.send(connection, question),
      )
    );
  }

  #pingLater(client: ReconnectingClient): void {
    const { clock, pingEveryMs = 120_000, log } = this.#options;
    this.#cancelPing();
    this.#cancelPing = clock.after(pingEveryMs, () => {
      if (client.state !== "connected") return;
      // A message says that it is there, too; and what is told along with it
      // must not leave at the same time by another way.
      if (!this.#sending) {
        this.#ping(client).catch((error) =>
          log.warning(`A ping failed: ${reason(error)}`)
        );
      }
      this.#pingLater(client);
    });
  }

  /** What it means that the consumer does not answer. */
  #noAnswer(id: string): SsmError {
    const words = `No acknowledgement received for message ${id}`;
    // The consumer may have another key by now.
    this.#certificate?.doubt();
    if (++this.#silence < MAX_SILENCE) return unsendable(words);
    return new SsmError(
      "TIMEOUT",
      `${words}, nor for the ${MAX_SILENCE - 1} before it`,
      {
        hint: "the consumer's log says whether it is running and can read them",
      },
    );
  }
}

function unsendable(words: string): SsmError {
  return new SsmError("UNSENDABLE", words);
}
