/**
 * What may be asked of a client that reconnects.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { SendOptions, StompConnectOptions } from "../client/options.ts";
import type { DialBroker, Endpoint } from "./endpoint.ts";
import type { StateChange } from "./state.ts";
import type { SubscribeOptions } from "../client/subscription.ts";
import type { StompMessage } from "../client/message.ts";

/** How to find a broker, and how long to go on when there is none. */
export interface ReconnectOptions extends StompConnectOptions {
  /**
   * One function or endpoint for each broker; they are tried in this order. To
   * connections of an endpoint the options of `StompConnectOptions` here do not
   * apply: it makes them with its own.
   */
  dial: DialBroker | Endpoint | readonly (DialBroker | Endpoint)[];
  /**
   * How long to go on while nothing is achieved: over brokers that cannot be
   * reached and connections that come to nothing, from the first of them on. A
   * connection was good when something was confirmed over it or a message
   * delivered and acknowledged, or when it lasted half a minute; after it, all the
   * time is there again. 0 tries once, and once more after a loss.
   * @default Infinity
   */
  retryForMs?: number | undefined;
  /**
   * Whether to try again when all brokers have failed, one of them like this. A
   * wrong passcode does not mend itself, but an administrator may mend it.
   * @default always when `retryForMs` is `Infinity`, otherwise `waitingMayHelp`
   */
  worthRetrying?: ((failure: SsmError) => boolean) | undefined;
  /**
   * When to be connected: `always`, or only while something is to be sent or
   * somebody waits for `connection()`; a subscription alone does not count then.
   * A connection that there is stays in either case. @default "always"
   */
  connect?: "always" | "needed" | undefined;
  /**
   * When aborted, no connection is made any more: the client gives up as soon as
   * it needs one. What is under way on a connection can still be finished.
   */
  signal?: AbortSignal | undefined;
  /** The first pause between two attempts; it doubles each time. @default 1000 */
  firstPauseMs?: number | undefined;
  /** The longest pause. @default 60000 */
  maxPauseMs?: number | undefined;
  /**
   * Connections that one message or subscription may cost, being the only thing
   * under way when they end, before it is given up: at once if other messages were
   * confirmed in between or `retryForMs` is `Infinity`, otherwise when that time
   * is up. @default 5
   */
  maxLosses?: number | undefined;
  /** Bodies that may wait for a confirmation, in bytes. @default 67108864 (64 MiB) */
  maxPendingBytes?: number | undefined;
  /** Told of every attempt that failed, with the name of the endpoint. */
  onAttemptFailed?: ((endpoint: string, why: SsmError) => void) | undefined;
  /**
   * What to give up with when no broker can be used; it is given the last failure
   * and the names of all endpoints. @default the last failure
   */
  describeFailure?:
    | ((failure: SsmError, endpoints: readonly string[]) => SsmError)
    | undefined;
  /** Told of every change of state. */
  onState?: ((change: StateChange) => void) | undefined;
  /** Uniform in [0, 1), to spread the pauses. @default Math.random */
  random?: (() => number) | undefined;
}

/** What goes with a message that is sent again after a loss. */
export interface LastingSendOptions
  extends Omit<SendOptions, "receipt" | "transaction"> {
  /**
   * Waits for the broker's receipt, of this id or of any; `false` is content
   * with what the network takes. @default true
   */
  receipt?: string | boolean | undefined;
}

/** What a subscription asks for that outlives connections. */
export interface LastingSubscribeOptions
  extends Omit<SubscribeOptions, "receipt"> {
  /**
   * Whether to ask for a receipt, and to be connected only when it is there. A
   * subscription without it is never given up. @default true
   */
  receipt?: boolean | undefined;
  /**
   * Told, every fourth time in a row that a connection is lost within its first
   * messages, that one of them may be the reason, and what to do.
   */
  onEarlyLosses?: ((words: string) => void) | undefined;
}

/**
 * What a handler returns for a message that is to stay on the broker: neither
 * confirmed nor given back, it comes again over the next connection. Of a queue,
 * another message comes in its place, 200 times at most.
 */
export const LEAVE: unique symbol = Symbol("leave");

/**
 * Takes a message. It is confirmed when this returns or resolves, given back
 * (NACK) when it returns or resolves to `false`, throws or rejects, and left as
 * it is when it returns or resolves to {@linkcode LEAVE}. What a broker does with
 * a message that is given back is its own: RabbitMQ and the embedded broker
 * deliver it again, ActiveMQ moves it to its dead letters at once.
 */
export type MessageHandler = (message: StompMessage) => unknown;

/** What a subscription with a handler asks for. */
export interface ConsumeOptions extends LastingSubscribeOptions {
  /** Messages that are handled at a time. @default 1 */
  concurrency?: number | undefined;
  /**
   * Told of a message that was not confirmed: what the handler threw, or why
   * the confirmation did not reach the broker. @default nobody is told
   */
  onError?: ((error: unknown, message: StompMessage) => void) | undefined;
}
