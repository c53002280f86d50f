/**
 * A client of the ARGO Messaging Service.
 *
 * @module
 */
import { quoted, SsmError } from "../errors.ts";
import { AmsError, isAmsError } from "./call/ams_error.ts";
import type { AmsCall } from "./call/call.ts";
import { AmsCalls } from "./call/calls.ts";
import { listField, textField } from "./call/json.ts";
import {
  type AmsMessage,
  publishBody,
  storedSize,
  unsafeAttributes,
} from "./message/message.ts";
import type { AmsClientOptions } from "./options.ts";
import { type AmsProfile, readProfile } from "./user/profile.ts";
import {
  type PulledMessage,
  readPulledMessage,
} from "./message/pulled_message.ts";
import {
  type AmsOffsets,
  type AmsSubscriptionFacts,
  readOffsets,
  readSubscription,
} from "./message/subscription_facts.ts";
import { AmsSession, type AmsStatistics } from "./session.ts";

const MIB = 1 << 20;
/** What a pull takes, however many messages are asked for: it is in memory as a whole. */
const PULL_BYTES = 64 * MIB;
/** What is around the base64 of a message's data. */
const AROUND_BYTES = MIB;
/** No text of the runtime is much longer. */
const MAX_TEXT_BYTES = 500 * MIB;

const PUBLISH = ["publish", "publish to", ":publish"] as const;
const PULL = ["pull", "pull from", ":pull"] as const;
const ACKNOWLEDGE = [
  "acknowledge",
  "acknowledge a message of",
  ":acknowledge",
] as const;
const OFFSETS = ["look", "read the offsets of", ":offsets"] as const;
const LOOK = ["look", "look at", ""] as const;

/**
 * Publishes to topics and pulls from subscriptions of one project.
 *
 * Each method makes one attempt, and one more with a new token when the old one
 * is refused. It throws an {@linkcode AmsError} for what the service says, and
 * `SsmError` with `CONNECT`, `TLS`, `TRUST`, `TIMEOUT`, `CONNECTION_LOST` or
 * `ABORTED` when there is no answer. After `TIMEOUT` and `CONNECTION_LOST` the
 * service may have done what was asked.
 */
export class AmsClient implements AsyncDisposable {
  readonly #options: AmsClientOptions;
  readonly #calls: AmsCalls;
  readonly #session: AmsSession;

  /**
   * Makes a client; it connects, and asks for a token, at the first call.
   *
   * @throws {SsmError} `CONFIG` when the environment names a proxy that cannot be used
   */
  constructor(options: AmsClientOptions) {
    this.#options = options;
    this.#calls = new AmsCalls(options.project, options.credential.kind);
    this.#session = new AmsSession(options);
  }

  /** What was done so far. */
  get statistics(): AmsStatistics {
    return this.#session.statistics;
  }

  /**
   * How much the service's clock is ahead of ours, in ms, by its last answer, which
   * has whole seconds; `undefined` before the first answer, or when it bears no date.
   */
  get aheadMs(): number | undefined {
    return this.#session.aheadMs;
  }

