/**
 * Configuration: files in the dialect of Python's ConfigParser, and the DN list.
 *
 * @module
 */
export { ConfigError, type ConfigPlace } from "./config_error.ts";
export { Ini, type IniOption, parseIni, readIni } from "./ini.ts";
export type { Key, Table } from "./keys.ts";
export {
  boolean,
  hosts,
  integer,
  type Kind,
  path,
  seconds,
  text,
} from "./kinds.ts";
export {
  type BrokerAddress,
  type BrokerConfig,
  type CertificatesConfig,
  detectRole,
  type Loaded,
  type LoggingConfig,
  loggingConfig,
  type Role,
} from "./shared_sections.ts";
export { readSenderConfig, type SenderConfig } from "./sender_config.ts";
export { readReceiverConfig, type ReceiverConfig } from "./receiver_config.ts";
export {
  readStompserverConfig,
  type StompserverConfig,
} from "./stompserver_config.ts";
export { isSsm1, readSsm1Config, type Ssm1Config } from "./ssm1_config.ts";
export { readLogConf } from "./log_conf.ts";
export type { Surroundings } from "./variables.ts";
export { SENDER_TABLES } from "./sender_tables.ts";
export { RECEIVER_TABLES } from "./receiver_tables.ts";
export { SSM1_TABLES } from "./ssm1_tables.ts";
export { STOMPSERVER_TABLES } from "./stompserver_tables.ts";
export {
  DnList,
  type DnListOptions,
  type MalformedLine,
  type ParsedDns,
  parseDns,
  type Refreshed,
} from "./dn_list.ts";
