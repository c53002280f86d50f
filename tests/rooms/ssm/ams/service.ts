/**
 * A messaging service in memory: one topic with one subscription.
 *
 * It keeps offsets, windows and acknowledgements as the real one does, and does what a
 * real one does only on a bad day when a test says so.
 *
 * @module
 */
import {
  AmsError,
  type AmsErrorKind,
  type AmsMessage,
  type AmsOffsets,
  type PulledMessage,
} from "../../../../lib/ams/mod.ts";
import type { AmsSubscription, AmsTopic } from "../../../../lib/ssm/mod.ts";
import type { Clock } from "../../../../lib/time/mod.ts";
import { bytes } from "../../../kit/text.ts";

/** A call, as the service sees it. */
export interface Call {
  readonly name: "publish" | "pull" | "acknowledge" | "moveOffset";
  /** What was asked: the texts of messages, a number of messages, an offset. */
  readonly asked: readonly string[] | number | bigint;
}

/** Is told of a call before it is answered; what it throws is the answer. */
type Before = (call: Call) => void | Promise<void>;

/** A stored message. */
type Stored = Omit<PulledMessage, "offset" | "ackId" | "messageId">;

export class Service {
  readonly calls: Call[] = [];
  /** All there ever was, the first with the offset 0. */
  readonly stored: Stored[] = [];
  /** Offsets of messages that cannot be read. */
  readonly brokenOffsets = new Set<bigint>();
  before: Before = () => {};
  /** Is told when a call was done and is about to be answered. */
  after: Before = () => {};
  min = 0n;
  current = 0n;
  deadlineMs = 10_000;
  mayReadOffsets = true;
  mayMoveOffset = true;
  /** Clients that are not closed. */
  open = 0;
  readonly #clock: Clock;
  /** The pull that an acknowledgement is waited for of. */
  #window: { end: bigint; at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asked for what, in order, of calls with that name. */
  asked(name: Call["name"]): Call["asked"][] {
    return this.calls.filter((call) => call.name === name)
      .map(({ asked }) => asked);
  }

  /** Stores messages as a publisher without fault. */
  put(...texts: string[]): void {
    for (const text of texts) {
      this.store({ data: bytes(text), attributes: { empaid: `id/${text}` } });
    }
  }

  store({ data, attributes }: AmsMessage): bigint {
    return this.keep({
      attributes: new Map(Object.entries(attributes)),
      data: { bytes: data },
    });
  }

  keep(message: Omit<Stored, "publishTime">): bigint {
    const second = String(this.stored.length).padStart(9, "0");
    this.stored.push({
      ...message,
      publishTime: `2026-11-28T00:00:00.${second}Z`,
    });
    return BigInt(this.stored.length - 1);
  }

  get max(): bigint {
    return BigInt(this.stored.length);
  }

  topic(): AmsTopic {
    this.open++;
    return {
      publish: async (messages) => {
        const texts = messages.map(({ data }) =>
          new TextDecoder().decode(data)
        );
        await this.#call("publish", texts);
        const ids = messages.map((message) => `${this.store(message)}`);
        await this.after({ name: "publish", asked: texts });
        return ids;
      },
      [Symbol.asyncDispose]: () => this.#close(),
    };
  }

  subscription(): AmsSubscription {
    this.open++;
    return {
      pull: (max) => this.#pull(max),
      acknowledge: (ackId) => this.#acknowledge(ackId),
      offsets: () => Promise.resolve(this.#offsets()),
      moveOffset: (offset) => this.#moveOffset(offset),
      show: () => Promise.resolve({ ackDeadlineMs: this.deadlineMs }),
      [Symbol.asyncDispose]: () => this.#close(),
    };
  }

  async #call(name: Call["name"], asked: Call["asked"]): Promise<void> {
    this.calls.push({ name, asked });
    await this.before({ name, asked });
  }

  async #pull(max: number): Promise<readonly PulledMessage[]> {
    await this.#call("pull", max);
    if (this.current < this.min) this.current = this.min;
    const start = this.current;
    const found = this.stored.slice(Number(start), Number(start) + max);
    const end = start + BigInt(found.length);
    for (let offset = start; offset < end; offset++) {
      if (this.brokenOffsets.has(offset)) throw amsError("broken record", 500);
    }
    this.#window = { end, at: this.#clock.now() };
    return found.map((message, index) => {
      const offset = start + BigInt(index);
      return {
        ...message,
        offset,
        ackId: `projects/P/subscriptions/S:${offset}`,
        messageId: `${offset}`,
      };
    });
  }

  async #acknowledge(ackId: string): Promise<void> {
    const offset = BigInt(ackId.slice(ackId.lastIndexOf(":") + 1));
    await this.#call("acknowledge", offset);
    const window = this.#window;
    if (!window) throw amsError("not pending", 500, "no ack pending");
    if (offset + 1n <= this.current || offset + 1n > window.end) {
      throw amsError("not pending", 500, "wrong ack");
    }
    const seconds = Math.floor((this.#clock.now() - window.at) / 1000);
    if (seconds > this.deadlineMs / 1000) {
      throw amsError("not pending", 408, "ack timeout");
    }
    this.#window = undefined;
    this.current = offset + 1n;
    await this.after({ name: "acknowledge", asked: offset });
  }

  #offsets(): AmsOffsets {
    if (!this.mayReadOffsets) throw amsError("forbidden", 403);
    return { min: this.min, max: this.max, current: this.current };
  }

  async #moveOffset(offset: bigint): Promise<void> {
    await this.#call("moveOffset", offset);
    if (!this.mayMoveOffset) throw amsError("forbidden", 403);
    this.current = offset;
    // The real one does so, too: it moves first, and finds fault then.
    if (offset > this.max) throw amsError("invalid", 400);
  }

  #close(): Promise<void> {
    this.open--;
    return Promise.resolve();
  }
}

/** What the client throws for an answer of that kind. */
export function amsError(
  kind: AmsErrorKind,
  status: number,
  words: string = kind,
  options: { readonly hint?: string; readonly retryAfterMs?: number } = {},
): AmsError {
  return new AmsError(kind, `Cannot ask the service: ${words}`, {
    status,
    ...options,
  });
}
