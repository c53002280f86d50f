/**
 * Where SSM1 is tested: brokers, a PKI, directories, and foreign peers on them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { startActiveMq } from "../../../peers/activemq.ts";
import { type Part, sharedServer, testWith } from "../../../peers/parts.ts";
import { startRabbitMq } from "../../../peers/rabbitmq.ts";
import { type TestPki, testPki } from "../../../kit/pki/test_pki.ts";
import { Peer } from "../../../peers/ssm1/peer.ts";
import type { PeerSettings } from "../../../peers/ssm1/peer_orders.ts";

/** The distinguished name of `pki.host`, the producer. */
export const PRODUCER_DN = "/C=UK/O=Test/CN=host.example.org";
/** The distinguished name of `pki.server`, the consumer. */
export const CONSUMER_DN = "/C=UK/O=Test/CN=server.example.org";

/** A broker that runs for all tests of a file. */
export interface BrokerKind {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly start: () => Promise<AsyncDisposable & { readonly port: number }>;
}

/** The broker of this project. */
export const EMBEDDED: BrokerKind = {
  name: "embedded broker",
  parts: [],
  start: () => TestBroker.start(),
};

/** The broker that the original was run with. */
export const ACTIVEMQ: BrokerKind = {
  name: "ActiveMQ",
  parts: ["activemq"],
  start: async () => {
    const broker = await startActiveMq();
    return {
      port: broker.stompPort,
      [Symbol.asyncDispose]: () => broker.close(),
    };
  },
};

/** Another broker that sites run; its user is `guest`, with the same password. */
export const RABBITMQ: BrokerKind = {
  name: "RabbitMQ",
  parts: ["rabbitmq"],
  start: async () => {
    const broker = await startRabbitMq();
    return {
      port: broker.stompPort,
      [Symbol.asyncDispose]: () => broker.close(),
    };
  },
};

/** A place for one test: its own topic, ack queues and directories. */
export class Stage implements AsyncDisposable {
  readonly pki: TestPki;
  readonly port: number;
  readonly dir: string;
  readonly topic: string;
  /** Whoever is named in it may send to a consumer here. */
  readonly dns: string;
  #peers = 0;

  private constructor(pki: TestPki, port: number, dir: string) {
    this.pki = pki;
    this.port = port;
    this.dir = dir;
    this.topic = `/topic/accounting.${dir.split("-").at(-1)}`;
    this.dns = `${dir}/dns`;
  }

  static async make(pki: TestPki, port: number): Promise<Stage> {
    const dir = await Deno.makeTempDir({ prefix: "ssm1-" });
    const stage = new Stage(pki, port, dir);
    await Deno.writeTextFile(stage.dns, `${PRODUCER_DN}\n`);
    return stage;
  }

  /** An ack queue of that name. */
  ackQueue(name: string): string {
    return `/queue/${this.topic.slice("/topic/".length)}.${name}`;
  }

  /** A foreign producer as `pki.host`. */
  async producer(changes: Partial<PeerSettings> = {}): Promise<Peer> {
    const path = `${this.dir}/producer-${++this.#peers}`;
    return await Peer.start({
      ...{ port: this.port, as: this.pki.host, caPath: this.pki.caPath, path },
      producer: this.producing(this.ackQueue(`producer-${this.#peers}`)),
      ...changes,
    });
  }

  /** A foreign consumer as `pki.server`, which has an ack queue, as all of them. */
  async consumer(changes: Partial<PeerSettings> = {}): Promise<Peer> {
    const path = `${this.dir}/consumer-${++this.#peers}`;
    return await Peer.start({
      ...{
        port: this.port,
        as: this.pki.server,
        caPath: this.pki.caPath,
        path,
      },
      consumer: { topic: this.topic, dns: this.dns },
      producer: this.producing(this.ackQueue(`consumer-${this.#peers}`)),
      ...changes,
    });
  }

  /** What makes a peer a producer that hears its answers there. */
  producing(ack: string): NonNullable<PeerSettings["producer"]> {
    return { topic: this.topic, consumerDn: CONSUMER_DN, ack };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Registers tests that have a stage each, on one broker with one PKI. */
export function stageTests(
  { name: brokerName, parts: more, start }: BrokerKind,
): (name: string, fn: (stage: Stage) => Promise<void>) => void {
  const parts = ["openssl", "python3-stomp", ...more] as const;
  const pki = sharedServer(parts, testPki);
  const broker = sharedServer(parts, start);
  return (name, fn) =>
    testWith(parts, `${brokerName}: ${name}`, async () => {
      await using stage = await Stage.make(pki(), broker().port);
      await fn(stage);
    });
}

/** Bytes that no text has: NUL, both line ends, all eight bits. */
export const BINARY: Uint8Array = Uint8Array.from(
  { length: 5000 },
  (_, index) => [0, 13, 10, 255][index] ?? index % 256,
);

/** Bytes that zlib makes no smaller. */
export function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65536));
  }
  return bytes;
}

/** What SSM1 names a content by. */
export function md5(content: string | Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}
