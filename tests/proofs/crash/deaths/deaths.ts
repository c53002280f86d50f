/**
 * The deaths that a run has in store, and those that were died.
 *
 * @module
 */
import type { Random } from "../../../kit/random.ts";
import type { DeathOrder } from "./ordered_death.ts";

/** How a process is to die: by its own hand, or after so many ms by another's. */
export interface Death {
  readonly order: DeathOrder;
  readonly afterMs?: number;
}

/** Attempts to die as told, after which the death counts as impossible. */
const MAX_ATTEMPTS = 40;

/** The deaths of one role. None is left out: a mark that nobody comes to is an error. */
export class Deaths {
  readonly #pending: { death: Death; attempts: number }[];
  #count = 0;

  /** Each mark once, then half of the rest at marks and half at any moment. */
  constructor(marks: readonly string[], count: number, random: Random) {
    const deaths = marks.map((mark) => atMark(mark, random));
    while (deaths.length < count) {
      deaths.push(
        marks.length > 0 && random.oneIn(2)
          ? atMark(marks[random.from(0, marks.length - 1)]!, random)
          : atAnyMoment(random),
      );
    }
    this.#pending = random.shuffled(deaths)
      .map((death) => ({ death, attempts: 0 }));
  }

  /** How many are still to be died. */
  get left(): number {
    return this.#pending.length;
  }

  /** How many were died. */
  get count(): number {
    return this.#count;
  }

  /**
   * The next death, tried with `live`, which tells whether it came.
   *
   * @throws {Error} when it has been tried too often.
   */
  async next(live: (death: Death) => Promise<boolean>): Promise<void> {
    const [one] = this.#pending;
    if (one === undefined) return;
    if (await live(sooner(one.death, one.attempts))) {
      this.#pending.shift();
      this.#count++;
    } else if (++one.attempts >= MAX_ATTEMPTS) {
      throw new Error(
        `Nobody died ${JSON.stringify(one.death)} in ${MAX_ATTEMPTS} lives`,
      );
    }
  }
}

/** A process may end before its time has come: then the next one's comes earlier. */
function sooner({ order, afterMs }: Death, attempts: number): Death {
  const { mark, times, step } = order;
  const less = (count: number) => Math.ceil(count / (1 + attempts));
  return {
    order: {
      ...(mark !== undefined && { mark }),
      ...(times !== undefined && { times: less(times) }),
      ...(step !== undefined && { step: less(step) }),
    },
    ...(afterMs !== undefined && { afterMs: less(afterMs) }),
  };
}

function atMark(mark: string, random: Random): Death {
  return { order: { mark, times: random.from(1, 6) } };
}

function atAnyMoment(random: Random): Death {
  return random.oneIn(2)
    ? { order: { step: random.from(1, 60) } }
    : { order: {}, afterMs: random.from(20, 600) };
}
