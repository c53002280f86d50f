/**
 * A request as its handler sees it, and the answer that the handler gives.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { concatBytes } from "../../bytes.ts";
import { SsmError } from "../../errors.ts";
import type { Socket } from "../tcp/socket.ts";

/** One request. */
export interface HttpServerRequest {
  /** In capitals, as HTTP has it. */
  readonly method: string;
  /** The path, percent-decoded. */
  readonly path: string;
  /** What follows the path. */
  readonly query: URLSearchParams;
  /** The client's address, `host:port`. */
  readonly remote: string;
  /** The client's certificates, if it came over TLS and showed one. */
  readonly peer: Socket["peer"];
  /** The value of a header that is given once, by its name in small letters. */
  header(name: string): string | undefined;
  /**
   * The body, read as a whole. A handler that needs none does not ask for it.
   *
   * @throws {SsmError} `LIMIT` when it is longer than that, `TIMEOUT` when there
   *   is no memory for it now, `CONNECTION_LOST` when it breaks off
   */
  body(maxBytes: number): Promise<Uint8Array>;
}

/** What the client gets. */
export interface HttpServerAnswer {
  /** The status code. */
  readonly status: number;
  /** Headers besides those about length and connection. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What is said; a text goes out in UTF-8. @default nothing */
  readonly body?: string | Uint8Array | undefined;
}

/** Answers requests; what it throws becomes a 500. */
export type HttpHandler = (
  request: HttpServerRequest,
) => HttpServerAnswer | Promise<HttpServerAnswer>;

/** Path and query of the target of a request; `undefined` when it is malformed. */
export function parseTarget(
  target: string,
): Pick<HttpServerRequest, "path" | "query"> | undefined {
  try {
    // A target may name the host, too (RFC 9112 §3.2.2).
    const { pathname, searchParams } = target.startsWith("/")
      ? new URL(`http://host${target}`)
      : new URL(target);
    return { path: decodeURIComponent(pathname), query: searchParams };
  } catch {
    return undefined;
  }
}

/**
 * Reads the body of a request; `take` tells whether there is memory for so many
 * bytes more. One that is too long is read on and thrown away,
 * so that the client hears the answer.
 *
 * @throws as {@linkcode HttpServerRequest.body} does
 */
export async function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  take: (bytes: number) => boolean,
): Promise<Uint8Array> {
  const declared = Number(incoming.headers["content-length"] ?? 0);
  if (declared > maxBytes) throw tooLong(maxBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const receive = (chunk: Uint8Array) => {
    bytes += chunk.length;
    const fault = bytes > maxBytes
      ? tooLong(maxBytes)
      : take(chunk.length)
      ? undefined
      : noMemory();
    if (fault === undefined) return void chunks.push(chunk);
    incoming.off("data", receive);
    incoming.resume();
    reject(fault);
  };
  incoming.on("data", receive);
  incoming.once("end", () => resolve());
  const brokenOff = (cause?: unknown) => reject(lost(cause));
  incoming.once("error", brokenOff);
  incoming.once("close", brokenOff);
  await promise;
  return concatBytes(chunks);
}

function tooLong(maxBytes: number): SsmError {
  return new SsmError(
    "LIMIT",
    `Cannot read request: its body is longer than ${maxBytes} bytes`,
  );
}

function noMemory(): SsmError {
  return new SsmError(
    "TIMEOUT",
    "Cannot read request: all memory for requests is taken",
  );
}

function lost(cause: unknown): SsmError {
  return new SsmError(
    "CONNECTION_LOST",
    "Cannot read request: it broke off",
    { cause },
  );
}
