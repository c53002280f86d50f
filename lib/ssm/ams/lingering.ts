/**
 * What may still take a moment after a stop.
 *
 * @module
 */
import type { Clock } from "../../time/mod.ts";

/** A signal that follows another one, some time later. */
export class Lingering implements Disposable {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  readonly #onStop: () => void;
  #cancel = () => {};

  /** @param ms how long after `stop` it is aborted, too */
  constructor(stop: AbortSignal, ms: number, clock: Clock) {
    this.#stop = stop;
    this.#onStop = () => {
      this.#cancel = clock.after(ms, () => this.#controller.abort());
    };
    if (stop.aborted) this.#onStop();
    else stop.addEventListener("abort", this.#onStop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#stop.removeEventListener("abort", this.#onStop);
    this.#cancel();
  }
}
