/**
 * Receiving from the broker and, beside it, from what waits in reject.
 *
 * @module
 */
import { receive, type ReceiveOptions } from "../receiving/receiver.ts";
import type { UntrustedRetry } from "./untrusted.ts";

/**
 * As `receive()`, with a second walk for messages that are judged again: neither
 * waits for the other, and both end when one fails.
 */
export async function receiveAndRetry(
  options: ReceiveOptions,
  retry: UntrustedRetry,
): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const walks = [retry.watch(options.carrier), retry].map((carrier) =>
    receive({ ...options, carrier, signal }).catch((error) => {
      failure.abort();
      throw error;
    })
  );
  await Promise.allSettled(walks);
  await Promise.all(walks);
}
