/**
 * What may be asked of a client that reconnects.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { Socket } from "../../net/mod.ts";
import type { SendOptions, StompConnectOptions } from "../client/options.ts";
import type { StateChange } from "./state.ts";
import type { SubscribeOptions } from "../client/subscription.ts";
import type { StompMessage } from "../client/message.ts";

/** Opens a connection to one broker; gives up when `signal` is aborted. */
export type DialBroker = (signal: AbortSignal) => Promise<Socket>;

/** How to find a broker, and how long to go on when there is none. */
export interface ReconnectOptions extends StompConnectOptions {
  /** One function for each broker; they are tried in this order. */
  dial: DialBroker | readonly DialBroker[];
  /**
   * How long to look for a broker, at first and after each loss, before giving
   * up; 0 tries each of them once. @default Infinity
   */
  retryForMs?: number | undefined;
  /**
   * Whether to try again when all brokers have failed, the last one like this. A
   * wrong password does not mend itself, but an administrator may mend it.
   * @default always
   */
  worthRetrying?: ((failure: SsmError) => boolean) | undefined;
  /** The first pause between two attempts; it doubles each time. @default 1000 */
  firstPauseMs?: number | undefined;
  /** The longest pause. @default 60000 */
  maxPauseMs?: number | undefined;
  /**
   * Connections that one message or subscription may cost, being the only thing
   * under way when they end, before it is given up. @default 5
   */
  maxLosses?: number | undefined;
  /** Bodies that may wait for a confirmation, in bytes. @default 67108864 (64 MiB) */
  maxPendingBytes?: number | undefined;
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
export type LastingSubscribeOptions = Omit<SubscribeOptions, "receipt">;

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
