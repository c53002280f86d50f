/**
 * Messages that wait for a consumer, in their order of arrival.
 *
 * @module
 */
import type { Message } from "../message/message.ts";

/** A message's place in a backlog. */
export interface Entry {
  /** Its number in the order of arrival. */
  readonly sequence: number;
  /** As {@linkcode Message.size}. */
  readonly size: number;
  /** How many times it has been delivered so far. */
  deliveries: number;
  /** How many of these deliveries came to nothing through the client: refused, or its end. */
  failures: number;
  /** As {@linkcode Message.expires}. */
  readonly expires?: number | undefined;
  /** The store keeps it, and has to be told when it is done with. */
  readonly stored: boolean;
  /** The content; may have to be read from the store. */
  readonly message: Message;
  /** It is done with; for what no store keeps. May be said more than once. */
  release?(): void;
}

/**
 * New messages come in at the end, and taken ones come back to where they were.
 *
 * Whatever was taken is older than all that was never taken, so two lists do:
 * `#returned` is always served before `#fresh`.
 */
export class Backlog {
  /** Never taken yet; those before `#head` are gone. */
  #fresh: (Entry | undefined)[] = [];
  #head = 0;
  /** Taken and given back, the oldest at the end. */
  #returned: Entry[] = [];

  /** How many messages wait. */
  get length(): number {
    return this.#fresh.length - this.#head + this.#returned.length;
  }

  /** Adds a message that is newer than all before it. */
  push(entry: Entry): void {
    this.#fresh.push(entry);
  }

  /** Puts messages that were taken back to where they were. */
  giveBack(entries: Iterable<Entry>): void {
    for (const entry of entries) this.#returned.push(entry);
    this.#returned.sort((a, b) => b.sequence - a.sequence);
  }

  /** The oldest message, which stays. */
  peek(): Entry | undefined {
    return this.#returned.at(-1) ?? this.#fresh[this.#head];
  }

  /** The oldest message behind that number, which stays. */
  after(sequence: number): Entry | undefined {
    const returned = this.#returned;
    const old = bisect(
      0,
      returned.length,
      (n) => returned[n]!.sequence <= sequence,
    );
    if (old > 0) return returned[old - 1];
    const fresh = this.#fresh;
    return fresh[
      bisect(this.#head, fresh.length, (n) => fresh[n]!.sequence > sequence)
    ];
  }

  /** Takes the oldest message. */
  take(): Entry | undefined {
    return this.#returned.pop() ?? this.#shift();
  }

  /** Whether any message that waits can expire. */
  get expiring(): boolean {
    const can = (entry?: Entry) => entry?.expires !== undefined;
    return this.#returned.some(can) || this.#fresh.some(can);
  }

  /** Takes all messages for which `unwanted` says so, in order. */
  takeAll(unwanted: (entry: Entry) => boolean): Entry[] {
    const taken: Entry[] = [];
    const stays = (entry: Entry) => {
      if (!unwanted(entry)) return true;
      taken.push(entry);
      return false;
    };
    this.#returned = this.#returned.reverse().filter(stays).reverse();
    this.#fresh = this.#fresh.slice(this.#head)
      .filter((entry) => stays(entry!));
    this.#head = 0;
    return taken;
  }

  #shift(): Entry | undefined {
    if (this.#head === this.#fresh.length) return undefined;
    const entry = this.#fresh[this.#head];
    this.#fresh[this.#head++] = undefined;
    // Cut off the empty head once it is most of the array: constant cost per message.
    if (this.#head > 1024 && this.#head * 2 > this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}

/** The first of these indices that passes a test which all behind it pass, too; `to` if none does. */
function bisect(
  from: number,
  to: number,
  passes: (index: number) => boolean,
): number {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (passes(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
