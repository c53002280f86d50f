/**
 * What clients have begun to send and not finished.
 *
 * One frame has its limit; many clients, each with a frame just below it, would
 * fill the memory. When all of them together hold too much, whoever holds most
 * is refused.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import { overLimit } from "../message/refusal.ts";

/** A client, as far as it can be refused. */
export interface Sender {
  fail(error: SsmError): void;
}

/** Keeps account of all unfinished frames of a broker. */
export class Unfinished {
  readonly #maxBytes: number;
  readonly #held = new Map<Sender, number>();
  #total = 0;

  /** @param maxBytes what all clients together may hold */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What a client holds now. */
  note(sender: Sender, bytes: number): void {
    this.#total += bytes - (this.#held.get(sender) ?? 0);
    if (bytes === 0) this.#held.delete(sender);
    else this.#held.set(sender, bytes);
    while (this.#total > this.#maxBytes) this.#refuseLargest();
  }

  #refuseLargest(): void {
    const [largest] = [...this.#held].sort(([, a], [, b]) => b - a);
    if (largest === undefined) return;
    const [sender, bytes] = largest;
    this.note(sender, 0);
    sender.fail(
      overLimit(
        `Cannot take so much at once: clients have sent ${this.#maxBytes} bytes of messages that do not end, you ${bytes} of them`,
      ),
    );
  }
}
