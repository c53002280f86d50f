/**
 * Reading from a connection on which TLS is to follow.
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";

/**
 * The next bytes; the connection is paused before and after.
 *
 * @param awaited what is missing when the connection ends before, for the error
 */
export function nextChunk(
  tcp: TcpSocket,
  awaited: string,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const fail = (error?: Error) =>
    reject(error ?? new Error(`closed before ${awaited}`));
  const end = () => fail();
  const take = (chunk: Uint8Array) => {
    tcp.pause();
    resolve(chunk);
  };
  tcp.once("data", take);
  tcp.once("error", fail);
  for (const ending of ["end", "close"]) tcp.once(ending, end);
  tcp.resume();
  return promise.finally(() => {
    tcp.off("data", take);
    tcp.off("error", fail);
    for (const ending of ["end", "close"]) tcp.off(ending, end);
  });
}
