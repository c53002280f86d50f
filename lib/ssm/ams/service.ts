/**
 * What the carriers need of the messaging service: one topic, or one subscription.
 *
 * @module
 */
import type {
  AmsMessage,
  AmsOffsets,
  AmsSubscriptionFacts,
  PulledMessage,
} from "../../ams/mod.ts";

/** Longest ids and offsets that are written down, in characters: they are the service's. */
export const MOST_SHOWN = 255;

/** A topic that messages are published to. */
export interface AmsTopic extends AsyncDisposable {
  /**
   * Publishes messages, in order; a batch that fails may be stored in part.
   *
   * @returns the service's ids, one for each message
   * @throws {SsmError} `AMS_ERROR`, `CONNECT`, `TLS`, `TIMEOUT`, `CONNECTION_LOST`, `ABORTED`
   */
  publish(
    messages: readonly AmsMessage[],
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

/** A subscription that messages are pulled from. All its calls throw as those of an {@linkcode AmsTopic}. */
export interface AmsSubscription extends AsyncDisposable {
  /** At most so many messages, from the first that is not acknowledged on. */
  pull(max: number, signal: AbortSignal): Promise<readonly PulledMessage[]>;
  /** Confirms all messages up to this one, once after a pull. */
  acknowledge(ackId: string, signal: AbortSignal): Promise<void>;
  offsets(signal: AbortSignal): Promise<AmsOffsets>;
  /** Makes this offset the next that is pulled. */
  moveOffset(offset: bigint, signal: AbortSignal): Promise<void>;
  /** How it is set up. */
  show(
    signal: AbortSignal,
  ): Promise<Pick<AmsSubscriptionFacts, "ackDeadlineMs">>;
}
