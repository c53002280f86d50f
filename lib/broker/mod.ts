/**
 * A STOMP broker to be embedded: queues and topics behind any socket.
 *
 * @module
 */
export { Broker, type BrokerOptions, type BrokerStats } from "./broker.ts";
export type { AccessRequest, Authorise } from "./access.ts";
export { type AccessRule, AccessRules } from "./access_rules.ts";
export { addressFilter, type AddressPatterns } from "./addresses.ts";
export type { Counters } from "./counters.ts";
export type { DeadLetterOptions } from "./dead_letters.ts";
export type { BrokerLimits } from "./limits.ts";
export type { Message } from "./message.ts";
export type {
  RecoveredMessage,
  Store,
  StoreChange,
  StoredMessage,
} from "./store.ts";
export { SqliteStore, type SqliteStoreOptions } from "./sqlite_store.ts";
export { MemoryStore, type MemoryStoreOptions } from "./memory_store.ts";
export {
  hashPasscode,
  parsePasscodeHash,
  type PasscodeHash,
} from "./passcodes.ts";
export {
  type Authenticate,
  type Credentials,
  type Principal,
  userTable,
} from "./users.ts";
