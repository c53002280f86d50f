/**
 * Where the messages of queues are kept until they are acknowledged.
 *
 * The queues own the order, the store owns the contents: a queue holds numbers,
 * and asks the store for the message when it is delivered. So a store may keep
 * contents in memory, on disk, or both. Topics are not stored.
 *
 * @module
 */
import type { Message } from "../message/message.ts";

/** A message as it is handed to the store. */
export interface StoredMessage {
  /** Its number in the order of arrival; unique in the store, also after a restart. */
  readonly sequence: number;
  /** The full name of its queue, with that of its virtual host before it. */
  readonly queue: string;
  /** It is to survive a restart, if the store can do that. */
  readonly durable: boolean;
  /** What is kept. */
  readonly message: Message;
}

/** What is left of a message after a restart, without its content. */
export interface RecoveredMessage {
  /** As {@linkcode StoredMessage.sequence}. */
  readonly sequence: number;
  /** As {@linkcode StoredMessage.queue}. */
  readonly queue: string;
  /** How many times it was delivered without being acknowledged. */
  readonly deliveries: number;
  /** As {@linkcode Message.size}. */
  readonly size: number;
  /** As {@linkcode Message.expires}. */
  readonly expires?: number;
}

/** One change of what is kept. */
export type StoreChange =
  /** Keep this message. */
  | { readonly kind: "append"; readonly stored: StoredMessage }
  /** Forget this message, whose append has settled; an unknown number is no error. */
  | { readonly kind: "remove"; readonly sequence: number };

/** Keeps messages. */
export interface Store extends AsyncDisposable {
  /** Everything that survived the last run, by ascending sequence. Called once, before all else. */
  recover(): AsyncIterable<RecoveredMessage>;

  /**
   * Makes all these changes or none of them, and settles once they are as safe
   * as the store can make them (a disk store: synced). Calls need not wait for
   * each other, so a store may write many of them at once; they take effect and
   * settle in the order of the calls.
   *
   * @throws {SsmError} `LIMIT` when there is no room for them.
   */
  apply(changes: readonly StoreChange[]): Promise<void>;

  /**
   * Notes how many times a message has been sent to a client by now; an unknown
   * number is no error. Nobody waits for this: a store that survives
   * writes it along with its next changes.
   */
  delivered(sequence: number, deliveries: number): void;

  /**
   * The content of a message that was appended and not removed. Synchronous,
   * so that the order of deliveries cannot depend on how long a read takes.
   *
   * @throws {RangeError} when there is no such message.
   */
  read(sequence: number): Message;

  /** How many messages are kept. */
  readonly count: number;
  /** Their size in bytes, as {@linkcode Message.size}. */
  readonly bytes: number;
}
