/**
 * A messaging service of one's own, and how a host reaches it: over TLS.
 *
 * @module
 */
import { AmsClient } from "../../../../lib/ams/mod.ts";
import { AmsServer, SqliteStore } from "../../../../lib/broker/mod.ts";
import type { PeerVerifier } from "../../../../lib/net/mod.ts";
import {
  AmsIncomingCarrier,
  type AmsIncomingOptions,
  AmsOutgoingCarrier,
  type AmsSubscription,
  type AmsTopic,
} from "../../../../lib/ssm/mod.ts";
import type { BrokerTls } from "../../../peers/activemq.ts";
import type { Reach, RealBroker } from "../full_circle.ts";

const PROJECT = "accounting";

/** A service in this process, with its messages on disk. */
export class RunningAms implements RealBroker {
  readonly tlsPort: number;
  readonly #dir: string;
  readonly #tls: BrokerTls;
  readonly #names: readonly string[];
  #server: AmsServer;

  private constructor(
    dir: string,
    tls: BrokerTls,
    names: readonly string[],
    server: AmsServer,
  ) {
    this.#dir = dir;
    this.#tls = tls;
    this.#names = names;
    this.#server = server;
    this.tlsPort = server.port;
  }

  /** Each name is that of a topic and of its subscription. */
  static async start(
    tls: BrokerTls,
    names: readonly string[],
  ): Promise<RunningAms> {
    const dir = await Deno.makeTempDir({ prefix: "ams-" });
    return new RunningAms(dir, tls, names, await listen(dir, tls, names, 0));
  }

  /** Cuts all connections; what was answered is on disk. */
  async kill9(): Promise<void> {
    await this.#server.close();
  }

  async restart(): Promise<void> {
    const { tlsPort } = this;
    this.#server = await listen(this.#dir, this.#tls, this.#names, tlsPort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function listen(
  dir: string,
  { certificate, key }: BrokerTls,
  names: readonly string[],
  port: number,
): Promise<AmsServer> {
  return await AmsServer.listen({
    listen: {
      port,
      tls: {
        clientCertificate: "none",
        keyPair: {
          certificate: await Deno.readTextFile(certificate),
          key: await Deno.readTextFile(key),
        },
      },
    },
    store: await SqliteStore.open(`${dir}/data`),
    topics: names.map((name) => ({
      project: PROJECT,
      topic: name,
      subscriptions: [name],
    })),
  });
}

/** A client of the service at that port. */
export function amsClient(port: number, trust: PeerVerifier): AmsClient {
  return new AmsClient({
    host: "127.0.0.1",
    port,
    project: PROJECT,
    credential: { kind: "token", token: () => "secret" },
    trust,
  });
}

/** The carriers of one host. */
export function overAms(
  connect: () => AmsClient,
  changes: Partial<AmsIncomingOptions> = {},
): Reach {
  const host = "127.0.0.1";
  return {
    outgoing: (options) =>
      new AmsOutgoingCarrier({
        ...options,
        host,
        connect: () => topicOf(connect(), options.destination),
      }),
    incoming: ({ prefetch, ...options }) =>
      new AmsIncomingCarrier({
        ...options,
        ...(prefetch && { pullMessages: prefetch }),
        host,
        connect: () => subscriptionOf(connect(), options.destination),
        ...changes,
      }),
  };
}

function topicOf(client: AmsClient, name: string): AmsTopic {
  return {
    publish: (messages, signal) => client.publish(name, messages, signal),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function subscriptionOf(client: AmsClient, name: string): AmsSubscription {
  return {
    pull: (max, signal) => client.pull(name, max, signal),
    acknowledge: (ackId, signal) => client.acknowledge(name, ackId, signal),
    offsets: (signal) => client.offsets(name, signal),
    moveOffset: (offset, signal) => client.moveOffset(name, offset, signal),
    show: (signal) => client.subscription(name, signal),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
