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
import { readSection, type Values } from "../schema/keys.ts";
import { remarks } from "./remarks.ts";
import { oddities } from "./oddities.ts";
import { STOMPSERVER_TABLES } from "./stompserver_tables.ts";

type Tables = typeof STOMPSERVER_TABLES;

/** Everything an embedded broker is told by its file. */
export interface StompserverConfig extends Values<Tables["stompserver"]> {
  readonly file: string;
  readonly logging: LoggingConfig;
}

/**
 * Reads the configuration of an embedded broker.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readStompserverConfig(ini: Ini): Loaded<StompserverConfig> {
  const values = readSection(
    ini,
    "stompserver",
    STOMPSERVER_TABLES.stompserver,
  );
  const needed: (keyof Tables["stompserver"])[] = values.tls === "off"
    ? []
    : values.tls === "on"
    ? ["certificate", "key"]
    : values.caFile === undefined
    ? ["certificate", "key", "capath"]
    : ["certificate", "key"];
  for (const property of needed) {
    if (values[property] !== undefined) continue;
    throw new ConfigError(
      {
        file: ini.file,
        section: "stompserver",
        key: STOMPSERVER_TABLES.stompserver[property].name,
      },
      `it is missing, although tls is ${values.tls}`,
    );
  }
  if (values.capath !== undefined && values.caFile !== undefined) {
    throw new ConfigError(
      {
        file: ini.file,
        line: ini.find("stompserver", "cafile")?.line,
        section: "stompserver",
        key: "cafile",
      },
      'there is a "capath" already; only one of them may be there',
    );
  }
  const config = Object.freeze({
    ...values,
    file: ini.file,
    logging: loggingConfig(ini),
  });
  return {
    config,
    warnings: [...oddities(ini), ...remarks(ini, STOMPSERVER_TABLES)],
  };
}
