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
  SmimeOpener,
  Ssm1IncomingCarrier,
  Ssm1Opener,
  Ssm1OutgoingCarrier,
  Ssm1Sealer,
} from "../../ssm/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import {
  AllowedDns,
  LiveIdentity,
  LiveRecipient,
  openTrustStore,
} from "../../credentials/mod.ts";
import { composeEndpoints } from "./endpoints.ts";

/** What the parts are made with. */
export interface Ssm1Context {
  readonly log: Logger;
  /** Ends the producer's waiting. */
  readonly signal: AbortSignal;
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
interface RoleContext extends Ssm1Context {
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
  { log, signal }: Ssm1Context,
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
  const context = { config, identity, trust, log, signal };
  const dns = config.consumer &&
    await AllowedDns.open(config.consumer.validDns, log, { ignoreCase: true });
  return {
    producer: config.producer &&
      await composeProducer(config.producer, context),
    consumer: config.consumer && dns &&
      await composeConsumer(config.consumer, dns, context),
    reload: async () => {
      identity.reload();
      await dns?.reload();
    },
  };
}

async function composeProducer(
  producer: NonNullable<Ssm1Config["producer"]>,
  { config, identity, trust, log, signal }: RoleContext,
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
    signal,
    log,
    clock: systemClock,
  });
  const spool = new PlainDirectory(join(messages.path, "outgoing"), {
    minAgeMs: messages.minFileAgeMs,
    maxLockMs: messages.maxLockMs,
    directoryMode: 0o777 & ~messages.umask,
    order: "name",
    skipTmp: false,
    warn: (words) => log.warning(words),
  });
  const envelope = new Ssm1Sealer({
    signer: () => identity.current(),
    recipient: () => known?.current() ?? carrier.recipient,
    cipher: certificates.cipher,
  });
  return { spool, envelope, carrier };
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
  dns: AllowedDns,
  { config, identity, trust, log }: RoleContext,
): Promise<ConsumerParts> {
  const { broker, certificates, messages } = config;
  const { checkCrls, allowWeakDigests } = certificates;
  const modes = {
    fileMode: 0o666 & ~messages.umask,
    directoryMode: 0o777 & ~messages.umask,
  };
  const incoming = await Ssm1Incoming.open(messages.path, {
    ...modes,
    ackKeepMs: messages.ackKeepMs,
    test: messages.test,
  });
  const inner = new SmimeOpener({
    recipients: () => identity.forDecryption(),
    trust: (signer, others) =>
      trust.verify(signer, others, {
        checkCrls,
        // Where SHA-1 is accepted, it is so for the messages alone: the originals'
        // own OpenSSL signs them so and knows nothing else.
        allowWeakDigests: allowWeakDigests === "all" ? "all" : "none",
      }),
    isAllowed: (spellings) => dns.has(spellings),
    explainRefusal: (dn) => dns.near(dn),
    allowWeakDigests,
    maxMessageBytes: messages.maxMessageBytes,
  });
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
    log,
    clock: systemClock,
  });
  return {
    incoming,
    reject: await Ssm1Reject.open(messages.path, modes),
    envelope: new Ssm1Opener({
      inner,
      maxUnpackedBytes: messages.maxUnpackedBytes,
    }),
    carrier,
  };
}
