/**
 * Waiting, and how long to wait before trying again.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Settles after `ms`, or at once when the signal is aborted. */
export function sleep(
  clock: Clock,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done);
  });
}

/**
 * Waits until `promise` is settled, but no longer than `ms`.
 *
 * @returns whether it was settled in time
 * @throws what it rejects with
 */
export async function within(
  clock: Clock,
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  const enough = new AbortController();
  try {
    return await Promise.race([
      promise.then(() => true),
      sleep(clock, ms, enough.signal).then(() => false),
    ]);
  } finally {
    enough.abort();
  }
}

/** Settings of {@linkcode backoff}. */
export interface BackoffOptions {
  /** First wait, in ms. @default 1000 */
  firstMs?: number;
  /** Longest wait, in ms. @default 60000 */
  maxMs?: number;
  /** Uniform in [0, 1). @default Math.random */
  random?: () => number;
}

/**
 * How long to wait before attempt number `attempt` (0 = at once): doubling,
 * capped, and spread by ±20 % so that 200 sites do not come back in one instant.
 */
export function backoff(attempt: number, options: BackoffOptions = {}): number {
  const { firstMs = 1000, maxMs = 60_000, random = Math.random } = options;
  if (attempt <= 0) return 0;
  const wait = Math.min(firstMs * 2 ** (attempt - 1), maxMs);
  return Math.round(wait * (0.8 + 0.4 * random()));
}
