/**
 * Connections as streams.
 *
 * @module
 */
import { connect, type DialOptions } from "./connect.ts";
import { adaptSocket } from "./tcp/node_socket.ts";
import type { Socket } from "./tcp/socket.ts";

/**
 * Connects to the first address of `host` that works.
 *
 * Over TLS nothing is sent to the broker before `verify` has accepted it.
 *
 * @throws {SsmError} `CONNECT`, `TLS`, `CERTIFICATE`, `KEY`, `ABORTED`, `TRUST`;
 * what `verify` throws is thrown on.
 */
export function dial(options: DialOptions): Promise<Socket> {
  return connect(options, adaptSocket);
}
