/**
 * A bound on how much may be under way at once, in messages and in bytes.
 *
 * @module
 */

/** What a {@linkcode Budget} allows. */
export interface BudgetLimits {
  /** Most messages at a time; at least 1. */
  readonly messages: number;
  /** Most bytes at a time; a single larger message is still let through alone. */
  readonly bytes: number;
}

/** Hands out room in the order in which it was asked for. */
export class Budget {
  readonly #limits: BudgetLimits;
  #messages = 0;
  #bytes = 0;
  #waiting: { bytes: number; admit: () => void }[] = [];

  constructor(limits: BudgetLimits) {
    if (!(limits.messages >= 1) || !(limits.bytes >= 1)) {
      throw new RangeError("Budget limits must be at least 1");
    }
    this.#limits = limits;
  }

  /** Settles when there is room for one message of that size. */
  acquire(bytes: number): Promise<void> {
    return new Promise((admit) => {
      this.#waiting.push({ bytes, admit });
      this.#admitWaiting();
    });
  }

  /** Gives back what `acquire` took. */
  release(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
    this.#admitWaiting();
  }

  #admitWaiting(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (!next || !this.#hasRoom(next.bytes)) return;
      this.#waiting.shift();
      this.#messages++;
      this.#bytes += next.bytes;
      next.admit();
    }
  }

  #hasRoom(bytes: number): boolean {
    if (this.#messages === 0) return true;
    return this.#messages < this.#limits.messages &&
      this.#bytes + bytes <= this.#limits.bytes;
  }
}
