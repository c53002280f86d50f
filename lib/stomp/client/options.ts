/**
 * What may be asked of a client.
 *
 * @module
 */
import type { Clock } from "../../time/mod.ts";
import type { TrimMessages } from "../frame/decoder.ts";
import type { FrameLimits } from "../frame/limits.ts";
import type { Frame, StompVersion } from "../frame/frame.ts";
import type { StompMessage } from "./message.ts";
import type { HeartBeat } from "../connection/negotiate.ts";

/** How a client connects and behaves. */
export interface StompConnectOptions {
  /**
   * The virtual host, which STOMP 1.1 and 1.2 demand; `false` leaves it out, for
   * brokers that have a default but not this name (RabbitMQ).
   * @default the host that was dialled
   */
  host?: string | false | undefined;
  /** The user name at the broker. @default none */
  login?: string | undefined;
  /** What proves that login. @default none */
  passcode?: string | undefined;
  /** The name of a durable subscriber (ActiveMQ `client-id`). @default none */
  clientId?: string | undefined;
  /** Further headers of CONNECT. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The versions of STOMP to offer. @default ["1.2", "1.1", "1.0"] */
  acceptVersions?: readonly StompVersion[] | undefined;
  /**
   * How often to send, and to want to receive, in ms; 0 is never.
   * @default { sendMs: 30000, receiveMs: 30000 }
   */
  heartBeat?: HeartBeat | undefined;
  /**
   * Intervals of silence after which the broker counts as lost. ActiveMQ sends
   * its first heart-beat only after two. @default 3
   */
  graceFactor?: number | undefined;
  /** Time from CONNECT to CONNECTED. @default 10000 */
  connectTimeoutMs?: number | undefined;
  /** Time from a frame's sending to its receipt. @default 60000 */
  receiptTimeoutMs?: number | undefined;
  /** See `ConnectionOptions`. @default 60000 */
  writeTimeoutMs?: number | undefined;
  /** Limits on the broker's frames. */
  limits?: FrameLimits | undefined;
  /**
   * What is left out of a message rather than losing the connection for it, again
   * and again. With `true`, look at `StompMessage.trimmed` before you confirm a
   * message: its body may be missing. @default "headers"
   */
  trimMessages?: TrimMessages | undefined;
  /** Told of receipts that nobody awaits: late, repeated or made up. */
  onStrayReceipt?: ((id: string) => void) | undefined;
  /**
   * Given each message of a subscription that was never made here, such as the
   * replies that RabbitMQ delivers to a `reply-to` of `/temp-queue/…`. Nothing is
   * to be acknowledged. @default it is dropped
   */
  onUnhandled?: ((message: StompMessage) => void) | undefined;
  /**
   * Shown every frame after the greeting, as it is sent or received; CONNECT,
   * with its passcode, is not.
   */
  onFrame?:
    | ((frame: Frame, direction: "sent" | "received") => void)
    | undefined;
  /** What time-outs and heart-beats go by. @default the machine's clock */
  clock?: Clock | undefined;
}

/** What goes with a message. */
export interface SendOptions {
  /** Further headers, such as `persistent` or `content-type`. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Asks for a receipt, of this id or of any, and waits for it. @default none */
  receipt?: string | true | undefined;
  /** The transaction it belongs to. @default none */
  transaction?: string | undefined;
}

/** What goes with a frame that is not a message. */
export interface ReceiptOption {
  /** Asks for a receipt, of this id or of any, and waits for it. @default none */
  receipt?: string | true | undefined;
}
