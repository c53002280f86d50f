/**
 * Accepts connections of a proxy that says for which client it connects.
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";
import { concatBytes } from "../../bytes.ts";
import { SsmError } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { tell } from "../tcp/farewell.ts";
import { nextChunk } from "../tcp/next_chunk.ts";
import { type ProxiedClient, readProxyHeader } from "./header.ts";

/** The types of a TLS record that begins a handshake, and the major version (RFC 8446 §5.1). */
const TLS_START = [0x16, 0x03];

/** Settings of {@linkcode proxiedClient}. */
export interface ProxiedClientOptions {
  /** What to tell a peer that sends something else. @default nothing */
  readonly farewell?: ((error: SsmError) => Uint8Array) | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/**
 * Reads the header that a proxy sends before anything of its client; what
 * follows is left to be read.
 *
 * @returns `undefined` when the proxy speaks for itself
 * @throws {SsmError} `CONNECT` when there is no such header or it is malformed,
 *   `LIMIT` when it is too long
 */
export async function proxiedClient(
  tcp: TcpSocket,
  { farewell, clock }: ProxiedClientOptions = {},
): Promise<ProxiedClient | undefined> {
  let bytes: Uint8Array = new Uint8Array(0);
  for (;;) {
    bytes = concatBytes([
      bytes,
      await nextChunk(tcp, "a PROXY protocol header"),
    ]);
    const header = readProxyHeader(bytes);
    if (header.status === "incomplete") continue;
    if (header.status === "complete") {
      const rest = bytes.subarray(header.length);
      if (rest.length > 0) tcp.unshift(rest);
      return header.client;
    }
    const error = new SsmError(
      "CONNECT",
      "Cannot accept a client: it sends no PROXY protocol header",
    );
    const speaksTls = TLS_START.every((byte, index) => bytes[index] === byte);
    if (farewell && !speaksTls) await tell(tcp, farewell(error), clock);
    throw error;
  }
}

/** Whether a connection begins with such a header, as far as these bytes tell. */
export function beginsAsProxy(bytes: Uint8Array): boolean {
  try {
    return bytes.length >= 6 && readProxyHeader(bytes).status !== "absent";
  } catch {
    return true;
  }
}
