/**
 * A protocol in which the receiver answers.
 *
 * There, a message is confirmed by an answer of the receiver, not by the broker's
 * receipt. Until it comes, the sender keeps the message and may send it again; so
 * the receiver remembers what it has stored, until the sender tells it that the
 * message is gone from its spool. SSM1 is such a protocol, SSM2 is not.
 *
 * @module
 */
import type { StompMessage } from "../stomp/mod.ts";
import type { OutgoingCarrier } from "./carrier.ts";
import type { Sealed } from "./envelope.ts";
import type { Opened } from "./opened.ts";

/** A message that the answer to it can name. */
export interface AnswerableMessage extends Sealed {
  /** How the receiver will name it, by its content. */
  readonly digest: string;
}

/** Sends messages, and waits for the receiver's answers. */
export interface AnsweredCarrier extends OutgoingCarrier<AnswerableMessage> {
  /**
   * Says that a confirmed message is gone from the spool and will not be sent
   * again: the receiver may forget it.
   */
  removed(id: string): void;
}

/** Whether the receiver answers to what a carrier sends. */
export function isAnswered(carrier: object): carrier is AnsweredCarrier {
  return "removed" in carrier;
}

/** A message that has come and is to be delivered. */
export interface Arrival {
  readonly id: string;
  /** As the key of a {@linkcode Delivery}. */
  readonly key: string;
  /** As the origin of a {@linkcode Delivery}. */
  readonly origin?: string;
}

/** A message to which the receiver answers. */
export interface AnsweredArrival extends Arrival {
  /** Tells the sender what became of it. */
  answer(opened: Opened): void;
  /**
   * Whether something was forgotten because of it. Then nothing after it is taken
   * before it is confirmed: if it came again, it would make the receiver forget
   * what was stored since.
   */
  readonly forgot: boolean;
}

/** How one protocol understands what comes. */
interface Protocol<Message extends Arrival> {
  /** The sender's name for a message, for log lines. */
  nameOf(message: StompMessage): string;
  /**
   * `undefined` when the protocol itself has dealt with it, so that it can be confirmed.
   *
   * @param settled waits until everything taken before is filed and confirmed, and
   *   rejects when it is not: then this message comes again, after what precedes it
   */
  take(
    message: StompMessage,
    settled: () => Promise<unknown>,
  ): Promise<Message | undefined>;
}

/** A protocol in which the broker's receipt is all that a sender gets. */
export interface SilentProtocol extends Protocol<Arrival> {
  readonly receiverAnswers: false;
}

/**
 * A protocol in which the receiver answers.
 *
 * A message that is too large need not stay on the broker, since its sender keeps
 * it. And before something is forgotten, the broker must have said of every message
 * before that it is confirmed: one that comes again after that is stored again.
 */
export interface AnsweringProtocol extends Protocol<AnsweredArrival> {
  readonly receiverAnswers: true;
}

/** How the protocol in use understands what comes. */
export type IncomingProtocol = SilentProtocol | AnsweringProtocol;
