/**
 * How a broker behaves, and what it does where nothing else is said.
 *
 * @module
 */
import { type Logger, silentLogger } from "../log/mod.ts";
import {
  type Clock,
  formatHeartBeat,
  type HeartBeat,
  systemClock,
} from "../stomp/mod.ts";
import type { Authorise } from "./access/access.ts";
import type { Authenticate } from "./access/users.ts";
import { completeLimits, type GivenLimits } from "./limits/limits.ts";
import {
  type DeadLetterOptions,
  deadLetterPolicy,
} from "./queues/dead_letters.ts";
import { MemoryStore } from "./store/memory.ts";
import type { Store } from "./store/store.ts";

/** How a broker behaves. */
export interface BrokerOptions {
  /** Told who comes and goes, and what is refused. @default a logger that says nothing */
  readonly logger?: Logger | undefined;
  /** Where messages are kept; disposed of along with the broker. @default new MemoryStore() */
  readonly store?: Store | undefined;
  /** Decides who may connect. @default everybody is let in */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Decides who may read or write where.
   * @default everybody who is let in may read and write everywhere
   */
  readonly authorise?: Authorise | undefined;
  /** Tells whether a client may come from that address, `host:port`. @default from everywhere */
  readonly admit?: ((remote: string) => boolean) | undefined;
  /**
   * Names of virtual hosts, each with destinations of its own; `*` and `?` are
   * wildcards. Clients that ask for another are refused, clients that ask for
   * none get the first.
   * @default one host, under whatever name
   */
  readonly virtualHosts?: readonly string[] | undefined;
  /** What becomes of messages that nobody can deal with; `false` redelivers them for ever. */
  readonly deadLetters?: DeadLetterOptions | false | undefined;
  /** What the broker calls itself in CONNECTED. @default "ssm" */
  readonly serverName?: string | undefined;
  /** How often it can send, and wants to receive, in milliseconds; 0 is never. @default 10000 both */
  readonly heartBeat?: HeartBeat | undefined;
  /** Intervals of silence that are forgiven. @default 2 */
  readonly graceFactor?: number | undefined;
  /** What clients may ask of it; those that are not named have their defaults. */
  readonly limits?: GivenLimits | undefined;
  /** What time-outs, heart-beats and the header `expires` go by. @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** Makes names that are unique and cannot be guessed. @default crypto.randomUUID */
  readonly randomId?: (() => string) | undefined;
}

/**
 * Completes the options with the defaults.
 *
 * @throws {RangeError} on a limit or an interval that makes no sense
 * @throws {SsmError} `STOMP_PROTOCOL` on a malformed destination for dead letters
 */
export function completeOptions(options: BrokerOptions) {
  const { heartBeat = { sendMs: 10_000, receiveMs: 10_000 }, graceFactor = 2 } =
    options;
  formatHeartBeat(heartBeat);
  if (!(graceFactor >= 1)) {
    throw new RangeError(`graceFactor must be at least 1, not ${graceFactor}`);
  }
  return {
    logger: options.logger ?? silentLogger(),
    store: options.store ?? new MemoryStore(),
    authenticate: options.authenticate,
    authorise: options.authorise,
    admit: options.admit ?? (() => true),
    virtualHosts: options.virtualHosts ?? [],
    deadLetters: deadLetterPolicy(options.deadLetters),
    serverName: options.serverName ?? "ssm",
    heartBeat,
    graceFactor,
    limits: completeLimits(options.limits),
    clock: options.clock ?? systemClock,
    randomId: options.randomId ?? (() => crypto.randomUUID()),
  };
}
