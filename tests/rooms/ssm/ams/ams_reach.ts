/**
 * A messaging service of one's own, and how a host reaches it: over TLS.
 *
 * @module
 */
import { AmsClient } from "../../../../lib/ams/mod.ts";
import type { PeerVerifier } from "../../../../lib/net/mod.ts";
import {
  AmsIncomingCarrier,
  type AmsIncomingOptions,
  AmsOutgoingCarrier,
  type AmsSubscription,
  type AmsTopic,
} from "../../../../lib/ssm/mod.ts";
import { Running, ssmCommand } from "../../../kit/programs/program.ts";
import type { BrokerTls } from "../../../peers/foreign_broker.ts";
import type { Reach, RealBroker } from "../full_circle.ts";

const PROJECT = "accounting";

/** A real `ssm broker --ams`, with its messages on disk. */
export class RunningAms implements RealBroker {
  readonly tlsPort: number;
  readonly #dir: string;
  readonly #args: readonly string[];
  #process: Running;

  private constructor(
    dir: string,
    args: readonly string[],
    { process, port }: { process: Running; port: number },
  ) {
    this.#dir = dir;
    this.#args = args;
    this.#process = process;
    this.tlsPort = port;
  }

  /** Each name is that of a topic and of its subscription. */
  static async start(
    { certificate, key }: BrokerTls,
    names: readonly string[],
  ): Promise<RunningAms> {
    const dir = await Deno.makeTempDir({ prefix: "ams-" });
    const args = [
      "--stomp=off",
      `--ams-topics=${
        names.map((name) => `${PROJECT}/${name}:${name}`).join(" ")
      }`,
      `--data=${dir}/data`,
      "--tls=on",
      `--certificate=${certificate}`,
      `--key=${key}`,
    ];
    return new RunningAms(dir, args, await run(args, 0));
  }

  async kill9(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.end();
  }

  async restart(): Promise<void> {
    ({ process: this.#process } = await run(this.#args, this.tlsPort));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function run(
  args: readonly string[],
  port: number,
): Promise<{ process: Running; port: number }> {
  const process = new Running(
    ssmCommand(["broker", `--ams=127.0.0.1:${port}`, ...args]),
  );
  try {
    const line = await process.line(/AMS listening on /);
    return { process, port: Number(/:(\d+), /.exec(line)![1]) };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

/** A client of the service at that port. */
export function amsClient(
  port: number,
  trust: PeerVerifier,
  timeoutMs = 30_000,
): AmsClient {
  return new AmsClient({
    host: "127.0.0.1",
    port,
    project: PROJECT,
    credential: { kind: "token", token: () => "secret" },
    trust,
    timeoutMs,
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
