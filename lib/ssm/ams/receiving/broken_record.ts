/**
 * A message that cannot be pulled: the service has stored it but cannot read it
 * itself, or it is larger than what is taken.
 *
 * Each pull that would bring it fails, and so it holds up all that are behind it.
 *
 * @module
 */
import { type AmsOffsets, isAmsError } from "../../../ams/mod.ts";
import { reason, type SsmError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import type { Position } from "./position.ts";
import type { AmsSubscription } from "../service.ts";

/** Settings of {@linkcode BrokenRecord}. */
export interface BrokenRecordOptions {
  readonly subscription: Pick<AmsSubscription, "moveOffset">;
  /** Asks where the subscription stands; `undefined` when it may not. */
  readonly offsets: () => Promise<AmsOffsets | undefined>;
  readonly position: Position;
  readonly destination: string;
  /** Whether to go past it, and so lose it. */
  readonly skipBroken: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What blocks a subscription, for the log. */
export interface Blocked {
  readonly words: string;
  readonly hint: string;
}

/** Goes past such messages where that is wanted and allowed. */
export class BrokenRecord {
  readonly #options: BrokenRecordOptions;

  constructor(options: BrokenRecordOptions) {
    this.#options = options;
  }

  /**
   * A pull of one message alone has failed like this.
   *
   * @returns what is in the way still; `undefined` when it is passed
   */
  async met(error: SsmError): Promise<Blocked | undefined> {
    const { offsets, position, destination, skipBroken } = this.#options;
    const where = await offsets();
    const offset = where?.current ?? position.next;
    const name = offset === undefined
      ? `The next message of ${destination}`
      : `The message with offset ${offset} of ${destination}`;
    const { state, instead } = faultOf(error);
    const hint = `${instead}${remedy(destination, offset)}`;
    const words = `${name} ${state}, and nothing behind it can be received: ${
      reason(error)
    }`;
    if (!skipBroken) return { words, hint };
    if (where === undefined) {
      return {
        words: `${words}. It is not skipped: the token may not read offsets, ` +
          "and without them the subscription could be moved out of reach",
        hint,
      };
    }
    const why = await this.#skip(where, state);
    return why === undefined ? undefined : {
      words: `${words}. It cannot be skipped: ${why}`,
      hint: remedy(destination, offset),
    };
  }

  /** @returns why it is not possible */
  async #skip(
    { current, max }: AmsOffsets,
    state: string,
  ): Promise<string | undefined> {
    const { subscription, offsets, position, log, signal, destination } =
      this.#options;
    const target = current + 1n;
    // Beyond its end a subscription would bring nothing any more, and not say so.
    if (target > max) return `the subscription ends at offset ${max}`;
    let refusal: SsmError | undefined;
    try {
      await subscription.moveOffset(target, signal);
    } catch (error) {
      if (!isAmsError(error)) throw error;
      refusal = error;
    }
    // What the answer says is not always what was done.
    const now = (await offsets())?.current;
    if (now !== target) {
      return refusal
        ? reason(refusal)
        : `the subscription is at offset ${now ?? "unknown"} after that`;
    }
    position.moved(target);
    log.error(
      `The message with offset ${current} of ${destination} ${state}; it is skipped, and lost.`,
    );
    return undefined;
  }
}

/** What is wrong with it, and what may be done before it is given up. */
function faultOf(error: SsmError): { state: string; instead: string } {
  return isAmsError(error, "answer too long")
    ? {
      state: "is larger than max_message_size allows",
      instead: "raise max_message_size (up to 370M with AMS) and restart; or ",
    }
    : { state: "is stored broken", instead: "" };
}

function remedy(destination: string, offset: bigint | undefined): string {
  const next = offset === undefined ? "the next one" : `${offset + 1n}`;
  return `have an administrator of the project move the subscription ${destination} to offset ${next} (modifyOffset), ` +
    "or set ams_skip_broken = true where the token may do that; the message itself is lost, have it sent again";
}
