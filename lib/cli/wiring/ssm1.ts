/**
 * The wiring of SSM1: a producer, a consumer, or both, from one file.
 *
 * @module
 */
import { join } from "node:path";
import type { Ssm1Config } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { formatDn, type TrustStore } from "../../pki/mod.ts";
import {
  makeSsm1Directories,
  type OutgoingSpool,
  PlainDirectory,
  Ssm1Incoming,
  Ssm1Reject,
} from "../../spool/mod.ts";
import {
  type ConsumerIdentity,
  refuseConsumer,
  Ssm1IncomingCarrier,
  type Ssm1Opener,
  Ssm1OutgoingCarrier,
  Ssm1Sealer,
} from "../../ssm/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import {
  LiveIdentity,
  LiveRecipient,
  openTrustStore,
} from "../../credentials/mod.ts";
import { composeEndpoints } from "./carriers/endpoints.ts";
import { composeSsm1Judge, type Judge } from "./judge.ts";

/** What the parts are made with. */
export interface Ssm1Context {
  readonly log: Logger;
  /** Ends the producer's waiting. */
  readonly signal: AbortSignal;
  /** For each connection: is told which broker it is to. */
  readonly connection?: () => (broker: string | undefined) => void;
}

/** The parts of a producer. */
export interface ProducerParts {
  readonly spool: OutgoingSpool;
  readonly envelope: Ssm1Sealer;
  readonly carrier: Ssm1OutgoingCarrier;
}

/** The parts of a consumer. */
export interface ConsumerParts {
  readonly incoming: Ssm1Incoming;
  readonly reject: Ssm1Reject;
  readonly envelope: Ssm1Opener;
  readonly carrier: Ssm1IncomingCarrier;
}

/** The parts of what the file asks for. */
export interface Ssm1Parts {
  readonly producer: ProducerParts | undefined;
  readonly consumer: ConsumerParts | undefined;
  /** Rereads the list of allowed DNs, certificate and key now. */
  reload(): Promise<void>;
}

/** What both roles are made from. */
interface RoleContext extends Omit<Ssm1Context, "connection"> {
  readonly connection: Ssm1Context["connection"] | undefined;
  readonly config: Ssm1Config;
  readonly identity: LiveIdentity;
  readonly trust: TrustStore;
}

/** A producer is sent acks, certificates and receipts only. */
const FRAME_LIMIT_OF_PRODUCER = 1 << 20;

/**
 * Makes what the configuration asks for.
 *
 * @throws {SsmError} `CERTIFICATE`, `KEY`, `TRUST`, `DN_LIST`, `SPOOL`.
 */
export async function composeSsm1(
  config: Ssm1Config,
  { log, signal, connection }: Ssm1Context,
): Promise<Ssm1Parts> {
  const { certificates, messages } = config;
  const identity = LiveIdentity.open(certificates, { log });
  const trust = openTrustStore(
    certificates.capath,
    (words) => log.warning(words),
  );
  const { subject } = identity.current().certificate;
  log.info(`Messages will be signed using ${formatDn(subject)}`);
  // Opening a consumer's directories makes all of them.
  if (!config.consumer) {
    await makeSsm1Directories(messages.path, {
      directoryMode: 0o777 & ~messages.umask,
      test: messages.test,
    });
  }
  const context = { config, identity, trust, log, signal, connection };
  const judge = config.consumer &&
    await composeSsm1Judge(config, config.consumer.validDns, context);
  return {
    producer: config.producer &&
      await composeProducer(config.producer, context),
    consumer: config.consumer && judge &&
      await composeConsumer(config.consumer, judge, context),
    reload: async () => {
      identity.reload();
      await judge?.dns.reload();
    },
  };
}

