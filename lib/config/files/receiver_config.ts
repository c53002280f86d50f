/**
 * The configuration of a receiver.
 *
 * @module
 */
import {
  type BrokerConfig,
  brokerConfig,
  checkProtocol,
  type Loaded,
  type LoggingConfig,
  loggingConfig,
} from "./shared_sections.ts";
import type { Ini } from "../ini/parse.ts";
import { readSections, type Values } from "../schema/keys.ts";
import { valueWarnings } from "./value_warnings.ts";
import { unknownKeys } from "./unknown_keys.ts";
import { RECEIVER_TABLES } from "./receiver_tables.ts";

type Tables = typeof RECEIVER_TABLES;

/** Everything a receiver is told by its file. */
export interface ReceiverConfig {
  readonly file: string;
  readonly broker: BrokerConfig;
  readonly certificates: Values<Tables["certificates"]>;
  readonly messaging: Omit<Values<Tables["messaging"]>, "amsProject" | "token">;
  readonly logging: LoggingConfig;
  readonly pidfile: string | undefined;
}

/**
 * Reads a receiver's configuration.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readReceiverConfig(ini: Ini): Loaded<ReceiverConfig> {
  const warnings = [
    ...checkProtocol(ini, "receiver"),
    ...unknownKeys(ini),
    ...valueWarnings(ini, RECEIVER_TABLES),
  ];
  const { broker, certificates, messaging: all, daemon } = readSections(
    ini,
    RECEIVER_TABLES,
  );
  const { amsProject: _, token: __, ...messaging } = all;
  const config = Object.freeze({
    file: ini.file,
    broker: brokerConfig(ini, broker),
    certificates,
    messaging: Object.freeze(messaging),
    logging: loggingConfig(ini),
    pidfile: daemon.pidfile,
  });
  return { config, warnings };
}
