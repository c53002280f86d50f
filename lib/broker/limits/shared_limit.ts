/**
 * What all clients together may hold of something.
 *
 * One frame has its limit, and one transaction; many clients, each just below
 * it, would fill the memory. When all of them together hold too much, whoever
 * holds most is refused.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import { overLimit } from "../message/refusal.ts";

/** A client, as far as it can be refused. */
export interface Holder {
  fail(error: SsmError): void;
}

/** Keeps account of what all clients of a broker hold. */
export class SharedLimit {
  readonly #maxBytes: number;
  readonly #what: string;
  readonly #held = new Map<Holder, number>();
  #total = 0;

  /**
   * @param maxBytes what all clients together may hold
   * @param what it is, for those who are refused: "messages that do not end"
   */
  constructor(maxBytes: number, what: string) {
    this.#maxBytes = maxBytes;
    this.#what = what;
  }

  /** What a client holds now. */
  note(holder: Holder, bytes: number): void {
    this.#total += bytes - (this.#held.get(holder) ?? 0);
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
    while (this.#total > this.#maxBytes) this.#refuseLargest();
  }

  #refuseLargest(): void {
    const [largest] = [...this.#held].sort(([, a], [, b]) => b - a);
    if (largest === undefined) return;
    const [holder, bytes] = largest;
    this.note(holder, 0);
    holder.fail(
      overLimit(
        `Cannot take so much at once: clients have sent ${this.#maxBytes} bytes of ${this.#what}, you ${bytes} of them`,
      ),
    );
  }
}