  /**
   * Publishes messages, in order. Not atomic: when it fails, some at the start
   * may be stored.
   *
   * @returns the id of each message. Two publishers may get the same.
   * @throws {SsmError} `LIMIT` when an attribute would poison every subscription
   */
  async publish(
    topic: string,
    messages: readonly AmsMessage[],
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const to = this.#calls.about("topic", topic, PUBLISH);
    for (const message of messages) refuseUnsafe(message, to.action);
    if (messages.length === 0) return [];
    const call: AmsCall = {
      ...to,
      body: publishBody(messages),
      largestBytes: Math.max(...messages.map(storedSize)),
    };
    return await this.#session.ask(call, signal, (value) => {
      const ids = listField(value, "messageIds");
      return ids?.length === messages.length ? ids.map(String) : undefined;
    }, `no id for each of ${messages.length} messages`);
  }

  /**
   * Pulls messages that wait; does not wait for any. Each pull takes the
   * subscription's turn: only the last pull can be acknowledged.
   *
   * @param max most messages; the answer may hold fewer though more wait
   * @throws {AmsError} `answer too long`: ask for fewer, or the next message is
   * larger than `maxMessageBytes`
   * @returns empty when none waits
   */
  async pull(
    subscription: string,
    max: number,
    signal?: AbortSignal,
  ): Promise<readonly PulledMessage[]> {
    const call: AmsCall = {
      ...this.#calls.about("subscription", subscription, PULL),
      // Texts: the service takes neither a number nor a boolean. "false" would
      // hold up every subscription of the topic until so many messages are there.
      body: JSON.stringify({
        maxMessages: String(max),
        returnImmediately: "true",
      }),
      maxAnswerBytes: this.#options.maxAnswerBytes ??
        longestPull(max, this.#options.maxMessageBytes),
    };
    return await this.#session.ask(
      call,
      signal,
      (value) => listField(value, "receivedMessages")?.map(readPulledMessage),
      "no list of messages",
    );
  }

  /**
   * Acknowledges a message of the last pull, and all before it.
   *
   * @throws {AmsError} `not pending` when it is too late, or another pull came
   * between, or it was acknowledged before
   */
  async acknowledge(
    subscription: string,
    ackId: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const call: AmsCall = {
      ...this.#calls.about("subscription", subscription, ACKNOWLEDGE),
      body: JSON.stringify({ ackIds: [ackId] }),
    };
    await this.#session.ask(call, signal, () => true);
  }

  /** Where a subscription stands. Not every token may ask: then it is `forbidden`. */
  async offsets(
    subscription: string,
    signal?: AbortSignal,
  ): Promise<AmsOffsets> {
    const call = this.#calls.about("subscription", subscription, OFFSETS);
    return await this.#session.ask(call, signal, readOffsets, "no offsets");
  }

  /**
   * Goes on with another message. An offset out of bounds is refused without
   * asking, because the service would take it all the same, and be silent for ever.
   *
   * @throws {AmsError} `invalid` when the offset is out of bounds
   */
  async moveOffset(
    subscription: string,
    offset: bigint,
    signal?: AbortSignal,
  ): Promise<void> {
    const call: AmsCall = {
      ...this.#calls.about(
        "subscription",
        subscription,
        ["move", `move to offset ${offset} of`, ":modifyOffset"],
      ),
      // Beyond 2^53 JSON.stringify would write another number.
      body: `{"offset":${offset}}`,
    };
    const known = await this.#offsetsIfAllowed(subscription, signal);
    if (known && (offset < known.min || offset > known.max)) {
      throw new AmsError(
        "invalid",
        `Cannot ${call.action}: only ${known.min} to ${known.max} are there`,
      );
    }
    await this.#session.ask(call, signal, () => true);
  }

  /** What AMS knows of a subscription. */
  async subscription(
    name: string,
    signal?: AbortSignal,
  ): Promise<AmsSubscriptionFacts> {
    const call = this.#calls.about("subscription", name, LOOK);
    return await this.#session.ask(
      call,
      signal,
      readSubscription,
      "no subscription",
    );
  }

  /** Whether there is such a topic; throws when there is none, or it may not be seen. */
  async topic(name: string, signal?: AbortSignal): Promise<void> {
    const call = this.#calls.about("topic", name, LOOK);
    await this.#session.ask(call, signal, () => true);
  }

  /** Whose token it is, and what that user may do: the best check of a token. */
  async profile(signal?: AbortSignal): Promise<AmsProfile> {
    const call = this.#calls.look(
      "read the profile of the user",
      "user",
      "/v1/users/profile",
    );
    return await this.#session.ask(call, signal, readProfile);
  }

  /** The service's version; needs no token. */
  async version(signal?: AbortSignal): Promise<string> {
    const call = this.#calls.look(
      "read the version of AMS",
      "service",
      "/v1/version",
    );
    return await this.#session.ask(
      { ...call, anonymous: true },
      signal,
      (value) => textField(value, "release") ?? textField(value, "version"),
      "no version",
    );
  }

  /** Ends all connections; calls that are under way fail. Idempotent. */
  close(): void {
    this.#session.close();
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #offsetsIfAllowed(
    subscription: string,
    signal: AbortSignal | undefined,
  ): Promise<AmsOffsets | undefined> {
    try {
      return await this.offsets(subscription, signal);
    } catch (error) {
      if (isAmsError(error, "forbidden")) return undefined;
      throw error;
    }
  }
}

function refuseUnsafe(message: AmsMessage, action: string): void {
  const names = unsafeAttributes(message);
  if (names.length === 0) return;
  throw new SsmError(
    "LIMIT",
    `Cannot ${action}: the attribute ${
      quoted(names[0]!)
    } has characters that AMS stores wrongly`,
    { hint: 'Use printable ASCII without " and \\ in attributes.' },
  );
}

/** Only a message that comes alone may need more than the usual. */
function longestPull(messages: number, maxMessageBytes = 0): number {
  if (messages > 1) return PULL_BYTES;
  const needed = Math.ceil(maxMessageBytes / 3) * 4 + AROUND_BYTES;
  return Math.max(PULL_BYTES, Math.min(needed, MAX_TEXT_BYTES));
}
