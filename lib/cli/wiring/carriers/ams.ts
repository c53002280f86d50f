/**
 * The wiring of SSM2 over the ARGO Messaging Service.
 *
 * @module
 */
import { AmsClient, isAmsError } from "../../../ams/mod.ts";
import type {
  AmsConfig,
  AmsReceiving,
  AmsSending,
  ReceiverConfig,
  SenderConfig,
} from "../../../config/mod.ts";
import {
  AmsIncomingCarrier,
  AmsOutgoingCarrier,
  type AmsSubscription,
  type AmsTopic,
} from "../../../ssm/mod.ts";
import type { PeerVerifier, PublicTrust } from "../../../net/mod.ts";
import { systemClock } from "../../../stomp/mod.ts";
import { tokenOf } from "./ams_token.ts";
import type { CarrierContext, OutgoingContext } from "./carrier_context.ts";
import { brokerVerifier } from "./endpoints.ts";

/** Sends to the topic of a configuration. */
export function amsOutgoing(
  broker: AmsSending,
  { certificates, messaging: { destination } }: Omit<SenderConfig, "broker">,
  context: OutgoingContext,
): AmsOutgoingCarrier {
  const client = clientMaker(broker, certificates, context);
  const noted = noting(broker, destination, context);
  return new AmsOutgoingCarrier({
    connect: () => topicOf(client(), destination, noted),
    host: addressOf(broker),
    destination,
    retryForMs: broker.retryForMs,
    batchMessages: broker.batch,
    batchBytes: broker.batchBytes,
    messageLimit: broker.messageLimit,
    signal: context.signal,
    log: context.wire,
    clock: systemClock,
  });
}

/** Receives from the subscription of a configuration. */
export function amsIncoming(
  broker: AmsReceiving,
  { certificates, messaging }: Omit<ReceiverConfig, "broker">,
  context: CarrierContext,
): AmsIncomingCarrier {
  const { destination, window, maxMessageBytes } = messaging;
  const client = clientMaker(broker, certificates, context, maxMessageBytes);
  const noted = noting(broker, destination, context);
  return new AmsIncomingCarrier({
    connect: () => subscriptionOf(client(), destination, noted),
    host: addressOf(broker),
    destination,
    pullMessages: window,
    pullBytes: broker.batchBytes,
    pollPauseMs: broker.pollPauseMs,
    skipBroken: broker.skipBroken,
    log: context.wire,
    clock: systemClock,
  });
}

/** Tells others that the service does as asked: there is no connection of which that could be told. */
interface Noted {
  /** Makes a call, and notes what became of it. */
  readonly call: <T>(ask: () => Promise<T>) => Promise<T>;
  /** No calls follow. */
  readonly end: () => void;
}

/** Notes host, project and destination, as `HOST/PROJECT/DESTINATION`. */
function noting(
  broker: AmsConfig,
  destination: string,
  { onConnection }: Pick<CarrierContext, "onConnection">,
): Noted {
  const to = `${addressOf(broker)}/${broker.project}/${destination}`;
  return {
    async call(ask) {
      try {
        const answer = await ask();
        onConnection?.(to);
        return answer;
      } catch (error) {
        if (!isAmsError(error, ...ABOUT_MESSAGES)) onConnection?.(undefined);
        throw error;
      }
    },
    end: () => onConnection?.(undefined),
  };
}

/** What is wrong with a message, not with the service or the way to it. */
const ABOUT_MESSAGES = [
  "too large",
  "invalid",
  "broken record",
  "answer too long",
] as const;

/** The client bound to one topic; disposing of the one disposes of the other. */
function topicOf(ams: AmsClient, name: string, noted: Noted): AmsTopic {
  return {
    publish: (messages, signal) =>
      noted.call(() => ams.publish(name, messages, signal)),
    [Symbol.asyncDispose]: () => {
      noted.end();
      return ams[Symbol.asyncDispose]();
    },
  };
}

/** The same for a subscription. */
function subscriptionOf(
  ams: AmsClient,
  name: string,
  noted: Noted,
): AmsSubscription {
  return {
    pull: (max, signal) => noted.call(() => ams.pull(name, max, signal)),
    acknowledge: (ackId, signal) => ams.acknowledge(name, ackId, signal),
    offsets: (signal) => ams.offsets(name, signal),
    moveOffset: (offset, signal) => ams.moveOffset(name, offset, signal),
    show: (signal) => ams.subscription(name, signal),
    [Symbol.asyncDispose]: () => {
      noted.end();
      return ams[Symbol.asyncDispose]();
    },
  };
}

/** As the configuration has it. */
function addressOf({ host, port }: AmsConfig): string {
  return port === 443 ? host : `${host}:${port}`;
}

/**
 * Makes clients, each with connections of its own; nothing is asked of the network
 * before they are used.
 *
 * @throws {SsmError} `CONFIG` when the file with the token is of no use.
 */
export function clientMaker(
  broker: AmsConfig,
  { checkCrls }: { readonly checkCrls: boolean },
  { identity, trust, log, wire }: CarrierContext,
  maxMessageBytes?: number,
): () => AmsClient {
  const token = tokenOf(broker, log);
  if (token === undefined) {
    log.info("No AMS token provided, using cert/key pair instead.");
  }
  const verify = amsVerifier(broker, { trust, checkCrls });
  return () =>
    new AmsClient({
      host: broker.host,
      port: broker.port,
      project: broker.project,
      credential: token ? { kind: "token", token } : {
        kind: "certificate",
        authnPort: broker.authnPort,
        identity: () => {
          const { certificate, key } = identity.current().keyPair;
          return { certificatePem: certificate, keyPem: key };
        },
      },
      trust: verify,
      environment: (name) => Deno.env.get(name),
      timeoutMs: broker.timeoutMs,
      maxMessageBytes,
      log: wire,
      clock: systemClock,
    });
}

/** Whom to take for the service. */
export function amsVerifier(
  broker: AmsConfig,
  context: Parameters<typeof brokerVerifier>[0],
): PeerVerifier | PublicTrust {
  const verifier = brokerVerifier(context);
  return broker.trust === "capath"
    ? verifier
    : { roots: "public", besides: verifier };
}
