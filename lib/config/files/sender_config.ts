/**
 * The configuration of a sender.
 *
 * @module
 */
import { resolve } from "node:path";
import { type AmsConfig, amsConfig } from "./ams_section.ts";
import {
  type BrokerConfig,
  brokerConfig,
  type Loaded,
  type LoggingConfig,
  loggingConfig,
  readProtocol,
} from "./shared_sections.ts";
import { fileWarnings } from "./file_warnings.ts";
import { ConfigError } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { keyPlace, readSection, type Values } from "../schema/keys.ts";
import { secretsIn } from "./secrets.ts";
import { SENDER_TABLES } from "../tables/sender_tables.ts";

type Stomp = typeof SENDER_TABLES.STOMP;
type Ams = typeof SENDER_TABLES.AMS;

/** How a sender reaches a STOMP broker. */
export interface StompSending
  extends BrokerConfig, Pick<Values<Stomp["broker"]>, "retryForMs"> {
  readonly protocol: "STOMP";
}

/** How a sender reaches the messaging service. */
export interface AmsSending
  extends
    AmsConfig,
    Pick<Values<Ams["broker"]>, "retryForMs">,
    Pick<Values<Ams["messaging"]>, "batch" | "batchBytes" | "messageLimit"> {}

/** Everything a sender is told by its file. */
export interface SenderConfig {
  readonly file: string;
  /** Whether it goes on running, and sends what comes. */
  readonly keepRunning: boolean;
  /** What carries the messages. */
  readonly broker: StompSending | AmsSending;
  readonly certificates: Values<Stomp["certificates"]>;
  readonly messaging: Values<Stomp["messaging"]>;
  readonly logging: LoggingConfig;
}

/**
 * Reads a sender's configuration.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readSenderConfig(ini: Ini): Loaded<SenderConfig> {
  const { protocol, warnings } = readProtocol(ini, "sender");
  const tables = SENDER_TABLES[protocol];
  warnings.push(...fileWarnings(ini, SENDER_TABLES, protocol));
  const { keepRunning } = readSection(ini, "sender", tables.sender);
  const carrier = protocol === "AMS" ? readAms(ini) : readStomp(ini);
  const config = Object.freeze({
    file: ini.file,
    keepRunning,
    ...carrier,
    certificates: readCertificates(ini),
    logging: loggingConfig(ini),
  });
  return { config, warnings, secrets: secretsIn(ini, tables) };
}

type Carrier = Pick<SenderConfig, "broker" | "messaging">;

function readStomp(ini: Ini): Carrier {
  const tables = SENDER_TABLES.STOMP;
  const broker = readSection(ini, "broker", tables.broker);
  const { retryForMs, ...values } = broker;
  return {
    broker: Object.freeze({
      protocol: "STOMP",
      ...brokerConfig(ini, values),
      retryForMs,
    }),
    messaging: readSection(ini, "messaging", tables.messaging),
  };
}

function readAms(ini: Ini): Carrier {
  const tables = SENDER_TABLES.AMS;
  const { retryForMs, ...values } = readSection(ini, "broker", tables.broker);
  const { project, token, tokenFile, ...others } = readSection(
    ini,
    "messaging",
    tables.messaging,
  );
  const { batch, batchBytes, messageLimit, ...messaging } = others;
  return {
    broker: Object.freeze({
      ...amsConfig(ini, values, { project, token, tokenFile }),
      ...{ retryForMs, batch, batchBytes, messageLimit },
    }),
    messaging: Object.freeze(messaging),
  };
}

function readCertificates(ini: Ini): SenderConfig["certificates"] {
  const table = SENDER_TABLES.STOMP.certificates;
  const certificates = readSection(ini, "certificates", table);
  const { certificate, serverCert } = certificates;
  if (
    serverCert !== undefined && resolve(serverCert) === resolve(certificate)
  ) {
    throw new ConfigError(
      keyPlace(ini, "certificates", table.serverCert),
      "it is the same file as certificate; it must be the certificate of the receiver",
    );
  }
  return certificates;
}
