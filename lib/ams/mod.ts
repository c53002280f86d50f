/**
 * The ARGO Messaging Service: calls, and what its answers mean. It knows nothing
 * of files, and of what the messages hold.
 *
 * @module
 */
export { AmsError, type AmsErrorKind, isAmsError } from "./call/ams_error.ts";
export { AmsClient } from "./client.ts";
export { type AmsMessage, storedSize } from "./message/message.ts";
export type {
  AmsOffsets,
  AmsSubscriptionFacts,
} from "./message/subscription_facts.ts";
export type { AmsClientOptions } from "./options.ts";
export type { PulledMessage } from "./message/pulled_message.ts";
export { serviceDn, unregistrable } from "./user/service_dn.ts";
