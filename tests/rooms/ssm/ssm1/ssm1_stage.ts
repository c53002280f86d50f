/**
 * A producer of SSM1 on a real broker, and a consumer that says exactly what a
 * test tells it to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { contentDigest, PlainDirectory } from "../../../../lib/spool/mod.ts";
import {
  type AnswerableMessage,
  type SealingEnvelope,
  sendAll,
  type SendReport,
  Ssm1OutgoingCarrier,
  type Ssm1OutgoingOptions,
} from "../../../../lib/ssm/mod.ts";
import {
  type Clock,
  type Endpoint,
  type Frame,
  type StompClient,
  systemClock,
} from "../../../../lib/stomp/mod.ts";
import { type RawClient, TestBroker } from "../../../kit/net/test_broker.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import { endpoint, Stage } from "../../../kit/stage.ts";

export const TOPIC = "/topic/accounting.ssm1";
export const ACKS = "/queue/acks.ssm1";

/** How a producer differs from the default. */
export type ProducerChanges = Partial<
  Pick<
    Ssm1OutgoingOptions,
    "ackTimeoutMs" | "consumer" | "clock" | "endpoints" | "pingEveryMs"
  >
>;

/** What is sealed with nothing, but has the digest that acks name. */
export const digestOnly: SealingEnvelope<AnswerableMessage> = {
  seal: (body) => Promise.resolve({ body, digest: contentDigest(body) }),
};

/** A stage with a broker on it. */
export class Ssm1Stage implements AsyncDisposable {
  readonly stage: Stage;
  readonly broker: TestBroker;

  private constructor(stage: Stage, broker: TestBroker) {
    this.stage = stage;
    this.broker = broker;
  }

  static async open(): Promise<Ssm1Stage> {
    return new Ssm1Stage(await Stage.open(), await TestBroker.start());
  }

  /** Puts files into outgoing, by name. */
  async put(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(`${this.stage.outgoingDir}/${name}`, content);
    }
  }

  /** Names of what is in outgoing. */
  async left(): Promise<string[]> {
    return await this.spool().list();
  }

  spool(): PlainDirectory {
    return new PlainDirectory(this.stage.outgoingDir, {
      minAgeMs: 0,
      order: "name",
    });
  }

  /** A producer that believes any certificate of that DN. */
  producer(consumerDn: string, changes: ProducerChanges = {}) {
    const { log, signal } = this.stage;
    return new Ssm1OutgoingCarrier({
      endpoints: [endpoint(this.broker.port)],
      destination: TOPIC,
      ackQueue: ACKS,
      consumer: { consumerDn, trust: () => ({ ok: true, chain: [] }) },
      retryForMs: 0,
      signal,
      log,
      clock: systemClock,
      random: () => 0.5,
      ...changes,
    });
  }

  /** Sends what is in outgoing, and closes. */
  async send(carrier: Ssm1OutgoingCarrier): Promise<SendReport> {
    const { log, signal } = this.stage;
    try {
      return await sendAll({
        spool: this.spool(),
        envelope: digestOnly,
        carrier,
        log,
        signal,
      });
    } finally {
      await carrier.close();
    }
  }

  /** A consumer that is subscribed. */
  async consumer(): Promise<Consumer> {
    const client = await this.broker.connect();
    client.send("SUBSCRIBE", { id: "1", destination: TOPIC, receipt: "s" });
    await client.expect("RECEIPT");
    return new Consumer(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    await this.stage[Symbol.asyncDispose]();
  }
}

/** The other side, frame by frame. */
export class Consumer {
  readonly #client: RawClient;

  constructor(client: RawClient) {
    this.#client = client;
  }

  /**
   * The next question, which has to be of that type; requests for a certificate
   * that are repeated for want of patience are passed over.
   */
  async expect(type: string): Promise<Frame> {
    for (;;) {
      const frame = await this.#client.expect("MESSAGE");
      const found = frame.headers.get("ssm-msg-type");
      if (found === "certreq" && type !== "certreq") continue;
      assert.equal(found, type);
      return frame;
    }
  }

  /** Takes the request for the certificate and answers it. */
  async certify({ certificatePem }: Credentials): Promise<Frame> {
    const request = await this.expect("certreq");
    this.answer(request, "certresp", "noid", certificatePem);
    return request;
  }

  /** Opens a producer, which asks for the certificate. */
  async open(
    carrier: Ssm1OutgoingCarrier,
    credentials: Credentials,
  ): Promise<void> {
    const opening = carrier.open();
    await this.certify(credentials);
    await opening;
  }

  /** Takes a message and confirms it. */
  async take(): Promise<Frame> {
    const message = await this.expect("msg");
    this.answer(message, "ack", contentDigest(message.body));
    return message;
  }

  answer({ headers }: Frame, type: string, id: string, body = ""): void {
    this.#client.send("SEND", {
      destination: headers.get("reply-to")!,
      "ssm-msg-type": type,
      "ssm-msg-id": id,
    }, body);
  }

  /** Hangs up. */
  close(): void {
    this.#client.close();
  }
}

/** A broker on this machine, and what connects to it. */
export class WatchedEndpoint implements Endpoint {
  readonly #endpoint: Endpoint;
  readonly clients: StompClient[] = [];
  /** Connections that were asked for, whether or not they were made. */
  attempts = 0;

  constructor(port: number) {
    this.#endpoint = endpoint(port);
  }

  get name(): string {
    return this.#endpoint.name;
  }

  async connect(signal: AbortSignal): Promise<StompClient> {
    this.attempts++;
    const client = await this.#endpoint.connect(signal);
    this.clients.push(client);
    return client;
  }
}

/** The clock of the machine, but no wait is longer than a moment. */
export const hastyClock: Clock = {
  now: () => systemClock.now(),
  date: () => new Date(),
  after: (ms, callback) => systemClock.after(Math.min(ms, 20), callback),
};
