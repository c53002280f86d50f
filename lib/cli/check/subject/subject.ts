/**
 * What a configuration makes, as far as checks need to know.
 *
 * @module
 */
import {
  type AmsReceiving,
  type AmsSending,
  type BrokerConfig,
  type Ini,
  type Loaded,
  type LoggingConfig,
  readReceiverConfig,
  readSenderConfig,
  readSsm1Config,
  readStompserverConfig,
  type StompserverConfig,
} from "../../../config/mod.ts";
import type { LiveIdentity, LiveRecipient } from "../../../credentials/mod.ts";
import type { Logger } from "../../../log/mod.ts";
import type { TrustStore } from "../../../pki/mod.ts";
import { commandFor, forNothing } from "../../command/config_file.ts";
import { type OutgoingStore, outgoingStore } from "../../wiring/outgoing.ts";
import { openConsumerCertificate } from "../../wiring/ssm1.ts";
import { loggingOf, surroundingsHere } from "../../wiring/ssm1_file.ts";
import { chooseRecipient } from "../../wiring/ssm2.ts";

/** The files of a certificate and its key. */
export type IdentityFiles = Parameters<typeof LiveIdentity.open>[0];

/** A directory in which messages are. */
export interface SpoolPlace {
  readonly path: string;
  /** What it is called in measures. */
  readonly name: "outgoing" | "received" | "data";
  /** Directories in it that must be on its file system: files are moved between them. */
  readonly together: readonly string[];
  /** Whether it is made at the start when it is missing; otherwise those make it who write there. */
  readonly isMade: boolean;
}

/** What is done with a broker. */
export interface StompSubject {
  readonly broker: BrokerConfig;
  /** Where messages are sent to. */
  readonly sends: readonly string[];
  /** Where messages come from. */
  readonly receives: readonly string[];
}

/** What a file makes. */
export interface Subject {
  readonly file: string;
  readonly role: "sender" | "receiver" | "sender and receiver" | "broker";
  readonly protocol: string;
  /** What is odd about the file. */
  readonly warnings: readonly string[];
  /** Keys in it with a secret. */
  readonly secretKeys: readonly string[];
  /** Where log lines go. */
  readonly logging: LoggingConfig;
  /** `undefined` where there is no certificate. */
  readonly identity: IdentityFiles | undefined;
  /** `undefined` where nobody is trusted by certificate. */
  readonly trust:
    | { readonly capath: string; readonly checkCrls: boolean }
    | undefined;
  /** Opens the certificate that messages are encrypted to. */
  readonly openRecipient?: (
    trust: TrustStore,
    log: Logger,
  ) => Promise<LiveRecipient | undefined>;
  /** Whether messages of any authority's certificates come in. */
  readonly judgesSigners: boolean;
  readonly dnList:
    | { readonly path: string; readonly ignoreCase: boolean }
    | undefined;
  /** The files that wait to be sent. */
  readonly outgoing?: OutgoingStore;
  readonly places: readonly SpoolPlace[];
  readonly pidfile: string | undefined;
  readonly stomp?: StompSubject;
  readonly ams?: AmsSubject;
  /** The embedded broker that it makes. */
  readonly server?: StompserverConfig;
}

/** What is done with the ARGO Messaging Service. */
export interface AmsSubject {
  readonly broker: AmsSending | AmsReceiving;
  readonly destination: string;
  readonly sends: boolean;
}

/**
 * Reads a file as the command does that it is for.
 *
 * @throws {ConfigError} with all that cannot be used
 */
export async function readSubject(ini: Ini): Promise<Subject> {
  switch (commandFor(ini)) {
    case "send":
      return sender(ini);
    case "receive":
      return receiver(ini);
    case "ssm1":
      return await ssm1(ini);
    case "broker":
      return server(ini);
    case undefined:
      throw forNothing(ini, "check");
  }
}

