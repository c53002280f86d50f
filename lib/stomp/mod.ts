/**
 * STOMP 1.0, 1.1 and 1.2: frames, their encoding, a connection and a client.
 *
 * @module
 */
export * from "./frame.ts";
export { encodeFrame, encodeFrameParts } from "./encoder.ts";
export { type Clock, systemClock } from "./clock.ts";
export { backoff, type BackoffOptions, sleep } from "./waiting.ts";
export { type ConnectionOptions, StompConnection } from "./connection.ts";
export { StompClient } from "./client.ts";
export type { AckMode, AckOptions, StompMessage } from "./message.ts";
export type {
  ReceiptOption,
  SendOptions,
  StompConnectOptions,
} from "./options.ts";
export type { SubscribeOptions, Subscription } from "./subscription.ts";
export type { StompTransaction } from "./transaction.ts";
export { StompError } from "./stomp_error.ts";
export { FrameDecoder } from "./decoder.ts";
export type { FrameLimits } from "./limits.ts";
export {
  checkVersion,
  chooseVersion,
  formatAcceptVersion,
  formatHeartBeat,
  type HeartBeat,
  negotiateHeartBeat,
  parseHeartBeat,
  STOMP_VERSIONS,
} from "./negotiate.ts";
