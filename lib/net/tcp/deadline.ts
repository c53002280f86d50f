/**
 * Waiting for the events of `node:net`, but not for ever.
 *
 * @module
 */
import type { EventEmitter } from "node:events";
import { SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";

/** Settings of a {@linkcode Deadline}. */
export interface DeadlineOptions {
  /** Ends the time, too. */
  readonly signal?: AbortSignal | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}

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
  readonly #cancel: () => void;
  readonly #outer: AbortSignal | undefined;

  constructor(timeoutMs: number, { signal: outer, clock }: DeadlineOptions) {
    this.#outer = outer;
    this.#cancel = (clock ?? systemClock).after(timeoutMs, () => {
      this.#controller.abort(
        new NoAnswerError(`timed out after ${timeoutMs} ms`),
      );
    });
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
    this.#cancel();
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
