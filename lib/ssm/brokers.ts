/**
 * The brokers of ssm: what its log says of them, and what becomes of a message
 * that they do not take.
 *
 * Everything about reconnecting is the client's.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import {
  type Clock,
  type Endpoint,
  ReconnectingClient,
  type ReconnectOptions,
} from "../stomp/mod.ts";

/** Which brokers there are, and the log that is told of them. */
export interface BrokersOptions {
  /** Brokers, in the order of preference. */
  readonly endpoints: readonly Endpoint[];
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1), to spread the pauses. @default Math.random */
  readonly random?: () => number;
  /** Called with the name of the broker that has let it in, and with nothing when that has ended. */
  readonly onConnection?: ((broker: string | undefined) => void) | undefined;
}

/** What differs from one side to the other. */
interface ClientTraits extends
  Pick<
    ReconnectOptions,
    "connect" | "maxPendingBytes" | "retryForMs" | "signal"
  > {
  /** A connection is made, and everything in place on it. */
  readonly onConnected?: () => void;
  readonly onLost: (why: SsmError) => void;
}

/** How long a sender waits for the answer to its goodbye: all is confirmed by then. */
const GOODBYE_MS = 2000;

/** A client of the brokers that writes into the log what it does. */
export function openClient(
  { endpoints, log, clock, random, onConnection }: BrokersOptions,
  { onConnected, onLost, ...traits }: ClientTraits,
): ReconnectingClient {
  let latest: string | undefined;
  return new ReconnectingClient({
    ...traits,
    ...{ clock, random },
    dial: endpoints.map((endpoint) => ({
      name: endpoint.name,
      connect: async (signal) => {
        const client = await endpoint.connect(signal);
        if (!signal.aborted) log.info("Connected.");
        latest = endpoint.name;
        return client;
      },
    })),
    onAttemptFailed: (name, why) =>
      log.warning(`Failed to connect to ${name}: ${reason(why)}`),
    describeFailure: allFailed,
    onState: ({ state, reason: why, waitMs = 0 }) => {
      onConnection?.(state === "connected" ? latest : undefined);
      if (state === "connected") onConnected?.();
      else if (why !== undefined && state === "lost") onLost(why);
      else if (why !== undefined && state === "connecting") {
        log.info(`Trying again in ${Math.ceil(waitMs / 1000)} s.`);
      }
    },
  });
}

/** Settings of a client that sends. */
export interface OutgoingOptions extends BrokersOptions {
  /** Queue or topic to send to. */
  readonly destination: string;
  /** How long to go on while nothing gets through, in ms; see `ReconnectOptions`. */
  readonly retryForMs: number;
  /** Aborting it makes no connection any more. */
  readonly signal: AbortSignal;
}

/** A client of the brokers that sends, and connects when there is something to send. */
export function openOutgoingClient(
  options: OutgoingOptions,
  traits: Partial<Pick<ClientTraits, "onConnected" | "onLost">> = {},
): ReconnectingClient {
  const { retryForMs, signal, log } = options;
  return openClient(options, {
    ...{ retryForMs, signal, connect: "needed", maxPendingBytes: Infinity },
    ...traits,
    onLost: (why) => {
      log.warning(`Lost connection. ${reason(why)}`);
      traits.onLost?.(why);
    },
  });
}

/** Says goodbye; that it fails changes nothing, every receipt is already in. */
export async function leave(client: ReconnectingClient): Promise<void> {
  await client.disconnect({ goodbyeMs: GOODBYE_MS })
    .catch(() => client.close());
}

/**
 * Why a message was not sent: `UNSENDABLE` when the broker does not want this one,
 * and the error itself when no other can be sent either.
 */
export function whyNotSent(
  client: ReconnectingClient,
  id: string,
  error: unknown,
): unknown {
  const isOver = client.state === "disconnected";
  return isOver || isSsmError(error, "ABORTED") ? error : unsendable(id, error);
}

/** The error of a message that is not wanted. */
export function unsendable(id: string, cause: unknown): SsmError {
  return new SsmError(
    "UNSENDABLE",
    `Cannot send message "${id}": ${reason(cause)}`,
    { cause },
  );
}

function allFailed(last: SsmError, names: readonly string[]): SsmError {
  const { code, hint } = last;
  return new SsmError(
    code,
    `Attempts to start the SSM failed: no broker of ${
      names.join(", ")
    } can be used: ${reason(last)}`,
    { cause: last, ...(hint !== undefined && { hint }) },
  );
}
