import { FakeClock } from "./fake_clock.ts";

/** Waits take no time, and are told of beforehand. */
export class ToldClock extends FakeClock {
  readonly #onWait: (count: number) => void;
  #waits = 0;
  #skipped = 0;

  constructor(onWait: (count: number) => void) {
    super();
    this.#onWait = onWait;
  }

  override now(): number {
    return super.now() + this.#skipped;
  }

  override after(ms: number, callback: () => void): () => void {
    this.#onWait(++this.#waits);
    return super.after(ms, callback);
  }

  /** Lets time pass. */
  skip(ms: number): void {
    this.#skipped += ms;
  }
}
