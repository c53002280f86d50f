/**
 * What a process tells others of its work: the format of the state file.
 *
 * It is described in docs/operating.md, "The state file".
 *
 * @module
 */

/** What a process does. */
export type Role = "sender" | "receiver" | "ssm1" | "broker";

/** What is counted. */
export type Outcome =
  /** Confirmed, and removed from outgoing. */
  | "sent"
  /** Accepted, and in incoming. */
  | "received"
  /** Not accepted, and in reject. */
  | "rejected"
  /** Delivered before, and ignored. */
  | "duplicates"
  /** A file that could not be sent, or a message that could not be stored: both stay. */
  | "failed";

/** How often something happened. */
export interface Count {
  readonly total: number;
  /** When it happened last (ISO 8601, UTC). */
  readonly last: string | null;
  /** How often in each of the last 60 minutes in which it did: the minute, counted from 1970, and the number. */
  readonly minutes: readonly (readonly [minute: number, count: number])[];
}

/** An error of the log. */
export interface LoggedError {
  readonly time: string;
  readonly text: string;
  /** What the log says to do. */
  readonly hint: string | null;
}

/** A file of outgoing that could not be sent. */
export interface Unsent {
  readonly id: string;
  readonly reason: string;
}

/** A queue of the embedded broker. */
export interface QueueState {
  /** The virtual host, where it is not the only one. */
  readonly host: string | null;
  readonly name: string;
  /** Messages that wait to be delivered. */
  readonly depth: number;
  readonly consumers: number;
}

/** What the embedded broker has. */
export interface BrokerState {
  readonly connections: number;
  readonly queued: number;
  readonly queued_bytes: number;
  /** How many queues there are. */
  readonly queue_count: number;
  /** The fullest of them. */
  readonly queues: readonly QueueState[];
}

/** The whole document. */
export interface RunState {
  /** Raised when a field changes its meaning or goes. */
  readonly format: 1;
  readonly role: Role;
  readonly version: string;
  readonly pid: number;
  readonly host: string;
  /** The configuration file, as it was named. */
  readonly config: string;
  readonly started: string;
  /** When this was written. */
  readonly written: string;
  /** When the run ended in order; `null` while it runs, and when it was killed. */
  readonly ended: string | null;
  /** Whether it ended with exit status 0; `null` as above. */
  readonly succeeded: boolean | null;
  /** The broker it is connected to. */
  readonly connected_to: string | null;
  readonly connected_since: string | null;
  readonly counts: Readonly<Partial<Record<Outcome, Count>>>;
  readonly last_error: LoggedError | null;
  /** Files that could not be sent the last time, at most 100 of them. */
  readonly unsent: readonly Unsent[];
  readonly broker: BrokerState | null;
}

/** What is counted by each role. */
export const COUNTED: Readonly<Record<Role, readonly Outcome[]>> = {
  sender: ["sent", "failed"],
  receiver: ["received", "rejected", "duplicates", "failed"],
  ssm1: ["sent", "received", "rejected", "duplicates", "failed"],
  broker: [],
};

/** The minute of a time, counted from 1970. */
export function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / 60_000);
}

/** How often it happened in the hour before. */
export function inLastHour({ minutes }: Count, now: Date): number {
  const last = minuteOf(now);
  return minutes
    .filter(([minute]) => minute > last - 60 && minute <= last)
    .reduce((sum, [, count]) => sum + count, 0);
}