function sender(ini: Ini): Subject {
  const { config, ...read } = readSenderConfig(ini);
  const { broker, certificates, messaging } = config;
  return {
    ...common(config, read),
    role: "sender",
    protocol: `SSM2 over ${broker.protocol}`,
    identity: certificates,
    trust: certificates,
    openRecipient: (trust, log) => chooseRecipient(config, { trust, log }),
    judgesSigners: false,
    outgoing: outgoingStore(ini),
    dnList: undefined,
    places: [{
      path: messaging.path,
      name: "outgoing",
      together: [],
      isMade: false,
    }],
    pidfile: undefined,
    ...(broker.protocol === "AMS"
      ? { ams: { broker, destination: messaging.destination, sends: true } }
      : { stomp: { broker, sends: [messaging.destination], receives: [] } }),
  };
}

function receiver(ini: Ini): Subject {
  const { config, ...read } = readReceiverConfig(ini);
  const { broker, certificates, messaging, pidfile } = config;
  const { destination, dnFile } = messaging;
  return {
    ...common(config, read),
    role: "receiver",
    protocol: `SSM2 over ${broker.protocol}`,
    identity: certificates,
    trust: certificates,
    judgesSigners: true,
    dnList: { path: dnFile, ignoreCase: false },
    places: [{
      path: messaging.path,
      name: "received",
      together: ["incoming", "reject", ".ssm-ledger"],
      isMade: true,
    }],
    pidfile,
    ...(broker.protocol === "AMS"
      ? { ams: { broker, destination, sends: false } }
      : { stomp: { broker, sends: [], receives: [destination] } }),
  };
}

async function ssm1(ini: Ini): Promise<Subject> {
  const surroundings = surroundingsHere();
  const { config, ...read } = readSsm1Config(ini, surroundings);
  const { broker, certificates, messages, consumer, producer } = config;
  const warnings = [...read.warnings];
  const logging = await loggingOf(config, { surroundings, warnings });
  return {
    ...common({ ...config, logging }, { ...read, warnings }),
    role: producer && consumer
      ? "sender and receiver"
      : producer
      ? "sender"
      : "receiver",
    protocol: "SSM1",
    identity: certificates,
    trust: certificates,
    ...(producer && {
      outgoing: outgoingStore(ini),
      openRecipient: (trust, log) =>
        openConsumerCertificate(producer, {
          consumerDn: producer.consumerDn,
          trust: (certificate) =>
            trust.verify(certificate, [], {
              checkCrls: certificates.checkCrls,
            }),
        }, log),
    }),
    judgesSigners: consumer !== undefined,
    dnList: consumer && { path: consumer.validDns, ignoreCase: true },
    places: [{
      path: messages.path,
      name: consumer ? "received" : "outgoing",
      together: ["incoming", "outgoing", "ack", "reject"],
      isMade: true,
    }],
    pidfile: config.pidfile,
    stomp: {
      broker,
      sends: producer ? [producer.topic] : [],
      receives: [
        ...(producer ? [producer.ackQueue] : []),
        ...(consumer ? [consumer.topic] : []),
      ],
    },
  };
}

function server(ini: Ini): Subject {
  const { config, ...read } = readStompserverConfig(ini);
  const { tls, certificate, key, capath, checkCrls, data, stomp, ams } = config;
  return {
    ...common(config, read),
    role: "broker",
    protocol: [stomp && "STOMP", ams && "AMS"].filter(Boolean).join(" and "),
    identity: tls === "off" ? undefined : {
      certificate: certificate!,
      key: key!,
      keyPassphraseFile: config.keyPassphraseFile,
      requirePrivateKeyFile: config.requirePrivateKeyFile,
    },
    trust: tls === "off" || capath === undefined
      ? undefined
      : { capath, checkCrls },
    judgesSigners: true,
    dnList: undefined,
    places: data === undefined
      ? []
      : [{ path: data, name: "data", together: [], isMade: true }],
    pidfile: undefined,
    server: config,
  };
}

function common(
  { file, logging }: { file: string; logging: LoggingConfig },
  { warnings, secrets = [] }: Omit<Loaded<unknown>, "config">,
) {
  return { file, logging, warnings, secretKeys: secrets };
}
