/**
 * SSM1 over STOMP, the producer's side.
 *
 * It obtains the consumer's certificate over the broker, then sends one message
 * at a time; a message is confirmed by the consumer itself, who names it by the
 * MD5 of the file. Once the file is removed, the next frame says so (`ssm-reack`)
 * and the consumer forgets it.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Certificate } from "../../pki/mod.ts";
import { backoff, type Clock, sleep, StompError } from "../../stomp/mod.ts";
import type { AnswerableMessage, AnsweredCarrier } from "../answering.ts";
import { connectAny, type Endpoint, startingWith } from "../endpoints.ts";
import {
  ConsumerCertificate,
  type ConsumerCertificateOptions,
} from "./consumer_certificate.ts";
import { type Question, Ssm1Link } from "./link.ts";

/** Settings of {@linkcode Ssm1OutgoingCarrier}. */
export interface Ssm1OutgoingOptions {
  readonly endpoints: readonly Endpoint[];
  /** Where the consumer listens: a topic or a queue. */
  readonly destination: string;
  /** Where its answers are to come; `/temp-queue/NAME` where the broker has such queues. */
  readonly ackQueue: string;
  /** Whose certificate to encrypt to; `"known"` asks nobody for it, and does not know it. */
  readonly consumer: Omit<ConsumerCertificateOptions, "clock"> | "known";
  /** How long to wait for an ack, and for the certificate, in ms. @default 60000 */
  readonly ackTimeoutMs?: number;
  /** How often to show that it is there, and to deliver what is to be forgotten, in ms. @default 120000 */
  readonly pingEveryMs?: number;
  /** How long to look for a broker before giving up, in ms. */
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random?: () => number;
}

