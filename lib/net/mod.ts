/**
 * Connections: the only room that opens sockets or accepts them.
 *
 * @module
 */
export {
  type ErrorCode,
  isSsmError,
  SsmError,
  type SsmErrorOptions,
} from "../errors.ts";
export type { Clock } from "../time/mod.ts";
export type { PeerCertificates, Socket } from "./tcp/socket.ts";
export type { KeyPair } from "./tls/key_pair.ts";
export {
  type ClientTlsOptions,
  dial,
  type DialOptions,
  type PeerVerifier,
} from "./dial.ts";
export {
  listen,
  type Listener,
  type ListenOptions,
  type ServerTlsOptions,
} from "./listen.ts";
export { HttpServer, type HttpServerOptions } from "./http/server.ts";
export type { HttpServerLimits } from "./http/server_limits.ts";
export type {
  HttpAnswer,
  HttpHandler,
  HttpRequest,
} from "./http/server_request.ts";
