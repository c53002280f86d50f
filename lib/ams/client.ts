/**
 * A client of the ARGO Messaging Service.
 *
 * @module
 */
import { quoted, SsmError } from "../errors.ts";
import { AmsError, isAmsError } from "./call/ams_error.ts";
import type { AmsCall } from "./call/call.ts";
import { type Place, placeWords } from "./call/hints.ts";
import { countField, listField, textField } from "./call/json.ts";
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
import { AmsSession, type AmsStatistics } from "./session.ts";

const MIB = 1 << 20;
/** A pull of few messages takes this much: nothing keeps a message from being far larger than the usual limit. */
const MIN_PULL_BYTES = 48 * MIB;
/** A message at the largest limit of the service has about 2 million bytes in an answer. */
const PULL_BYTES_EACH = 2 * MIB;

/** The offsets of a subscription; {@linkcode current} to {@linkcode max} wait to be pulled. */
export interface AmsOffsets {
  /** The oldest message that is still kept. */
  readonly min: bigint;
  /** The offset that the next published message gets. */
  readonly max: bigint;
  /** The next message to be pulled. */
  readonly current: bigint;
}

/** What AMS knows of a subscription. */
export interface AmsSubscriptionFacts {
  /** `projects/P/topics/T`. */
  readonly topic: string;
  /** Time from a pull to its acknowledgement, in ms. */
  readonly ackDeadlineMs: number;
}

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
  readonly #session: AmsSession;

  /**
   * Makes a client; it connects, and asks for a token, at the first call.
   *
   * @throws {SsmError} `CONFIG` when the environment names a proxy that cannot be used
   */
  constructor(options: AmsClientOptions) {
    this.#options = options;
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
    const place = this.#place("topic", topic);
    const action = `publish to ${placeWords(place)}`;
    for (const message of messages) refuseUnsafe(message, action);
    if (messages.length === 0) return [];
    const call: AmsCall = {
      ...{ verb: "publish", action, place, method: "POST" },
      path: `${this.#path(place)}:publish`,
      body: publishBody(messages),
      largestBytes: Math.max(...messages.map(storedSize)),
      repeatable: false,
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
   * @returns empty when none waits
   */
  async pull(
    subscription: string,
    max: number,
    signal?: AbortSignal,
  ): Promise<readonly PulledMessage[]> {
    const call: AmsCall = {
      ...this.#about("pull", "pull from", subscription, ":pull"),
      // Texts: the service takes neither a number nor a boolean. "false" would
      // hold up every subscription of the topic until so many messages are there.
      body: JSON.stringify({
        maxMessages: String(max),
        returnImmediately: "true",
      }),
      maxAnswerBytes: this.#options.maxAnswerBytes ??
        Math.max(MIN_PULL_BYTES, max * PULL_BYTES_EACH),
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
      ...this.#about(
        "acknowledge",
        "acknowledge a message of",
        subscription,
        ":acknowledge",
      ),
      body: JSON.stringify({ ackIds: [ackId] }),
      repeatable: false,
    };
    await this.#session.ask(call, signal, () => true);
  }

  /** Where a subscription stands. Not every token may ask: then it is `forbidden`. */
  async offsets(
    subscription: string,
    signal?: AbortSignal,
  ): Promise<AmsOffsets> {
    const call: AmsCall = {
      ...this.#about("look", "read the offsets of", subscription, ":offsets"),
      method: "GET",
    };
    return await this.#session.ask(call, signal, (value) => {
      const min = countField(value, "min");
      const max = countField(value, "max");
      const current = countField(value, "current");
      return min === undefined || max === undefined || current === undefined
        ? undefined
        : { min, max, current };
    }, "no offsets");
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
      ...this.#about(
        "move",
        `move to offset ${offset} of`,
        subscription,
        ":modifyOffset",
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
    const call: AmsCall = {
      ...this.#about("look", "look at", name, ""),
      method: "GET",
    };
    return await this.#session.ask(call, signal, (value) => {
      const topic = textField(value, "topic");
      const seconds = countField(value, "ackDeadlineSeconds");
      return topic === undefined || seconds === undefined
        ? undefined
        : { topic, ackDeadlineMs: Number(seconds) * 1000 };
    }, "no subscription");
  }

  /** Whether there is such a topic; throws when there is none, or it may not be seen. */
  async topic(name: string, signal?: AbortSignal): Promise<void> {
    const place = this.#place("topic", name);
    await this.#session.ask(
      this.#look(`look at ${placeWords(place)}`, place, this.#path(place)),
      signal,
      () => true,
    );
  }

  /** Whose token it is, and what that user may do: the best check of a token. */
  async profile(signal?: AbortSignal): Promise<AmsProfile> {
    const place = this.#place("user");
    const call = this.#look(
      "read the profile of the user",
      place,
      "/v1/users/profile",
    );
    return await this.#session.ask(call, signal, readProfile);
  }

  /** The service's version; needs no token. */
  async version(signal?: AbortSignal): Promise<string> {
    const place = this.#place("service");
    const call = this.#look("read the version of AMS", place, "/v1/version");
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

  #place(what: Place["what"], name?: string): Place {
    const { project, credential } = this.#options;
    return { project, what, name, credential: credential.kind };
  }

  #path({ project, what, name = "" }: Place): string {
    return `/v1/projects/${encodeURIComponent(project)}/${what}s/${
      encodeURIComponent(name)
    }`;
  }

  /** A call about a subscription. */
  #about(
    verb: AmsCall["verb"],
    action: string,
    subscription: string,
    suffix: string,
  ): AmsCall {
    const place = this.#place("subscription", subscription);
    return {
      ...{ verb, place, method: "POST", repeatable: true },
      action: `${action} ${placeWords(place)}`,
      path: `${this.#path(place)}${suffix}`,
    };
  }

  /** A call that changes nothing. */
  #look(action: string, place: Place, path: string): AmsCall {
    return {
      ...{ verb: "look", action, place, path },
      ...{ method: "GET", repeatable: true },
    };
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
