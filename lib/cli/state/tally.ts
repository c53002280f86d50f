/**
 * Counts what becomes of messages while a process works.
 *
 * @module
 */
import type { LogRecord } from "../../log/mod.ts";
import type { Clock } from "../../time/mod.ts";
import {
  type Count,
  COUNTED,
  type LoggedError,
  minuteOf,
  type Outcome,
  type Role,
  type RunState,
  type Unsent,
} from "./run_state.ts";

/** Settings of a {@linkcode Tally}. */
export interface TallyOptions {
  readonly role: Role;
  readonly clock: Clock;
  /** Called after each change. */
  readonly onChange: () => void;
}

/** What a tally knows of a run. */
export type Tallied = Pick<
  RunState,
  "connected_to" | "connected_since" | "counts" | "last_error" | "unsent"
>;

/** Files that are named; and characters of a text that are kept of what others may have written. */
const MAX_UNSENT = 100;
const MAX_TEXT = 500;

/** How the log marks what to do about an error. */
const HINT = "Hint: ";

/** Counts, and remembers the last of what matters. */
export class Tally {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #counters: ReadonlyMap<Outcome, Counter>;
  readonly #unsent = new Map<string, string>();
  /** What each connection is connected to. */
  readonly #connected = new Map<symbol, { to: string; since: string }>();
  #lastError: LoggedError | null = null;

  constructor({ role, clock, onChange }: TallyOptions) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#counters = new Map(
      COUNTED[role].map((name) => [name, new Counter()]),
    );
  }

  /** Something happened once more. */
  count(outcome: Outcome): void {
    this.#counters.get(outcome)?.add(this.#clock.date());
    this.#onChange();
  }

  /** A file of outgoing was sent. */
  sent(id: string): void {
    this.#unsent.delete(id);
    this.count("sent");
  }

  /** A file of outgoing could not be sent. */
  notSent(id: string, reason: string): void {
    // The latest are kept.
    this.#unsent.delete(id);
    this.#unsent.set(id, shortened(reason));
    const [oldest] = this.#unsent.keys();
    if (this.#unsent.size > MAX_UNSENT) this.#unsent.delete(oldest!);
    this.count("failed");
  }

  /**
   * A connection that the process keeps up: what is returned is told what it is
   * connected to, and nothing when that has ended.
   */
  connection(): (to: string | undefined) => void {
    const key = Symbol();
    return (to) => {
      if (this.#connected.get(key)?.to === to) return;
      this.#connected.delete(key);
      const since = this.#clock.date().toISOString();
      if (to !== undefined) this.#connected.set(key, { to, since });
      this.#onChange();
    };
  }

  /** Hears the log. */
  hear({ time, level, message }: LogRecord): void {
    if (level !== "ERROR" && level !== "CRITICAL") return;
    const text = shortened(message);
    this.#lastError = this.#lastError && text.startsWith(HINT)
      ? { ...this.#lastError, hint: text.slice(HINT.length) }
      : { time: time.toISOString(), text, hint: null };
    this.#onChange();
  }

  /** As of now. */
  get state(): Tallied {
    const counts: Partial<Record<Outcome, Count>> = {};
    for (const [name, counter] of this.#counters) {
      counts[name] = counter.state(this.#clock.date());
    }
    const [connected] = this.#connected.values();
    return {
      connected_to: connected?.to ?? null,
      connected_since: connected?.since ?? null,
      counts,
      last_error: this.#lastError,
      unsent: Array.from(this.#unsent, ([id, reason]): Unsent => ({
        ...{ id, reason },
      })),
    };
  }
}

/** How often, and when. */
class Counter {
  readonly #minutes = new Map<number, number>();
  #total = 0;
  #last: string | null = null;

  add(now: Date): void {
    const minute = minuteOf(now);
    this.#total++;
    this.#last = now.toISOString();
    this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + 1);
    if (this.#minutes.size > 60) this.#forget(minute);
  }

  #forget(now: number): void {
    for (const minute of this.#minutes.keys()) {
      if (minute <= now - 60) this.#minutes.delete(minute);
    }
  }

  state(now: Date): Count {
    this.#forget(minuteOf(now));
    return {
      total: this.#total,
      last: this.#last,
      minutes: [...this.#minutes],
    };
  }
}

function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
