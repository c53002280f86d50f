/**
 * What sender and receiver read in the same way.
 *
 * @module
 */
import {
  BROKER_TABLE,
  type CERTIFICATES_TABLE,
  LOGGING_TABLE,
  type Protocol,
  PROTOCOL_TABLE,
} from "../tables/shared_tables.ts";
import { ConfigError } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { keyPlace, readSection, type Values } from "../schema/keys.ts";
import type { Level } from "../schema/kinds.ts";

/** What a program may do. */
export type Role = "sender" | "receiver";

/** A configuration, and what was odd about its file. */
export interface Loaded<Config> {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** Keys in the file whose values must not be known to others. @default none */
  readonly secrets?: readonly string[];
}

/** One broker to try. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** How to reach a STOMP broker. */
export interface BrokerConfig
  extends Omit<Values<typeof BROKER_TABLE>, "hosts" | "port"> {
  /** In the order in which they are tried. */
  readonly addresses: readonly BrokerAddress[];
}

/** The identity of this host, and the CAs that it trusts. */
export type CertificatesConfig = Values<typeof CERTIFICATES_TABLE>;

/** Where log lines go. */
export interface LoggingConfig {
  readonly logfile: string | undefined;
  readonly level: Level;
  readonly console: boolean;
  readonly format: "text" | "json";
}

/** The role a file is for: `[sender]` wins where there are both; `undefined` for files without either. */
export function detectRole(ini: Ini): Role | undefined {
  if (ini.has("sender")) return "sender";
  return ini.has("receiver") ? "receiver" : undefined;
}

/** What a file says of its protocol, with the warning of the original when that is nothing. */
export function readProtocol(
  ini: Ini,
  role: Role,
): { protocol: Protocol; warnings: string[] } {
  const { protocol } = readSection(ini, role, PROTOCOL_TABLE);
  const isSaid = ini.find(role, "protocol") !== undefined;
  return {
    protocol,
    warnings: isSaid
      ? []
      : [`No option set for 'protocol'. Defaulting to ${protocol}.`],
  };
}

/**
 * Gives every host its port, and checks what depends on several keys.
 *
 * @param table Says how the keys are called. @default {BROKER_TABLE}
 */
export function brokerConfig(
  ini: Ini,
  values: Values<typeof BROKER_TABLE>,
  table: typeof BROKER_TABLE = BROKER_TABLE,
): BrokerConfig {
  const { hosts, port: commonPort, ...rest } = values;
  const place = (property: keyof typeof BROKER_TABLE) =>
    keyPlace(ini, "broker", table[property]);
  const addresses = hosts.map(({ host, port = commonPort }) => {
    if (port === undefined) {
      throw new ConfigError(
        place("port"),
        `it is missing, and host "${host}" has no port of its own`,
      );
    }
    return Object.freeze({ host, port });
  });
  if (rest.passcode !== undefined && rest.passcodeFile !== undefined) {
    throw new ConfigError(
      place("passcodeFile"),
      `there is a "${table.passcode.name}" already; only one of them may be there`,
    );
  }
  const hasPasscode = (rest.passcode ?? rest.passcodeFile) !== undefined;
  if (hasPasscode && rest.login === undefined) {
    throw new ConfigError(
      place("login"),
      "it is missing, although there is a passcode",
    );
  }
  return Object.freeze({ ...rest, addresses: Object.freeze(addresses) });
}

/** `[logging]`, which may be missing altogether. */
export function loggingConfig(ini: Ini): LoggingConfig {
  return completeLogging(readSection(ini, "logging", LOGGING_TABLE));
}

/** Where nothing is said of the console, it is for those who have no logfile. */
export function completeLogging(
  values: Values<typeof LOGGING_TABLE>,
): LoggingConfig {
  const console = values.console ?? values.logfile === undefined;
  return Object.freeze({ ...values, console });
}
