/**
 * Where a receiver stands in its subscription, and whether it gets all there is.
 *
 * The service keeps messages for some days, and one place per subscription, for
 * whoever pulls. When messages expire, or somebody else takes them, it does not say so:
 * the next pull begins further on.
 *
 * @module
 */
import type { AmsOffsets } from "../../../ams/mod.ts";
import type { Logger } from "../../../log/mod.ts";
import type { Clock } from "../../../time/mod.ts";
import type { SavedOffsets } from "./saved_offsets.ts";

/** Settings of a {@linkcode Position}. */
export interface PositionOptions {
  /** The subscription, for the log. */
  readonly destination: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly saved: SavedOffsets;
}

/** How often the log says that there is another consumer, in ms. */
const SAY_AGAIN_MS = 3_600_000;

/** Follows the offsets of what comes. */
export class Position {
  readonly #options: PositionOptions;
  /** All before it was saved, as far as it came. */
  #next: bigint | undefined;
  /** All before it was acknowledged, as the service has said. */
  #confirmed: bigint | undefined;
  #competitionSaidAt = -Infinity;

  constructor(options: PositionOptions) {
    this.#options = options;
  }

  /** The offset that is expected next, where that is known. */
  get next(): bigint | undefined {
    return this.#next;
  }

  /** The receiver begins, or goes on, at this offset. */
  startAt(offset: bigint): void {
    this.#next ??= offset;
  }

  /** It goes on at this offset, whatever was before. */
  moved(offset: bigint): void {
    this.#next = this.#confirmed = offset;
    this.#options.saved.forgetUpTo(offset - 1n);
  }

  /** All up to this one is saved, and the service is about to be told. */
  saved(last: bigint): void {
    const next = last + 1n;
    if (this.#next === undefined || next > this.#next) this.#next = next;
  }

  /** The service has been told of all up to this one. */
  acknowledged(last: bigint): void {
    this.#confirmed = last + 1n;
    this.#options.saved.forgetUpTo(last);
  }

  /**
   * A pull begins with this offset.
   *
   * @param offsets asks where the subscription stands; `undefined` when it may not
   * @returns whether it goes on from where it was, or further on
   */
  async begins(
    first: bigint,
    offsets: () => Promise<AmsOffsets | undefined>,
  ): Promise<boolean> {
    const expected = this.#next;
    if (this.#confirmed !== undefined && first < this.#confirmed) {
      this.#sayMovedBack(this.#confirmed, first);
      // Perhaps it is another topic of the same name.
      this.#options.saved.forgetAll();
      this.moved(first);
      return false;
    }
    if (expected === undefined || first <= expected) {
      this.#next ??= first;
      return true;
    }
    const { saved } = this.#options;
    const missing = first - expected -
      BigInt(saved.countBetween(expected, first));
    if (missing > 0n) {
      this.#sayMissing(missing, expected, first, await offsets());
    }
    this.moved(first);
    return true;
  }

  /** Another consumer has been noticed on the same subscription. */
  sayCompetition(sign: string): void {
    const { log, clock, destination } = this.#options;
    if (clock.now() - this.#competitionSaidAt < SAY_AGAIN_MS) return;
    this.#competitionSaidAt = clock.now();
    log.warning(
      `Another consumer seems to use the subscription ${destination}: ${sign}. ` +
        "Both get the same messages, or one misses some: " +
        "have a subscription made for each receiver.",
    );
  }

  #sayMissing(
    missing: bigint,
    expected: bigint,
    first: bigint,
    offsets: AmsOffsets | undefined,
  ): void {
    const { log, destination } = this.#options;
    const which =
      `${missing} messages of ${destination}, between offset ${expected} and ${
        first - 1n
      },`;
    if (offsets === undefined) {
      log.error(
        `${which} did not come: either they expired before they were received and are lost, ` +
          "or another consumer took them. The token may not read the offsets, which would tell.",
      );
    } else if (offsets.min > expected) {
      log.error(
        `${which} did not come: AMS keeps messages for a limited time, and its oldest has ` +
          `the offset ${offsets.min}. What expired is lost here: have it sent again.`,
      );
    } else {
      this.sayCompetition(`${which} were acknowledged by somebody else`);
    }
  }

  #sayMovedBack(from: bigint, to: bigint): void {
    const { log, destination } = this.#options;
    log.warning(
      `The subscription ${destination} was moved back from offset ${from} to ${to}: ` +
        "what was received before is recognised.",
    );
  }
}
