/**
 * Waiting for the events of `node:net`, but not for ever.
 *
 * @module
 */
import type { EventEmitter } from "node:events";
import { SsmError } from "../errors.ts";

/** The peer said nothing more: it closed the connection, or was silent for too long. */
export class NoAnswerError extends Error {
  override name = "NoAnswerError";
}

/**
 * A signal that aborts after some time, with an error that says so, or with an
 * outer signal, with `ABORTED`.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #outer: AbortSignal | undefined;

  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.#controller.abort(
        new NoAnswerError(`timed out after ${timeoutMs} ms`),
      );
    }, timeoutMs);
    outer?.addEventListener("abort", this.#abort);
    if (outer?.aborted) this.#abort();
  }

  readonly #abort = (): void =>
    this.#controller.abort(
      new SsmError("ABORTED", "Cannot connect: stopped on request", {
        cause: this.#outer?.reason,
      }),
    );

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the time now, for that reason. */
  end(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** The outcome of `work`, unless the time is up before. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      return await Promise.race([work, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

/** Settles when a socket emits `event`; fails when it breaks or ends before. */
export function happened(socket: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
    for (const ending of ["end", "close"]) {
      socket.once(
        ending,
        () => reject(new NoAnswerError("closed by the peer")),
      );
    }
  });
}
