/**
 * What becomes of messages that nobody can deal with: they leave their queue
 * after so many failures, or when a client says so, and are kept in another, for
 * somebody to look at.
 *
 * A failure is a NACK, or the loss of a client that had the message in hand as
 * its oldest. What a client merely had been sent ahead when it was lost, or
 * holds when it says goodbye, has not failed.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Entry } from "./backlog.ts";
import type { Counters } from "../limits/counters.ts";
import { type Destination, parseDestination } from "../message/destination.ts";
import { deadLetter } from "../message/message.ts";
import { quote } from "../message/refusal.ts";
import type { Store } from "../store/store.ts";
import type { EntryMetadata } from "./stored_entry.ts";

/** When a message counts as dead, and where it goes then. */
export interface DeadLetterOptions {
  /** How often a message that failed is delivered again. @default 5 */
  readonly maxRedeliveries?: number | undefined;
  /** The queue that takes it after that. @default "/queue/DLQ" */
  readonly destination?: string | undefined;
}

/** When a message is dead, and where it goes then. */
export interface DeadLetterPolicy {
  /** How often a message is delivered again; the next failure is its last. */
  readonly maxRedeliveries: number;
  /** Full name of the queue that takes the dead ones. */
  readonly path: string;
}

/** Completes the options. @throws {RangeError}, {SsmError} `STOMP_PROTOCOL` for what cannot be. */
export function deadLetterPolicy(
  options: DeadLetterOptions | false = {},
): DeadLetterPolicy | undefined {
  if (options === false) return undefined;
  const { maxRedeliveries = 5, destination = "/queue/DLQ" } = options;
  if (!Number.isSafeInteger(maxRedeliveries) || maxRedeliveries < 0) {
    throw new RangeError(
      `maxRedeliveries must be a whole number, not ${maxRedeliveries}`,
    );
  }
  const { kind, path } = parseDestination(destination);
  if (kind !== "queue") {
    throw new RangeError(`${destination} cannot be the queue of dead letters`);
  }
  return { maxRedeliveries, path };
}

/** What the keeper of dead letters works with. */
export interface DeadLettersOptions {
  /** Without it messages are redelivered for ever. */
  readonly deadLetters: DeadLetterPolicy | undefined;
  readonly store: Store;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Name of the virtual host. */
  readonly host: string;
  readonly nextSequence: () => number;
}

/** Moves messages to the queue of dead letters. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** Tells whether what is dead in that place is kept at all. */
  keeps({ kind, path }: Destination): boolean {
    const { deadLetters } = this.#options;
    return deadLetters !== undefined && path !== deadLetters.path &&
      (kind === "queue" || kind === "subscriber");
  }

  /** Tells whether a message that failed is not to be delivered again. */
  claims(destination: Destination, { failures }: Entry): boolean {
    return this.keeps(destination) &&
      failures > this.#options.deadLetters!.maxRedeliveries;
  }

  /**
   * Moves a message, in the store; does not throw.
   *
   * @param why for the log, and for the administrator who looks at the message
   * @returns where it is now, or `undefined` if it could not be moved.
   */
  async move(
    from: Destination,
    entry: Entry,
    why = `${entry.failures} deliveries failed`,
  ): Promise<
    { destination: Destination; metadata: EntryMetadata } | undefined
  > {
    const { store, logger, host, counters, nextSequence } = this.#options;
    const { path } = this.#options.deadLetters!;
    try {
      const sequence = nextSequence();
      const message = deadLetter(entry.message, {
        destination: path,
        reason: why,
      });
      const stored = {
        sequence,
        queue: host + path,
        durable: message.persistent,
        message,
      };
      await store.apply([
        { kind: "append", stored },
        { kind: "remove", sequence: entry.sequence },
      ]);
      counters.messagesDead++;
      logger.warning(
        `Moved message ${message.id} of ${quote(from.path)} to ${path}: ${why}`,
      );
      const { size } = message;
      const { deliveries } = entry;
      return {
        destination: { kind: "queue", path },
        metadata: { sequence, size, deliveries, expires: undefined },
      };
    } catch (error) {
      logger.error(
        `Cannot move a message of ${quote(from.path)} to ${path}: ${
          reason(error)
        }`,
      );
      return undefined;
    }
  }
}
