/**
 * The configuration of the embedded broker: section `[stompserver]`.
 *
 * Not `[broker]`, which says where the broker is that senders and receivers use.
 *
 * @module
 */
import {
  type Loaded,
  type LoggingConfig,
  loggingConfig,
} from "./shared_sections.ts";
import { ConfigError } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { keyPlace, readSection, type Values } from "../schema/keys.ts";
import { valueWarnings } from "./value_warnings.ts";
import { unknownKeys } from "./unknown_keys.ts";
import {
  DEFAULT_MEMORY_MIB,
  STOMPSERVER_TABLES,
} from "../tables/stompserver_tables.ts";

type Tables = typeof STOMPSERVER_TABLES;

/** Everything an embedded broker is told by its file. */
export interface StompserverConfig
  extends Omit<Values<Tables["stompserver"]>, "memoryBytes"> {
  readonly memoryBytes: number;
  readonly file: string;
  readonly logging: LoggingConfig;
}

/**
 * Reads the configuration of an embedded broker.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readStompserverConfig(ini: Ini): Loaded<StompserverConfig> {
  const table = STOMPSERVER_TABLES.stompserver;
  const values = readSection(ini, "stompserver", table);
  const { tls, capath, caFile, data } = values;
  const needed: (keyof typeof table)[] = [];
  if (tls !== "off") needed.push("certificate", "key");
  if (tls === "strict" && caFile === undefined) needed.push("capath");
  for (const property of needed) {
    if (values[property] !== undefined) continue;
    throw new ConfigError(
      keyPlace(ini, "stompserver", table[property]),
      `it is missing, although tls is ${tls}`,
    );
  }
  if (!values.stomp && values.ams === undefined) {
    throw new ConfigError(
      keyPlace(ini, "stompserver", table.ams),
      "it is missing, although stomp is off: there would be no port",
    );
  }
  if (capath !== undefined && caFile !== undefined) {
    throw new ConfigError(
      keyPlace(ini, "stompserver", table.caFile),
      'there is a "capath" already; only one of them may be there',
    );
  }
  const { withData, withoutData } = DEFAULT_MEMORY_MIB;
  const mebibytes = data === undefined ? withoutData : withData;
  const config = Object.freeze({
    ...values,
    memoryBytes: values.memoryBytes ?? mebibytes * 1024 ** 2,
    file: ini.file,
    logging: loggingConfig(ini),
  });
  return {
    config,
    warnings: [...unknownKeys(ini), ...valueWarnings(ini, STOMPSERVER_TABLES)],
  };
}
