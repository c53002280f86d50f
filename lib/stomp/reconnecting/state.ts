/**
 * How a client that reconnects is doing, for those who want to follow it.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";

/**
 * - `connecting`: it looks for a broker, at first or again
 * - `connected`: a broker has let it in, and all subscriptions are in place
 * - `lost`: the connection ended without being asked to; `connecting` follows,
 *   or `disconnected` when it gives up
 * - `disconnecting`: it finishes what was begun and says goodbye
 * - `disconnected`: it has ended, and nothing follows
 */
export type ClientState =
  | "connecting"
  | "connected"
  | "lost"
  | "disconnecting"
  | "disconnected";

/** A change of state, or the next attempt in state `connecting`. */
export interface StateChange {
  /** The state it is in now. */
  readonly state: ClientState;
  /**
   * `connecting`: why the attempt before failed; `lost`: why the connection
   * ended; `disconnected`: why it gave up, nothing if it was asked to end.
   */
  readonly reason?: SsmError | undefined;
  /** `connected`: the broker's address. */
  readonly remote?: string | undefined;
  /** `connecting`: the pause before the brokers are tried, in ms. */
  readonly waitMs?: number | undefined;
}

/** Tells of changes, to a callback and to any number of loops. */
export class StateFeed {
  readonly #onState: ((change: StateChange) => void) | undefined;
  readonly #loops = new Set<Loop>();
  /** What was told last; nothing before the first attempt. */
  #current: StateChange | undefined;

  constructor(onState: ((change: StateChange) => void) | undefined) {
    this.#onState = onState;
  }

  get current(): ClientState {
    return this.#current?.state ?? "connecting";
  }

  /** A client that leaves is told of nothing but the end. */
  tell(change: StateChange): void {
    if (this.current === "disconnected") return;
    if (this.current === "disconnecting" && change.state !== "disconnected") {
      return;
    }
    this.#current = change;
    for (const loop of this.#loops) loop.add(change);
    this.#onState?.(change);
  }

  /** The state of now, then every change, to the end. */
  async *changes(): AsyncGenerator<StateChange, void, void> {
    const loop = new Loop(this.#current);
    this.#loops.add(loop);
    try {
      for (;;) {
        const change = await loop.next();
        yield change;
        if (change.state === "disconnected") return;
      }
    } finally {
      this.#loops.delete(loop);
    }
  }
}

/** Changes that a loop which does not keep up may miss, the oldest first. */
const MAX_WAITING = 100;

/** The changes that one loop has not seen yet. */
class Loop {
  readonly #waiting: StateChange[];
  #wake: (() => void) | undefined;

  constructor(first: StateChange | undefined) {
    this.#waiting = first === undefined ? [] : [first];
  }

  add(change: StateChange): void {
    this.#waiting.push(change);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#wake?.();
  }

  async next(): Promise<StateChange> {
    for (;;) {
      const change = this.#waiting.shift();
      if (change !== undefined) return change;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
