/**
 * What the sender and the receiver need from a transport.
 *
 * Reconnecting, the list of brokers and the protocol's headers live behind it.
 *
 * @module
 */

import type { IncomingSpool } from "../spool/mod.ts";
import type { Sealed } from "./envelope.ts";
import type { Opened } from "./opened.ts";

/** Takes sealed messages of its kind to where they go. */
export interface OutgoingCarrier<Message extends Sealed = Sealed>
  extends AsyncDisposable {
  /** The largest sealed message that it takes, in bytes, whatever its id. @default any */
  readonly maxBodyBytes?: number;
  /** Makes it ready to send, within the retry limit; does nothing when it is. @throws {SsmError} `CONNECT`, `TLS`, `STOMP_ERROR`. */
  open(): Promise<void>;
  /**
   * Sends one message; settles when it is confirmed. Calls made one after
   * another are sent in that order, also across a reconnection.
   *
   * @returns what the log says of it besides its name, if anything
   * @throws {SsmError} `UNSENDABLE` when this message is not wanted; with any
   *   other error no message can be sent any more.
   */
  readonly send: (id: string, message: Message) => Promise<string | void>;
  /** Says goodbye, once nothing is in flight. */
  close(): Promise<void>;
}

/** One message as it arrived. */
export interface Delivery {
  /** The sender's id of the message (`empa-id`), `noid` when there was none. */
  readonly id: string;
  /** How the log names it as it comes. @default its id */
  readonly label?: string;
  /** What identifies this message among redeliveries, besides its content. */
  readonly key: string;
  readonly body: Uint8Array;
  /** Why it is no message, where the carrier knows that already; `body` is what came instead. */
  readonly broken?: string;
  /** What its sender's tries to transmit it have in common, where their bytes differ; see {@linkcode IncomingMessage.origin}. */
  readonly origin?: string | undefined;
  /** Where it stays when it is not accepted: it comes from reject. @default the receiver's reject */
  readonly stays?: IncomingSpool;
  /**
   * Confirms it: the message is safely on disk, as what it turned out to be, which
   * some protocols tell the sender. Rejects when the connection is gone. A carrier
   * that confirms several together notes it, and tells of failures itself.
   */
  ack(opened: Opened): Promise<void>;
  /** Leaves it where it is: it was not stored, and will be delivered again. */
  abandon(): void;
}

/** Brings messages for as long as the signal is not aborted. */
export interface IncomingCarrier {
  /**
   * Messages as they come, across any number of connections. Ends in order when
   * the signal is aborted, after what was handed out is confirmed or abandoned.
   */
  deliveries(signal: AbortSignal): AsyncIterable<Delivery>;
}
