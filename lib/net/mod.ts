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
export type { DialOptions } from "./connect.ts";
export type { ClientTlsOptions } from "./secure.ts";
export { dial } from "./dial.ts";
export type { PeerVerifier, PublicTrust } from "./tls/public_trust.ts";
export {
  listen,
  type Listener,
  type ListenOptions,
  type ServerTlsOptions,
} from "./listen.ts";
export {
  type HttpAnswer,
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  type HttpStatistics,
} from "./http/http_client.ts";
export {
  type Environment,
  type HttpProxy,
  proxyFor,
} from "./http/proxy_choice.ts";
export { HttpServer, type HttpServerOptions } from "./http/server.ts";
export type { HttpServerLimits } from "./http/server_limits.ts";
export type {
  HttpHandler,
  HttpServerAnswer,
  HttpServerRequest,
} from "./http/server_request.ts";
