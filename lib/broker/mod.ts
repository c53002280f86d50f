/**
 * A STOMP broker to be embedded: queues and topics behind any socket.
 *
 * @module
 */
export {
  type ErrorCode,
  isSsmError,
  SsmError,
  type SsmErrorOptions,
} from "../errors.ts";
export {
  LOG_LEVELS,
  Logger,
  type LogLevel,
  type LogRecord,
  type LogSink,
} from "../log/mod.ts";
export { Broker, type BrokerQueue, type BrokerStats } from "./broker.ts";
export type { QueueStats } from "./routing/queues.ts";
export type { BrokerOptions } from "./options.ts";
export type { AccessRequest, Authorise } from "./access/access.ts";
export { type AccessRule, AccessRules } from "./access/access_rules.ts";
export { addressFilter, type AddressPatterns } from "./access/addresses.ts";
export type { Counters } from "./limits/counters.ts";
export type { DeadLetterOptions } from "./queues/dead_letters.ts";
export type { BrokerLimits, GivenLimits } from "./limits/limits.ts";
export { errorFrame } from "./message/refusal.ts";
export type { Message } from "./message/message.ts";
export type {
  RecoveredMessage,
  Store,
  StoreChange,
  StoredMessage,
} from "./store/store.ts";
export { SqliteStore, type SqliteStoreOptions } from "./store/sqlite.ts";
export { MemoryStore, type MemoryStoreOptions } from "./store/memory.ts";
export {
  type Cost,
  hashPasscode,
  parsePasscodeHash,
  type PasscodeHash,
} from "./access/passcodes.ts";
export {
  type Authenticate,
  type Credentials,
  type Principal,
  userTable,
} from "./access/users.ts";
export {
  type AmsLimits,
  AmsServer,
  type AmsServerOptions,
  type AmsStats,
} from "./ams/server.ts";
export type { AmsTopicWish } from "./ams_topics/catalogue.ts";
export {
  AMS_RIGHTS,
  type AmsGrant,
  type AmsPlace,
  type AmsRight,
  type AmsUser,
  type AmsUserEntry,
  type AmsUsers,
  amsUserTable,
  anybody,
  type CertificateVerdict,
  hashToken,
  type JudgeCertificate,
} from "./ams/users.ts";