/** Connections that one message may cost before it is refused. */
const MAX_LOSSES = 3;

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
  /** Digests of confirmed messages, by the name of the file that is not removed yet. */
  readonly #confirmed = new Map<string, string>();
  /** Digests that the consumer may forget, not told yet. */
  readonly #reacks = new Set<string>();
  #link: Ssm1Link | undefined;
  #cancelPing = () => {};
  /** Connections that ended, one after another, with nothing answered. */
  #fruitless = 0;
  #silence = 0;
  /** A message waits for its ack. */
  #sending = false;

  constructor(options: Ssm1OutgoingOptions) {
    const { ackTimeoutMs = 60_000, consumer, clock } = options;
    this.#options = options;
    this.#ackTimeoutMs = ackTimeoutMs;
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
    await this.#throughLosses(async (link) => {
      const certificate = this.#certificate;
      if (certificate?.fresh === false) {
        await this.#requestCertificate(link, certificate);
      }
    });
  }

  async send(
    id: string,
    { body, digest }: AnswerableMessage,
  ): Promise<void> {
    this.#sending = true;
    const verdict = await this.#throughLosses(async (link) => {
      try {
        return await this.#asking(
          { type: "msg", id, body },
          (question) =>
            link.exchange({ ...question, digest }, {
              ms: this.#ackTimeoutMs,
              otherwise: `No acknowledgement received for message ${id}`,
            }),
          digest,
        );
      } catch (error) {
        throw this.#judge(id, error);
      }
    }).finally(() => this.#sending = false);
    this.#silence = 0;
    if (verdict === "rejected") {
      throw unsendable(`Message ${id} was rejected by consumer`);
    }
    this.#options.log.info(`Consumer received message: ${id}`);
    this.#confirmed.set(id, digest);
  }

  removed(id: string): void {
    const digest = this.#confirmed.get(id);
    if (digest === undefined) return;
    this.#confirmed.delete(id);
    this.#reacks.add(digest);
  }

  async close(): Promise<void> {
    if (this.#link?.open || this.#reacks.size > 0) await this.#sayGoodbye();
    this.#cancelPing();
    await this.#link?.disconnect();
    this.#link = undefined;
  }

  /**
   * At least one ping, as the originals: it delivers the last reack. Over another
   * connection if need be: what the consumer still remembers, it would not store
   * if the same content were sent again.
   */
  async #sayGoodbye(): Promise<void> {
    try {
      do {
        await this.#throughLosses((link) => this.#ping(link));
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

  /** Does `work` on a connection, and on another one when that is lost. */
  async #throughLosses<T>(work: (link: Ssm1Link) => Promise<T>): Promise<T> {
    for (let losses = 0;;) {
      const link = await this.#connected();
      try {
        const result = await work(link);
        this.#fruitless = 0;
        return result;
      } catch (error) {
        if (!isLoss(error)) throw error;
        this.#options.log.warning(`Lost connection. ${reason(error)}`);
        link.close();
        this.#fruitless++;
        if (++losses >= MAX_LOSSES) throw error;
      }
    }
  }

  async #connected(): Promise<Ssm1Link> {
    if (this.#link?.open) return this.#link;
    const { endpoints, signal, clock, random, log } = this.#options;
    // At once after a first loss; then with pauses, beginning with the next broker.
    const turns = Math.max(this.#fruitless - 1, 0);
    if (turns > 0) {
      const wait = backoff(turns, { ...(random && { random }) });
      await sleep(clock, wait, signal);
    }
    const client = await connectAny({
      ...this.#options,
      endpoints: startingWith(endpoints, turns),
    });
    log.info("Connected.");
    this.#link = await Ssm1Link.open(client, this.#options);
    log.info(`Will send messages to: ${this.#options.destination}`);
    this.#pingLater(this.#link);
    return this.#link;
  }

  async #requestCertificate(
    link: Ssm1Link,
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
      try {
        await this.#asking(
          { type: "certreq" },
          (question) =>
            link.requestCertificate(question, take, {
              ms: this.#ackTimeoutMs * share,
              otherwise,
            }),
        );
        log.info("The consumer's certificate is valid.");
        return;
      } catch (error) {
        if (!isSsmError(error, "TIMEOUT")) throw error;
      }
    }
    throw new SsmError("TIMEOUT", `${otherwise}: ${problem}`, {
      hint: "is the consumer running, on this topic, and consumer-dn its DN?",
    });
  }

  /**
   * Adds to a frame what the consumer may forget, and keeps that if the frame did
   * not leave: told twice does no harm. Except for the content of this very
   * message, that of a file before it: it is told with it and once, or the
   * message itself would be forgotten, and stored again.
   */
  async #asking<T>(
    question: Question,
    send: (question: Question) => Promise<T>,
    digest?: string,
  ): Promise<T> {
    const [first] = this.#reacks;
    const reack = digest !== undefined && this.#reacks.has(digest)
      ? digest
      : first;
    if (reack !== undefined) this.#reacks.delete(reack);
    try {
      return await send({ ...question, reack });
    } catch (error) {
      if (reack !== undefined && reack !== digest) this.#reacks.add(reack);
      throw error;
    }
  }

  async #ping(link: Ssm1Link): Promise<void> {
    await this.#asking(
      { type: "ping", id: "ping" },
      (question) => link.send(question),
    );
  }

  #pingLater(link: Ssm1Link): void {
    const { clock, pingEveryMs = 120_000, log } = this.#options;
    this.#cancelPing();
    this.#cancelPing = clock.after(pingEveryMs, () => {
      if (!link.open) return;
      // A message says that it is there, too; and what is told along with it
      // must not leave at the same time by another way.
      if (!this.#sending) {
        this.#ping(link).catch((error) =>
          log.warning(`A ping failed: ${reason(error)}`)
        );
      }
      this.#pingLater(link);
    });
  }

  /** Whose fault it is that a message was not answered. */
  #judge(id: string, error: unknown): unknown {
    if (isSsmError(error, "TIMEOUT")) {
      // The consumer may have another key by now.
      this.#certificate?.doubt();
      if (++this.#silence < MAX_SILENCE) return unsendable(error.message);
      return new SsmError(
        "TIMEOUT",
        `${error.message}, nor for the ${MAX_SILENCE - 1} before it`,
        {
          hint:
            "the consumer's log says whether it is running and can read them",
        },
      );
    }
    if (error instanceof StompError && error.frame.headers.has("receipt-id")) {
      return unsendable(
        `Cannot send message "${id}": ${reason(error)}`,
        error,
      );
    }
    return error;
  }
}

function isLoss(error: unknown): boolean {
  return isSsmError(error, "CONNECTION_LOST") || error instanceof StompError;
}

function unsendable(words: string, cause?: unknown): SsmError {
  return new SsmError("UNSENDABLE", words, { cause });
}
