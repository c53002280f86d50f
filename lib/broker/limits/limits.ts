/**
 * What clients may cost.
 *
 * @module
 */

import { DEFAULT_LIMITS, type FrameLimits } from "../../stomp/mod.ts";

/** Limits of a broker. Sizes are in bytes. */
export interface BrokerLimits {
  /** One frame of a client. */
  readonly frames: Readonly<Required<FrameLimits>>;
  /** Connections at the same time; clients that have not logged in give way to others. @default 4096 */
  readonly maxConnections: number;
  /** Time until CONNECT must have come, in milliseconds. @default 10000 */
  readonly connectDeadlineMs: number;
  /** Headers, and body, of a frame before the client is let in. @default 16384 (16 KiB) */
  readonly maxUnauthenticatedBytes: number;
  /** What all clients together have sent of frames that have not ended. @default 134217728 (128 MiB), or frames.maxBodyBytes if that is more */
  readonly maxUnfinishedBytes: number;
  /** Subscriptions of one connection, and also its temporary queues. @default 1000 */
  readonly maxSubscriptions: number;
  /** Subscriptions of all connections; for one more, the connection that has most is ended. @default 100000, or maxSubscriptions if that is more */
  readonly maxAllSubscriptions: number;
  /** Durable subscriptions of one virtual host. @default 1000 */
  readonly maxDurableSubscriptions: number;
  /** Transactions of one connection that are begun and not ended. @default 64 */
  readonly maxTransactions: number;
  /** Messages sent, acknowledged or refused in one transaction. @default 10000 */
  readonly maxTransactionOperations: number;
  /** Messages sent in one transaction, headers included. @default 134217728 (128 MiB) */
  readonly maxTransactionBytes: number;
  /** Messages sent in all transactions of all clients that have not ended. @default 134217728 (128 MiB), or maxTransactionBytes if that is more */
  readonly maxOpenTransactionBytes: number;
  /** Unacknowledged messages of a subscription that asks for no number. @default 100 */
  readonly prefetch: number;
  /** Unacknowledged messages of one subscription; one is always allowed. @default 16777216 (16 MiB) */
  readonly prefetchBytes: number;
  /** What waits to be written to one client before nothing more is added. @default 4194304 (4 MiB) */
  readonly maxOutputBytes: number;
  /** What waits to be stored for one client before nothing more is read. @default 16777216 (16 MiB) */
  readonly maxUnstoredBytes: number;
  /** What one client may hold of topics, waiting for it or in its hands, before it is cut off; one message is always allowed. @default 33554432 (32 MiB) */
  readonly maxTopicBytes: number;
  /** What all clients together may hold of topics before the slowest and largest are cut off; a message that many hold counts once. @default 67108864 (64 MiB) */
  readonly maxAllTopicBytes: number;
  /** Time between two looks for messages that have expired behind others, in milliseconds. @default 30000 */
  readonly sweepMs: number;
  /** Time for a client to read the ERROR frame that ends its connection, in milliseconds. @default 1000 */
  readonly lingerMs: number;
  /** Time without progress after which a client that does not read is lost, in milliseconds. @default 60000 */
  readonly writeTimeoutMs: number;
}

/** Limits as they are given: what is not named has its default. */
export type GivenLimits = Partial<Omit<BrokerLimits, "frames">> & {
  readonly frames?: Readonly<FrameLimits> | undefined;
};

const DEFAULTS: Omit<BrokerLimits, "frames"> = {
  maxConnections: 4096,
  connectDeadlineMs: 10_000,
  maxUnauthenticatedBytes: 16 << 10,
  maxUnfinishedBytes: 128 << 20,
  maxSubscriptions: 1000,
  maxAllSubscriptions: 100_000,
  maxDurableSubscriptions: 1000,
  maxTransactions: 64,
  maxTransactionOperations: 10_000,
  maxTransactionBytes: 128 << 20,
  maxOpenTransactionBytes: 128 << 20,
  prefetch: 100,
  prefetchBytes: 16 << 20,
  maxOutputBytes: 4 << 20,
  maxUnstoredBytes: 16 << 20,
  maxTopicBytes: 32 << 20,
  maxAllTopicBytes: 64 << 20,
  sweepMs: 30_000,
  lingerMs: 1000,
  writeTimeoutMs: 60_000,
};

/** Completes limits with the defaults. @throws {RangeError} unless all are positive whole numbers. */
export function completeLimits(given: GivenLimits = {}): BrokerLimits {
  const { frames: givenFrames, ...others } = given;
  const frames = { ...DEFAULT_LIMITS, ...givenFrames };
  const own = { ...DEFAULTS, ...others };
  // What one client may hold, all clients together may hold.
  const atLeast = (all: keyof typeof own, one: number) =>
    others[all] ?? Math.max(own[all], one);
  const limits = {
    ...own,
    maxUnfinishedBytes: atLeast("maxUnfinishedBytes", frames.maxBodyBytes),
    maxAllSubscriptions: atLeast("maxAllSubscriptions", own.maxSubscriptions),
    maxOpenTransactionBytes: atLeast(
      "maxOpenTransactionBytes",
      own.maxTransactionBytes,
    ),
  };
  for (const [name, value] of Object.entries({ ...limits, ...frames })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `${name} must be a positive whole number, not ${value}`,
      );
    }
  }
  return { ...limits, frames };
}
