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
import { ConfigError, readParts, warningOf } from "../config_error.ts";
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
 * @throws {ConfigError} with all that cannot be used, and what is odd.
 */
export function readStompserverConfig(ini: Ini): Loaded<StompserverConfig> {
  const warnings = [
    ...unknownKeys(ini),
    ...valueWarnings(ini, STOMPSERVER_TABLES),
  ];
  const { values, logging } = warningOf(warnings, () =>
    readParts({
      values: () => {
        const table = STOMPSERVER_TABLES.stompserver;
        const values = readSection(ini, "stompserver", table);
        assertComplete(ini, values);
        return values;
      },
      logging: () => loggingConfig(ini),
    }));
  const { withData, withoutData } = DEFAULT_MEMORY_MIB;
  const mebibytes = values.data === undefined ? withoutData : withData;
  const config = Object.freeze({
    ...values,
    memoryBytes: values.memoryBytes ?? mebibytes * 1024 ** 2,
    file: ini.file,
    logging,
  });
  return { config, warnings };
}

/** What depends on several keys. */
function assertComplete(
  ini: Ini,
  values: Values<Tables["stompserver"]>,
): void {
  const table = STOMPSERVER_TABLES.stompserver;
  const { tls, capath, caFile } = values;
  const refuse = (property: keyof typeof table, state: string): never => {
    const place = keyPlace(ini, "stompserver", table[property]);
    throw new ConfigError(place, state);
  };
  const needed: (keyof typeof table)[] = [];
  if (tls !== "off") needed.push("certificate", "key");
  if (tls === "strict" && caFile === undefined) needed.push("capath");
  const parts = needed.map((property) => [property, () => {
    if (values[property] !== undefined) return;
    refuse(property, `it is missing, although tls is ${tls}`);
  }]);
  readParts({
    ...Object.fromEntries(parts),
    ports: () => {
      if (values.stomp || values.ams !== undefined) return;
      refuse(
        "ams",
        "it is missing, although stomp is off: there would be no port",
      );
    },
    authorities: () => {
      if (capath === undefined || caFile === undefined) return;
      refuse(
        "caFile",
        'there is a "capath" already; only one of them may be there',
      );
    },
  });
}
