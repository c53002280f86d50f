/**
 * The port of the embedded broker for clients of STOMP.
 *
 * @module
 */
import {
  addressFilter,
  type Authenticate,
  type Authorise,
  Broker,
  errorFrame,
} from "../../broker/mod.ts";
import type { StompserverConfig } from "../../config/mod.ts";
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { listen, type Listener } from "../../net/mod.ts";
import { encodeFrame } from "../../stomp/mod.ts";
import { type MemoryShares, openStore } from "./memory.ts";
import type { BrokerTls } from "./tls.ts";

/** Who may connect, and what they may do. */
export interface BrokerClients {
  readonly authenticate: Authenticate;
  /** Without it everybody may read and write everywhere. */
  readonly authorise: Authorise | undefined;
}

/** What the port is opened with. */
export interface StompParts {
  readonly config: StompserverConfig;
  readonly users: () => BrokerClients;
  readonly tls: BrokerTls;
  readonly memory: MemoryShares;
  readonly log: Logger;
}

/** A port that is served. */
export interface StompPort extends AsyncDisposable {
  readonly broker: Pick<Broker, "queues" | "stats">;
  /** Stops in order. */
  drain(): Promise<void>;
}

/**
 * Opens the port, once what the store has is known.
 *
 * @throws {SsmError} when the port or the store cannot be used
 */
export async function openStomp(
  { config, users, tls, memory, log }: StompParts,
): Promise<StompPort> {
  const authorise = users().authorise === undefined
    ? undefined
    : (request: Parameters<Authorise>[0]) =>
      users().authorise?.(request) ?? false;
  const broker = new Broker({
    logger: log,
    store: await openStore(config, memory.queues),
    authenticate: (credentials) => users().authenticate(credentials),
    authorise,
    admit: addressFilter(config),
    virtualHosts: config.virtualHosts,
    heartBeat: {
      sendMs: config.heartBeatOutMs,
      receiveMs: config.heartBeatInMs,
    },
    graceFactor: config.forgiveness,
    deadLetters: config.deadLetterQueue !== "none" && {
      maxRedeliveries: config.maxRedeliveries,
      destination: config.deadLetterQueue,
    },
    limits: {
      frames: { maxBodyBytes: config.maxMessageBytes },
      maxConnections: config.maxConnections,
      maxSubscriptions: config.subscriptions,
      prefetch: config.prefetch,
      maxAllTopicBytes: memory.topics,
    },
  });
  try {
    await recover(broker, config, log);
    const listener = await listen({
      hostname: config.host,
      port: config.port,
      tls: tls.stomp,
      proxyProtocol: config.proxyProtocol,
      farewell: ({ message }) => encodeFrame(errorFrame(message), "1.0"),
      onRefused: (error, remote) =>
        log.warning(`Refused ${remote}: ${reason(error)}`),
    });
    log.info(
      `Broker listening on ${config.host}:${listener.port}, ${
        TLS_WORDS[config.tls]
      }${config.proxyProtocol ? " behind a proxy" : ""}, ${
        config.data === undefined
          ? "messages in memory only"
          : `persistent messages in ${config.data}`
      }`,
    );
    return serving(broker, listener);
  } catch (error) {
    await broker.close();
    throw error;
  }
}

function serving(broker: Broker, listener: Listener): StompPort {
  const served = broker.serveAll(listener);
  return {
    broker,
    async drain() {
      listener.close();
      await served;
      await broker.drain();
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
      await broker.close();
    },
  };
}

const TLS_WORDS = {
  off: "plain TCP",
  on: "TLS",
  strict: "TLS, client certificates required",
};

/** Before anyone can connect, so that a store that cannot be read is seen at once. */
async function recover(
  broker: Broker,
  { data }: StompserverConfig,
  log: Logger,
): Promise<void> {
  await broker.start();
  if (data === undefined) return;
  const { queued, queues } = broker.stats();
  log.info(`Recovered ${queued} messages in ${queues} queues from ${data}`);
}
