/**
 * Configuration: files in the dialect of Python's ConfigParser.
 *
 * @module
 */
export { ConfigError } from "./config_error.ts";
export { Ini, parseIni, readIni } from "./ini/parse.ts";
export type { Key, Table } from "./schema/keys.ts";
export {
  boolean,
  hosts,
  integer,
  type Kind,
  path,
  seconds,
  text,
  word,
} from "./schema/kinds.ts";
export {
  type BrokerConfig,
  detectRole,
  type Loaded,
  type LoggingConfig,
  loggingConfig,
} from "./files/shared_sections.ts";
export type { AmsConfig } from "./files/ams_section.ts";
export {
  type AmsSending,
  readSenderConfig,
  type SenderConfig,
  type StompSending,
} from "./files/sender_config.ts";
export {
  type AmsReceiving,
  readReceiverConfig,
  type ReceiverConfig,
  type StompReceiving,
} from "./files/receiver_config.ts";
export {
  readStompserverConfig,
  type StompserverConfig,
} from "./files/stompserver_config.ts";
export { isSsm1, readSsm1Config, type Ssm1Config } from "./ssm1/config.ts";
export { readLogConf } from "./log_conf/log_conf.ts";
export type { Surroundings } from "./ini/variables.ts";
export { SENDER_TABLES } from "./tables/sender_tables.ts";
export { RECEIVER_TABLES } from "./tables/receiver_tables.ts";
export { SSM1_TABLES } from "./ssm1/tables.ts";
export {
  STOMPSERVER_GROUPS,
  STOMPSERVER_TABLES,
} from "./tables/stompserver_tables.ts";
