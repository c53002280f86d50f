/**
 * The last words to a client that is refused.
 *
 * @module
 */
import type { Socket as TcpSocket } from "node:net";
import { type Clock, systemClock } from "../../time/mod.ts";

/** Time for the client to read them, in milliseconds. */
const LINGER_MS = 1000;

/** Says something, over TCP or TLS, and gives the peer time to read it. */
export async function tell(
  socket: TcpSocket,
  words: Uint8Array,
  clock: Clock = systemClock,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(LINGER_MS, resolve);
  socket.once("close", () => resolve());
  socket.on("error", () => resolve());
  // What it goes on sending is of no interest, but must not reset the connection.
  socket.resume();
  socket.end(words);
  await promise;
  cancel();
}
