/**
 * How many messages to ask for at a time.
 *
 * A message may be a hundred times as large as the one before, and all that are
 * pulled together must be on disk before the time for confirming them is over. So the
 * number grows slowly, follows what has been seen, and shrinks at once.
 *
 * @module
 */

/** Bounds of a {@linkcode PullSize}. */
export interface PullSizeLimits {
  /** Most messages in one pull. */
  readonly messages: number;
  /** Bytes of messages that one pull should bring at most. */
  readonly bytes: number;
}

/** What became of a pull whose messages are all filed. */
export interface PullResult {
  readonly messages: number;
  readonly largestBytes: number;
  /** From the request until the last of them was filed, in ms. */
  readonly tookMs: number;
  /** How long it might have taken, in ms. */
  readonly deadlineMs: number;
}

/** Messages in the first pull: even of the largest, few enough for the memory. */
const FIRST = 10;

/** What part of the time for confirming is planned for. */
const PLANNED = 0.5;

/** How much of a former value still counts where the present one is lower. */
const FADING = 0.5;

/** Follows what is seen. */
export class PullSize {
  readonly #limits: PullSizeLimits;
  #size: number;
  #bytesEach = 0;
  /** The share of the time for confirming that one message takes. */
  #shareEach = 0;

  constructor(limits: PullSizeLimits) {
    this.#limits = limits;
    this.#size = Math.min(FIRST, limits.messages);
  }

  /** How many to ask for now; at least 1. */
  get current(): number {
    return this.#size;
  }

  /** A pull has gone well. */
  filed({ messages, largestBytes, tookMs, deadlineMs }: PullResult): void {
    if (messages === 0) return;
    this.#bytesEach = Math.max(largestBytes, this.#bytesEach * FADING, 1);
    this.#shareEach = Math.max(
      tookMs / messages / deadlineMs,
      this.#shareEach * FADING,
    );
    const most = Math.floor(
      Math.min(
        this.#limits.messages,
        this.#limits.bytes / this.#bytesEach,
        PLANNED / this.#shareEach,
        this.#size * 2,
      ),
    );
    this.#size = Math.max(1, most);
  }

  /** As many at a time cannot be pulled. @returns whether fewer can be asked for */
  halve(): boolean {
    if (this.#size === 1) return false;
    this.#size = Math.ceil(this.#size / 2);
    return true;
  }
}
