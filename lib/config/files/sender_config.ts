/**
 * The configuration of a sender.
 *
 * @module
 */
import { resolve } from "node:path";
import {
  type BrokerConfig,
  brokerConfig,
  checkProtocol,
  type Loaded,
  type LoggingConfig,
  loggingConfig,
} from "./shared_sections.ts";
import { ConfigError } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { keyPlace, readSections, type Values } from "../schema/keys.ts";
import { valueWarnings } from "./value_warnings.ts";
import { unknownKeys } from "./unknown_keys.ts";
import { SENDER_TABLES } from "./sender_tables.ts";

type Tables = typeof SENDER_TABLES;

/** Everything a sender is told by its file. */
export interface SenderConfig {
  readonly file: string;
  /** Whether it goes on running, and sends what comes. */
  readonly keepRunning: boolean;
  readonly broker: BrokerConfig & Pick<Values<Tables["broker"]>, "retryForMs">;
  readonly certificates: Values<Tables["certificates"]>;
  readonly messaging: Omit<Values<Tables["messaging"]>, "amsProject" | "token">;
  readonly logging: LoggingConfig;
}

/**
 * Reads a sender's configuration.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readSenderConfig(ini: Ini): Loaded<SenderConfig> {
  const warnings = [
    ...checkProtocol(ini, "sender"),
    ...unknownKeys(ini),
    ...valueWarnings(ini, SENDER_TABLES),
  ];
  const { sender, broker, certificates, messaging: all } = readSections(
    ini,
    SENDER_TABLES,
  );
  const { amsProject: _, token: __, ...messaging } = all;
  const { certificate, serverCert } = certificates;
  if (
    serverCert !== undefined && resolve(serverCert) === resolve(certificate)
  ) {
    throw new ConfigError(
      keyPlace(ini, "certificates", SENDER_TABLES.certificates.serverCert),
      "it is the same file as certificate; it must be the certificate of the receiver",
    );
  }
  const config = Object.freeze({
    file: ini.file,
    keepRunning: sender.keepRunning,
    broker: Object.freeze({
      ...brokerConfig(ini, broker),
      retryForMs: broker.retryForMs,
    }),
    certificates,
    messaging: Object.freeze(messaging),
    logging: loggingConfig(ini),
  });
  return { config, warnings };
}
