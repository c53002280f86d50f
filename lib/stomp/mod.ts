/**
 * STOMP 1.0, 1.1 and 1.2: frames, their encoding, a connection and clients.
 *
 * | | |
 * |---|---|
 * | `ReconnectingClient` | what most programs want: it connects by itself, again and again |
 * | `StompClient` | one connection, to its end |
 * | `StompConnection` | frames, heart-beats and limits, of either side |
 * | `encodeFrame`, `FrameDecoder`, `checkFrame` | bytes and frames |
 *
 * Nothing here opens a socket. `dial` of `@ssm/ssm/net` does, over TCP and TLS;
 * anything else with a `readable`, a `writable`, a `remote` and a `close` will do.
 *
 * @example A broker, a client that works off a queue, and one that sends to it
 * ```ts
 * import { Broker } from "@ssm/ssm/broker";
 * import { dial, listen } from "@ssm/ssm/net";
 * import { ReconnectingClient } from "@ssm/ssm/stomp";
 *
 * await using broker = new Broker();
 * await using listener = await listen({ port: 0 });
 * broker.serveAll(listener);
 *
 * const options = {
 *   dial: (signal: AbortSignal) =>
 *     dial({ host: "127.0.0.1", port: listener.port, signal }),
 * };
 * const done = Promise.withResolvers<string>();
 * await using worker = new ReconnectingClient(options);
 * worker.consume("/queue/greetings", ({ body }) => {
 *   done.resolve(new TextDecoder().decode(body));
 * });
 *
 * await using client = new ReconnectingClient(options);
 * await client.send("/queue/greetings", new TextEncoder().encode("hello"));
 * if (await done.promise !== "hello") throw new Error("Not what was sent");
 * ```
 *
 * @module
 */
export {
  type ErrorCode,
  isSsmError,
  SsmError,
  type SsmErrorOptions,
} from "../errors.ts";
export * from "./frame/frame.ts";
export {
  encodeFrame,
  encodeFrameParts,
  type EncodeOptions,
} from "./frame/encoder.ts";
export { type Clock, systemClock } from "../time/mod.ts";
export { backoff, type BackoffOptions, sleep, within } from "../time/mod.ts";
export {
  type ConnectionOptions,
  StompConnection,
} from "./connection/connection.ts";
export { StompClient } from "./client/client.ts";
export { ReconnectingClient } from "./reconnecting/client.ts";
export {
  type ConsumeOptions,
  type LastingSendOptions,
  type LastingSubscribeOptions,
  LEAVE,
  type MessageHandler,
  type ReconnectOptions,
} from "./reconnecting/options.ts";
export {
  connectThrough,
  type DialBroker,
  type Endpoint,
} from "./reconnecting/endpoint.ts";
export { waitingMayHelp } from "./reconnecting/fault.ts";
export type { Work } from "./reconnecting/pending_work.ts";
export type {
  LastingSubscription,
  SubscribedConnection,
} from "./reconnecting/lasting_subscription.ts";
export type { Consumer } from "./reconnecting/consumer.ts";
export type { ClientState, StateChange } from "./reconnecting/state.ts";
export { checkFrame, type CheckFrameOptions } from "./frame/rules.ts";
export type { AckMode, AckOptions, StompMessage } from "./client/message.ts";
export type {
  ReceiptOption,
  SendOptions,
  StompConnectOptions,
} from "./client/options.ts";
export {
  isQueue,
  type SubscribeOptions,
  type Subscription,
} from "./client/subscription.ts";
export type { StompTransaction } from "./client/transaction.ts";
export { StompError } from "./frame/stomp_error.ts";
export { FrameDecoder, type TrimMessages } from "./frame/decoder.ts";
export { DEFAULT_LIMITS, type FrameLimits } from "./frame/limits.ts";
export {
  checkVersion,
  chooseVersion,
  formatAcceptVersion,
  formatHeartBeat,
  type HeartBeat,
  negotiateHeartBeat,
  parseHeartBeat,
  STOMP_VERSIONS,
} from "./connection/negotiate.ts";
