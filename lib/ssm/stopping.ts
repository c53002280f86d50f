/**
 * Waiting that a stop ends.
 *
 * @module
 */

/**
 * `undefined` once the signal is aborted. Not `Promise.race` against one
 * promise of the stop: that would remember every wait of a months' run.
 */
export function untilAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}
