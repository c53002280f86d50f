/**
 * Receipts that are awaited.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";

interface Pending {
  readonly settled: PromiseWithResolvers<void>;
  cancelTimeout?: () => void;
}

/** The receipts asked for and not yet come, by id. */
export class Receipts {
  readonly #pending = new Map<string, Pending>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #next = 1;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** An id that is not in use. */
  newId(): string {
    let id: string;
    do id = `receipt-${this.#next++}`; while (this.#pending.has(id));
    return id;
  }

  /**
   * Awaits the receipt `id` of a frame.
   *
   * The time runs from the moment the frame is `written`, however long the
   * frames before it took.
   *
   * @throws {SsmError} `TIMEOUT`, or what {@linkcode fail} says
   * @throws {TypeError} when that id is awaited already
   */
  async expect(id: string, write: () => Promise<void>): Promise<void> {
    if (this.#pending.has(id)) {
      throw new TypeError(`The receipt "${id}" is awaited already`);
    }
    const pending: Pending = { settled: Promise.withResolvers() };
    this.#pending.set(id, pending);
    // A receipt may come before the write settles: both are awaited at once.
    const written = write().then(() => {
      if (this.#pending.get(id) !== pending) return;
      pending.cancelTimeout = this.#clock.after(this.#timeoutMs, () => {
        const words = `no receipt "${id}" within ${this.#timeoutMs} ms`;
        this.fail(
          id,
          new SsmError("TIMEOUT", `Cannot confirm frame: ${words}`),
        );
      });
    });
    written.catch((error) => this.fail(id, error));
    await pending.settled.promise;
  }

  /** Whether a receipt of that id is awaited. */
  awaits(id: string): boolean {
    return this.#pending.has(id);
  }

  /** The receipt came. @returns whether it was awaited */
  confirm(id: string): boolean {
    const pending = this.#remove(id);
    pending?.settled.resolve();
    return pending !== undefined;
  }

  /** The receipt will not come. @returns whether it was awaited */
  fail(id: string, error: unknown): boolean {
    const pending = this.#remove(id);
    pending?.settled.reject(error);
    return pending !== undefined;
  }

  /** No receipt will come any more. */
  failAll(error: SsmError): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, error);
  }

  #remove(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancelTimeout?.();
    return pending;
  }
}
