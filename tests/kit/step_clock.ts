import { ManualClock } from "../rooms/broker/harness.ts";

/** A clock that stands still until somebody waits and is told how long it was. */
export class StepClock extends ManualClock {
  readonly #waiting = new Set<unknown>();
  #armed = Promise.withResolvers<void>();

  override after(ms: number, callback: () => void): () => void {
    const timer = {};
    this.#waiting.add(timer);
    this.#armed.resolve();
    const cancel = super.after(ms, () => {
      this.#waiting.delete(timer);
      callback();
    });
    return () => {
      this.#waiting.delete(timer);
      cancel();
    };
  }

  /** Settles when somebody waits. */
  async awaited(): Promise<void> {
    while (this.#waiting.size === 0) {
      this.#armed = Promise.withResolvers();
      await this.#armed.promise;
    }
  }

  /** Waits until somebody waits; then that much time passes. */
  async step(ms: number): Promise<void> {
    await this.awaited();
    this.advance(ms);
  }
}
