/**
 * Signals of the operating system, as an abort signal and a callback.
 *
 * @module
 */

/** Signals listened to, until disposed. */
export interface Signals extends Disposable {
  /** Aborted by SIGTERM or SIGINT; the reason is the signal's name. */
  readonly stop: AbortSignal;
  /** Calls back on SIGHUP. */
  onReload(callback: () => void): void;
}

/** Listens to SIGTERM, SIGINT and SIGHUP. */
export function listenToSignals(): Signals {
  const controller = new AbortController();
  const reloads: (() => void)[] = [];
  const listeners = new Map<Deno.Signal, () => void>();
  const on = (signal: Deno.Signal, listener: () => void) => {
    // Windows knows neither SIGTERM nor SIGHUP.
    if (Deno.build.os === "windows" && signal !== "SIGINT") return;
    Deno.addSignalListener(signal, listener);
    listeners.set(signal, listener);
  };
  on("SIGTERM", () => controller.abort("SIGTERM"));
  on("SIGINT", () => controller.abort("SIGINT"));
  on("SIGHUP", () => reloads.forEach((callback) => callback()));
  return {
    stop: controller.signal,
    onReload: (callback) => void reloads.push(callback),
    [Symbol.dispose]: () => {
      for (const [signal, listener] of listeners) {
        Deno.removeSignalListener(signal, listener);
      }
    },
  };
}