async function composeProducer(
  producer: NonNullable<Ssm1Config["producer"]>,
  { config, identity, trust, log, signal, connection }: RoleContext,
): Promise<ProducerParts> {
  const { broker, certificates, messages } = config;
  const { checkCrls } = certificates;
  const consumer: ConsumerIdentity = {
    consumerDn: producer.consumerDn,
    trust: (certificate) => trust.verify(certificate, [], { checkCrls }),
  };
  const known = await openConsumerCertificate(producer, consumer, log);
  const carrier = new Ssm1OutgoingCarrier({
    endpoints: composeEndpoints(broker, {
      identity,
      trust,
      log,
      checkCrls,
      maxBodyBytes: FRAME_LIMIT_OF_PRODUCER,
    }),
    destination: producer.topic,
    ackQueue: producer.ackQueue,
    consumer: known
      ? "known"
      : { ...consumer, lifeMs: producer.certificateLifeMs },
    ackTimeoutMs: producer.ackTimeoutMs,
    retryForMs: broker.retryForMs,
    onConnection: connection?.(),
    signal,
    log,
    clock: systemClock,
  });
  const spool = composeSsm1Outgoing(messages, log);
  const envelope = new Ssm1Sealer({
    signer: () => identity.current(),
    recipient: () => known?.current() ?? carrier.recipient,
    cipher: certificates.cipher,
  });
  return { spool, envelope, carrier };
}

/** What a producer sends from. */
export function composeSsm1Outgoing(
  messages: Ssm1Config["messages"],
  log: Logger,
): OutgoingSpool {
  return new PlainDirectory(join(messages.path, "outgoing"), {
    minAgeMs: messages.minFileAgeMs,
    maxLockMs: messages.maxLockMs,
    directoryMode: 0o777 & ~messages.umask,
    order: "name",
    skipTmp: false,
    warn: (words) => log.warning(words),
  });
}

/**
 * The consumer's certificate in a file, if there is one.
 *
 * @throws {SsmError} `CERTIFICATE`, `TRUST` when it is not fit.
 */
export async function openConsumerCertificate(
  { consumerCertificate: path }: NonNullable<Ssm1Config["producer"]>,
  consumer: ConsumerIdentity,
  log: Logger,
): Promise<LiveRecipient | undefined> {
  if (path === undefined) return undefined;
  const known = await LiveRecipient.open(path, {
    log,
    verify: async (certificate) => {
      const why = await refuseConsumer(certificate, consumer);
      if (why === undefined) return;
      throw new SsmError(
        "TRUST",
        `Cannot use the consumer's certificate ${path}: ${why}`,
      );
    },
  });
  log.info(`Messages will be encrypted using ${consumer.consumerDn}`);
  return known;
}

async function composeConsumer(
  consumer: NonNullable<Ssm1Config["consumer"]>,
  judge: Judge<Ssm1Opener>,
  { config, identity, trust, log, connection }: RoleContext,
): Promise<ConsumerParts> {
  const { broker, certificates, messages } = config;
  const { checkCrls } = certificates;
  const { incoming, reject } = await openConsumerSpools(messages);
  const carrier = new Ssm1IncomingCarrier({
    endpoints: composeEndpoints(broker, {
      identity,
      trust,
      log,
      checkCrls,
      maxBodyBytes: messages.maxMessageBytes,
    }),
    destination: consumer.topic,
    prefetch: consumer.window,
    certificates: () => identity.current().chain,
    received: incoming,
    onConnection: connection?.(),
    log,
    clock: systemClock,
  });
  return {
    incoming,
    reject,
    envelope: judge.envelope,
    carrier,
  };
}

/** Where a consumer puts messages. @throws {SsmError} `SPOOL` */
export async function openConsumerSpools(
  messages: Ssm1Config["messages"],
): Promise<Pick<ConsumerParts, "incoming" | "reject">> {
  const modes = {
    fileMode: 0o666 & ~messages.umask,
    directoryMode: 0o777 & ~messages.umask,
  };
  const incoming = await Ssm1Incoming.open(messages.path, {
    ...modes,
    ackKeepMs: messages.ackKeepMs,
    test: messages.test,
  });
  const reject = await Ssm1Reject.open(messages.path, modes);
  return { incoming, reject };
}
