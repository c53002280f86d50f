/**
 * Who sends and who receives in a run, whatever protocol they speak.
 *
 * @module
 */
import type { Running } from "../../../kit/programs/program.ts";
import type { TestPki } from "../../../kit/pki/test_pki.ts";
import type { Arrival, Consumer, ConsumerOptions } from "./consumer.ts";
import type { Random } from "../../../kit/random.ts";
import type { Outgoing } from "./traffic.ts";

/** A sender and its directory. */
export interface Sender {
  readonly marks: readonly string[];
  /** The command line that sends what waits, and quits. */
  readonly args: readonly string[];
  readonly outgoing: Outgoing;
  /** The directory. */
  readonly path: string;
}

/** The receiver and its directories. */
export interface Receiver {
  readonly marks: readonly string[];
  /** The command line that receives until it is stopped. */
  readonly args: readonly string[];
  /** The directory of incoming, reject and all that belongs to them. */
  readonly path: string;
  /** What it says once it has cleared away what others left, and subscribed. */
  readonly ready: RegExp;
  /** Whose messages it takes. */
  readonly signer: string;
  /** The list of allowed signers. */
  readonly dnFile: string;
  readonly logfile: string;
  /** In the log: a message that was stored before came again. */
  readonly again: RegExp;
  readonly pidfile: string;
  /** Starts who takes messages out of incoming meanwhile. */
  consume(how: Pick<ConsumerOptions, "limitMs" | "leaveOneIn">): Consumer;
  /** What is in incoming. */
  arrivals(): Promise<Arrival[]>;
  /**
   * Waits until the running receiver has stored, or recognised, what was sent
   * last. Not needed where the sender itself waits for that.
   */
  seen?(running: Running, id: string): Promise<void>;
}

/** Both sides; their directories are removed on disposal. */
export interface Parties extends AsyncDisposable {
  readonly senders: readonly Sender[];
  readonly receiver: Receiver;
}

/** What they are made from. */
export interface PartiesOptions {
  readonly pki: TestPki;
  /** Of the broker, on this machine. */
  readonly port: number;
  readonly random: Random;
  /** One of so many files is large. @default 12 */
  readonly largeOneIn?: number;
  /** Size of these, in bytes. @default 200000 */
  readonly largeBytes?: number;
}

/** How long a sender looks for a broker that is coming back, in seconds. */
export const PATIENCE_S = 5;

/** The age at which a lock counts as left behind, in seconds: the shortest that can be configured. */
export const MAX_LOCK_AGE_S = 10;
