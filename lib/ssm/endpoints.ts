/**
 * A connection to any one of several brokers, made with patience.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import { backoff, type Clock, sleep, type StompClient } from "../stomp/mod.ts";

/** One broker of the list. */
export interface Endpoint {
  /** `host:port`, for log lines. */
  readonly name: string;
  /** Dials, verifies, and speaks CONNECT. */
  connect(signal: AbortSignal): Promise<StompClient>;
}

/** Settings of {@linkcode connectAny}. */
export interface ConnectAnyOptions {
  /** Brokers, in the order of preference. */
  readonly endpoints: readonly Endpoint[];
  /** How long to go on trying, in ms; `Infinity` for ever. */
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/**
 * Tries each broker in turn, at once, and then again and again with a growing
 * pause, until one accepts.
 *
 * @throws {SsmError} the last failure when the time is up or when no broker
 *   failed for a reason that waiting could mend; `ABORTED` when the signal is aborted.
 */
export async function connectAny(
  options: ConnectAnyOptions,
): Promise<StompClient> {
  const { endpoints, retryForMs, signal, log, clock } = options;
  const deadline = clock.now() + retryForMs;
  for (let round = 0;; round++) {
    let last: unknown;
    let hopeless = true;
    for (const endpoint of endpoints) {
      if (signal.aborted) throw aborted();
      try {
        const client = await endpoint.connect(signal);
        if (!signal.aborted) return client;
        client.close();
        throw aborted();
      } catch (error) {
        if (signal.aborted) throw aborted();
        log.warning(`Failed to connect to ${endpoint.name}: ${reason(error)}`);
        last = error;
        hopeless &&= !waitingMayHelp(error);
      }
    }
    const wait = backoff(round + 1, {
      ...(options.random && { random: options.random }),
    });
    // Certificates and passwords do not mend themselves within a sender's
    // patience; a receiver, which waits for ever, may see them replaced.
    const giveUp = clock.now() + wait > deadline ||
      (hopeless && retryForMs !== Infinity);
    if (giveUp) throw allFailed(endpoints, last);
    log.info(`Trying again in ${Math.ceil(wait / 1000)} s.`);
    await sleep(clock, wait, signal);
  }
}

/** The same brokers in the same order, after so many `turns` of the list. */
export function startingWith(
  endpoints: readonly Endpoint[],
  turns: number,
): readonly Endpoint[] {
  const first = turns % endpoints.length;
  return [...endpoints.slice(first), ...endpoints.slice(0, first)];
}

function waitingMayHelp(error: unknown): boolean {
  return isSsmError(error, "CONNECT") || isSsmError(error, "TIMEOUT") ||
    isSsmError(error, "CONNECTION_LOST");
}

function allFailed(endpoints: readonly Endpoint[], last: unknown): SsmError {
  const names = endpoints.map((endpoint) => endpoint.name).join(", ");
  const code = isSsmError(last) ? last.code : "CONNECT";
  const hint = isSsmError(last) ? last.hint : undefined;
  return new SsmError(
    code,
    `Attempts to start the SSM failed: no broker of ${names} can be used: ${
      reason(last)
    }`,
    { cause: last, ...(hint !== undefined && { hint }) },
  );
}

function aborted(): SsmError {
  return new SsmError("ABORTED", "Connecting was stopped on request");
}
