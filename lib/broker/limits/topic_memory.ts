/**
 * The memory that messages of topics take.
 *
 * Topics are not stored: a message stays in memory as long as one subscriber
 * waits for it or has not acknowledged it. What one client may hold has its
 * limit, and many clients below it would fill the memory, so all of them
 * together have another. When that is reached, clients that are slow and hold
 * much are cut off first, and clients that keep up notice nothing.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { Clock } from "../../stomp/mod.ts";
import type { Message } from "../message/message.ts";
import { overLimit } from "../message/refusal.ts";
import type { BrokerLimits } from "./limits.ts";

/** A message's place among those that one subscriber holds, in bytes; an estimate. */
const PLACE_BYTES = 256;

/** A client with subscriptions to topics, as far as it can be cut off. */
export interface TopicClient {
  /** Ends its connection; what it held is released, except what is on its way out just now, which follows. */
  fail(error: SsmError): void;
}

/** What a {@linkcode TopicMemory} works with. */
export interface TopicMemoryOptions {
  readonly limits: Pick<BrokerLimits, "maxTopicBytes" | "maxAllTopicBytes">;
  readonly clock: Clock;
}

/** What one client holds. */
interface Account {
  bytes: number;
  places: number;
  /** The message it was given last, and in how many places it holds that. */
  newest: Message;
  newestPlaces: number;
  /** When it last was done with a message, or began to hold some. */
  since: number;
}

/** Keeps account of what is held, and cuts off clients that hold too much. */
export class TopicMemory {
  readonly #options: TopicMemoryOptions;
  readonly #accounts = new Map<TopicClient, Account>();
  /** In how many places each message is held. */
  readonly #places = new Map<Message, number>();
  /** Those that hold more than one client may. */
  readonly #over = new Set<TopicClient>();
  #bytes = 0;

  constructor(options: TopicMemoryOptions) {
    this.#options = options;
  }

  /** What is held now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A client is to get a message; said once for each of its subscriptions that it fits. */
  hold(client: TopicClient, message: Message): void {
    const places = this.#places.get(message) ?? 0;
    this.#places.set(message, places + 1);
    this.#bytes += PLACE_BYTES + (places === 0 ? message.size : 0);
    const account = this.#accounts.get(client) ?? this.#open(client, message);
    if (account.newest !== message) {
      account.newest = message;
      account.newestPlaces = 0;
    }
    account.newestPlaces++;
    account.places++;
    account.bytes += PLACE_BYTES + message.size;
    const { maxTopicBytes } = this.#options.limits;
    if (account.bytes > maxTopicBytes) this.#over.add(client);
  }

  /** A client is done with a message in one place; said once for each {@linkcode hold}. */
  release(client: TopicClient, message: Message): void {
    const places = this.#places.get(message)! - 1;
    if (places === 0) this.#places.delete(message);
    else this.#places.set(message, places);
    this.#bytes -= PLACE_BYTES + (places === 0 ? message.size : 0);
    const account = this.#accounts.get(client)!;
    if (account.newest === message) account.newestPlaces--;
    account.places--;
    account.bytes -= PLACE_BYTES + message.size;
    account.since = this.#options.clock.now();
    if (account.places === 0) this.#accounts.delete(client);
  }

  /**
   * Cuts clients off until no more is held than may be. Said after a message was
   * given to everyone. A client that holds that one alone is spared, however large
   * it is: nobody could be quicker.
   */
  bound(newest: Message): void {
    const { maxTopicBytes, maxAllTopicBytes } = this.#options.limits;
    for (const client of this.#over) {
      const bytes = this.#accounts.get(client)?.bytes ?? 0;
      if (bytes <= maxTopicBytes || !this.#holdsOther(client, newest)) {
        continue;
      }
      this.#cutOff(client, `it may hold ${maxTopicBytes} bytes`);
    }
    this.#over.clear();
    const own = this.#places.has(newest) ? newest.size : 0;
    const cutOff = new Set<TopicClient>();
    while (this.#bytes - own > Math.max(0, maxAllTopicBytes - own)) {
      const worst = this.#worst(newest, cutOff);
      if (worst === undefined) return;
      cutOff.add(worst);
      this.#cutOff(
        worst,
        `all clients together may hold ${maxAllTopicBytes} bytes`,
      );
    }
  }

  #open(client: TopicClient, newest: Message): Account {
    const since = this.#options.clock.now();
    const account = { bytes: 0, places: 0, newest, newestPlaces: 0, since };
    this.#accounts.set(client, account);
    return account;
  }

  /** The client that has held most for longest, among those that hold more than the newest message and are not `cutOff`. */
  #worst(
    newest: Message,
    cutOff: ReadonlySet<TopicClient>,
  ): TopicClient | undefined {
    const now = this.#options.clock.now();
    let worst: TopicClient | undefined;
    let most = 0;
    for (const [client, { bytes, since }] of this.#accounts) {
      const weight = bytes * (1 + now - since);
      if (weight <= most || cutOff.has(client)) continue;
      if (!this.#holdsOther(client, newest)) continue;
      worst = client;
      most = weight;
    }
    return worst;
  }

  #holdsOther(client: TopicClient, newest: Message): boolean {
    const account = this.#accounts.get(client);
    if (account === undefined) return false;
    return account.newest !== newest || account.places > account.newestPlaces;
  }

  #cutOff(client: TopicClient, limit: string): void {
    const bytes = this.#accounts.get(client)?.bytes;
    client.fail(
      overLimit(
        `Cannot keep up: ${bytes} bytes of topics wait for this client, and ${limit}`,
      ),
    );
  }
}
