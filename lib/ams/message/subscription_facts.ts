/**
 * What AMS knows of a subscription.
 *
 * @module
 */
import { countField, textField } from "../call/json.ts";

/** The offsets of a subscription; `current` to `max` wait to be pulled. */
export interface AmsOffsets {
  /** The oldest message that is still kept. */
  readonly min: bigint;
  /** The offset that the next published message gets. */
  readonly max: bigint;
  /** The next message to be pulled. */
  readonly current: bigint;
}

/** What AMS knows of a subscription. */
export interface AmsSubscriptionFacts {
  /** `projects/P/topics/T`. */
  readonly topic: string;
  /** Time from a pull to its acknowledgement, in ms. */
  readonly ackDeadlineMs: number;
}

/** Reads what `:offsets` answers; `undefined` when it is something else. */
export function readOffsets(value: unknown): AmsOffsets | undefined {
  const min = countField(value, "min");
  const max = countField(value, "max");
  const current = countField(value, "current");
  return min === undefined || max === undefined || current === undefined
    ? undefined
    : { min, max, current };
}

/** Reads a subscription; `undefined` when it is something else. */
export function readSubscription(
  value: unknown,
): AmsSubscriptionFacts | undefined {
  const topic = textField(value, "topic");
  const seconds = countField(value, "ackDeadlineSeconds");
  return topic === undefined || seconds === undefined
    ? undefined
    : { topic, ackDeadlineMs: Number(seconds) * 1000 };
}
