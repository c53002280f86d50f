/**
 * A broker that can be connected to.
 *
 * @module
 */
import type { Socket } from "../../net/mod.ts";
import { StompClient } from "../client/client.ts";
import type { StompConnectOptions } from "../client/options.ts";

/** Opens a connection to one broker; gives up when `signal` is aborted. */
export type DialBroker = (signal: AbortSignal) => Promise<Socket>;

/** One broker of several. */
export interface Endpoint {
  /** What to call it, such as `host:port`. */
  readonly name: string;
  /** Dials, verifies, and speaks CONNECT; gives up when `signal` is aborted. */
  connect(signal: AbortSignal): Promise<StompClient>;
}

/**
 * Dials, and makes a client of the connection.
 *
 * @throws {SsmError} what `dial` and `StompClient.connect()` throw
 */
export async function connectThrough(
  dial: DialBroker,
  options: StompConnectOptions,
  signal: AbortSignal,
): Promise<StompClient> {
  const socket = await dial(signal);
  // A stop must not wait for a broker that does not answer CONNECT.
  const hangUp = () => socket.close();
  signal.addEventListener("abort", hangUp, { once: true });
  if (signal.aborted) hangUp();
  try {
    return await StompClient.connect(socket, options);
  } finally {
    signal.removeEventListener("abort", hangUp);
  }
}

/** The endpoints of a list in which some brokers are only known by how to dial them. */
export function toEndpoints(
  brokers: DialBroker | Endpoint | readonly (DialBroker | Endpoint)[],
  options: StompConnectOptions,
): readonly Endpoint[] {
  return [brokers].flat().map((broker, index) =>
    typeof broker === "function"
      ? {
        name: `broker ${index + 1}`,
        connect: (signal) => connectThrough(broker, options, signal),
      }
      : broker
  );
}
