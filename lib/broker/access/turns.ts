/**
 * Which client is served next, where serving one is expensive and only one is
 * served at a time.
 *
 * Clients that guess passcodes must not keep out clients that know theirs: an
 * address from which many attempts failed comes last, no address may fill the
 * line, and a client that is gone by its turn costs nothing.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { overLimit } from "../message/refusal.ts";
import { addressGroup } from "./addresses.ts";

/** About what is served within the time a client waits for its answer. */
const MAX_WAITING = 100;
/** Of one address: many clients may come from behind one, but not all there are. */
const MAX_WAITING_OF_ADDRESS = 32;
/** How long a failure counts, in milliseconds. */
const FAILURES_MS = 600_000;
/** Addresses whose failures are remembered. */
const MAX_ADDRESSES = 10_000;

/** A client that wants to be served. */
export interface Waiter {
  /** Its address, `host:port`. */
  readonly remote: string;
  /** Aborted when the client is gone. */
  readonly signal?: AbortSignal | undefined;
}

/** A client in the line. */
interface Place {
  readonly address: string;
  /** It is served now. */
  readonly begin: () => void;
  /** It leaves the line without being served. */
  readonly refuse: (error: SsmError) => void;
}

/** A line that serves one after the other. */
export class Turns {
  readonly #clock: Clock;
  readonly #waiting = new Set<Place>();
  /** How often what came from an address failed; the last that did comes last. */
  readonly #failures = new Map<string, { count: number; at: number }>();
  #busy = false;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Does `work` when it is this client's turn: at once if nobody is served.
   * The outcome `false` counts as a failure of its address.
   *
   * @throws {SsmError} `LIMIT` when too many wait already, `ABORTED` when the
   *   client is gone before its turn; and what `work` throws.
   */
  async take(
    { remote, signal }: Waiter,
    work: () => Promise<boolean>,
  ): Promise<boolean> {
    const address = addressGroup(remote);
    if (this.#busy) await this.#wait(address, signal);
    this.#busy = true;
    try {
      const done = await work();
      if (!done) this.#fail(address);
      return done;
    } finally {
      this.#passOn();
    }
  }

  async #wait(address: string, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw gone();
    this.#makeRoom(address);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place = { address, begin: resolve, refuse: reject };
    this.#waiting.add(place);
    const leave = () => this.#refuse(place, gone());
    signal?.addEventListener("abort", leave);
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  /** The next begins; until then the place counts as taken, so that nobody gets in between. */
  #passOn(): void {
    let next: Place | undefined;
    for (const place of this.#waiting) {
      if (next && this.#rank(place.address) >= this.#rank(next.address)) {
        continue;
      }
      next = place;
    }
    if (next === undefined) {
      this.#busy = false;
      return;
    }
    this.#waiting.delete(next);
    next.begin();
  }

  /** @throws {SsmError} `LIMIT` when there is no room for one more of that address */
  #makeRoom(address: string): void {
    if (this.#waitingOf(address) >= MAX_WAITING_OF_ADDRESS) throw crowded();
    if (this.#waiting.size < MAX_WAITING) return;
    let last: Place | undefined;
    for (const place of this.#waiting) {
      if (last && this.#rank(place.address) < this.#rank(last.address)) {
        continue;
      }
      last = place;
    }
    if (!last || this.#rank(last.address) <= this.#rank(address)) {
      throw crowded();
    }
    this.#refuse(last, crowded());
  }

  #refuse(place: Place, error: SsmError): void {
    if (this.#waiting.delete(place)) place.refuse(error);
  }

  /** The higher, the later: failures count first, then how many wait already. */
  #rank(address: string): number {
    return this.#failuresOf(address) * MAX_WAITING + this.#waitingOf(address);
  }

  #waitingOf(address: string): number {
    let count = 0;
    for (const place of this.#waiting) if (place.address === address) count++;
    return count;
  }

  #failuresOf(address: string): number {
    const known = this.#failures.get(address);
    if (known === undefined) return 0;
    return this.#clock.now() - known.at > FAILURES_MS ? 0 : known.count;
  }

  #fail(address: string): void {
    const count = this.#failuresOf(address) + 1;
    this.#failures.delete(address);
    this.#failures.set(address, { count, at: this.#clock.now() });
    if (this.#failures.size <= MAX_ADDRESSES) return;
    const [oldest] = this.#failures.keys();
    this.#failures.delete(oldest!);
  }
}

function gone(): SsmError {
  return new SsmError("ABORTED", "Cannot log in: the client did not wait");
}

function crowded(): SsmError {
  return overLimit("Cannot log in: too many others do; try again later");
}
