/**
 * The configuration of a receiver.
 *
 * @module
 */
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
import type { Ini } from "../ini/parse.ts";
import { readSection, readSections, type Values } from "../schema/keys.ts";
import { RECEIVER_TABLES } from "../tables/receiver_tables.ts";
import { secretsIn } from "./secrets.ts";

type Stomp = typeof RECEIVER_TABLES.STOMP;
type Ams = typeof RECEIVER_TABLES.AMS;

/** How a receiver reaches a STOMP broker. */
export interface StompReceiving extends BrokerConfig {
  readonly protocol: "STOMP";
}

/** How a receiver reaches the messaging service. */
export interface AmsReceiving extends
  AmsConfig,
  Pick<
    Values<Ams["messaging"]>,
    "batchBytes" | "pollPauseMs" | "skipBroken"
  > {}

/** Everything a receiver is told by its file. */
export interface ReceiverConfig {
  readonly file: string;
  /** What brings the messages. */
  readonly broker: StompReceiving | AmsReceiving;
  readonly certificates: Values<Stomp["certificates"]>;
  readonly messaging: Values<Stomp["messaging"]>;
  readonly logging: LoggingConfig;
  readonly pidfile: string | undefined;
}

/**
 * Reads a receiver's configuration.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readReceiverConfig(ini: Ini): Loaded<ReceiverConfig> {
  const { protocol, warnings } = readProtocol(ini, "receiver");
  const tables = RECEIVER_TABLES[protocol];
  warnings.push(...fileWarnings(ini, RECEIVER_TABLES, protocol));
  const carrier = protocol === "AMS" ? readAms(ini) : readStomp(ini);
  const config = Object.freeze({
    file: ini.file,
    ...carrier,
    certificates: readSection(ini, "certificates", tables.certificates),
    logging: loggingConfig(ini),
    pidfile: readSection(ini, "daemon", tables.daemon).pidfile,
  });
  return { config, warnings, secrets: secretsIn(ini, tables) };
}

type Carrier = Pick<ReceiverConfig, "broker" | "messaging">;

function readStomp(ini: Ini): Carrier {
  const { broker, messaging } = RECEIVER_TABLES.STOMP;
  const values = readSections(ini, { broker, messaging });
  return {
    broker: Object.freeze({
      protocol: "STOMP",
      ...brokerConfig(ini, values.broker),
    }),
    messaging: values.messaging,
  };
}

function readAms(ini: Ini): Carrier {
  const { broker, messaging } = RECEIVER_TABLES.AMS;
  const values = readSections(ini, { broker, messaging });
  const { project, token, tokenFile, ...others } = values.messaging;
  const { batchBytes, pollPauseMs, skipBroken, ...common } = others;
  return {
    broker: Object.freeze({
      ...amsConfig(ini, values.broker, { project, token, tokenFile }),
      ...{ batchBytes, pollPauseMs, skipBroken },
    }),
    messaging: Object.freeze(common),
  };
}
