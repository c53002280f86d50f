/**
 * Configuration: files in the dialect of Python's ConfigParser, and the DN list.
 *
 * @module
 */
export { ConfigError, type ConfigPlace } from "./config_error.ts";
export { Ini, type IniOption, parseIni, readIni } from "./ini/parse.ts";
export type { Key, Table } from "./schema/keys.ts";
export {
  boolean,
  hosts,
  integer,
  type Kind,
  path,
  seconds,
  text,
} from "./schema/kinds.ts";
export {
  type BrokerAddress,
  type BrokerConfig,
  type CertificatesConfig,
  detectRole,
  type Loaded,
  type LoggingConfig,
  loggingConfig,
  type Role,
} from "./files/shared_sections.ts";
export { readSenderConfig, type SenderConfig } from "./files/sender_config.ts";
export {
  readReceiverConfig,
  type ReceiverConfig,
} from "./files/receiver_config.ts";
export {
  readStompserverConfig,
  type StompserverConfig,
} from "./files/stompserver_config.ts";
export { isSsm1, readSsm1Config, type Ssm1Config } from "./ssm1/config.ts";
export { readLogConf } from "./log_conf/log_conf.ts";
export type { Surroundings } from "./ini/variables.ts";
export { SENDER_TABLES } from "./files/sender_tables.ts";
export { RECEIVER_TABLES } from "./files/receiver_tables.ts";
export { SSM1_TABLES } from "./ssm1/tables.ts";
export {
  STOMPSERVER_GROUPS,
  STOMPSERVER_TABLES,
} from "./files/stompserver_tables.ts";
