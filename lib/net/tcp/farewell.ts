/**
 * The last words to a client that is refused.
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";

/** Time for the client to read them, in milliseconds. */
const LINGER_MS = 1000;

/** Says something, over TCP or TLS, and gives the peer time to read it. */
export async function tell(
  socket: TcpSocket,
  words: Uint8Array,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LINGER_MS);
  socket.once("close", () => resolve());
  socket.on("error", () => resolve());
  // What it goes on sending is of no interest, but must not reset the connection.
  socket.resume();
  socket.end(words);
  await promise;
  clearTimeout(timer);
}
