/**
 * What a connection does by the clock: heart-beats, and noticing that nothing
 * moves any more.
 *
 * @module
 */
import type { Clock } from "../../time/mod.ts";
import type { HeartBeat } from "./negotiate.ts";

/** The part of the promised interval after which a heart-beat is sent. */
const SEND_EARLY = 0.75;

/** What is done to a connection by the clock. */
export interface WatchedConnection {
  sendHeartBeat(): void;
  /** Counts the connection as lost. */
  giveUp(why: string): void;
}

/** Told of all that moves on a connection, it acts when nothing does. */
export class LivenessWatch {
  readonly #clock: Clock;
  readonly #watched: WatchedConnection;
  readonly #writeTimeoutMs: number;
  readonly #timers = new Map<string, () => void>();
  #queuedBytes = 0;
  #received = 0;
  #sent = 0;
  #reading = false;
  /** When the peer was last heard of, or we began to listen again. */
  #heardAt = 0;
  /** When something was last given to the network. */
  #wroteAt = 0;
  /** When the network last took something, or was given something while idle. */
  #progressAt = 0;

  /** @param writeTimeoutMs how long queued bytes may not move; 0 is for ever */
  constructor(
    clock: Clock,
    watched: WatchedConnection,
    writeTimeoutMs: number,
  ) {
    this.#clock = clock;
    this.#watched = watched;
    this.#writeTimeoutMs = writeTimeoutMs;
  }

  /** Bytes queued and not yet sent. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes received and sent so far. */
  get traffic(): { received: number; sent: number } {
    return { received: this.#received, sent: this.#sent };
  }

  /** A read began: from now on silence is the peer's. */
  listening(): void {
    this.#heardAt = this.#clock.now();
    this.#reading = true;
  }

  /** A read ended. */
  heard(bytes: number): void {
    this.#heardAt = this.#clock.now();
    this.#reading = false;
    this.#received += bytes;
  }

  /** Bytes are waiting to be sent. */
  queued(bytes: number): void {
    this.#wroteAt = this.#clock.now();
    if (this.#queuedBytes === 0) this.#progressAt = this.#wroteAt;
    this.#queuedBytes += bytes;
    if (this.#writeTimeoutMs > 0 && !this.#timers.has("stall")) {
      this.#watchStall();
    }
  }

  /** Queued bytes were sent. */
  sent(bytes: number): void {
    this.#progressAt = this.#clock.now();
    this.#queuedBytes -= bytes;
    this.#sent += bytes;
  }

  /**
   * Sends and expects heart-beats from now on.
   *
   * @param graceFactor how many intervals of silence are forgiven
   */
  startHeartBeats(
    { sendMs, receiveMs }: HeartBeat,
    graceFactor: number,
  ): void {
    if (!(graceFactor >= 1)) {
      throw new RangeError(
        `graceFactor must be at least 1, not ${graceFactor}`,
      );
    }
    this.#wroteAt = this.#heardAt = this.#clock.now();
    if (sendMs > 0) this.#sendHeartBeat(sendMs * SEND_EARLY);
    if (receiveMs > 0) this.#expectHeartBeat(receiveMs * graceFactor);
  }

  /** Calls `callback` once after `ms`, unless stopped before. */
  schedule(name: string, ms: number, callback: () => void): void {
    this.#timers.get(name)?.();
    const cancel = this.#clock.after(Math.max(ms, 1), () => {
      this.#timers.delete(name);
      callback();
    });
    this.#timers.set(name, cancel);
  }

  /** Does nothing more. */
  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #sendHeartBeat(intervalMs: number): void {
    const idleMs = this.#clock.now() - this.#wroteAt;
    this.schedule("send", intervalMs - idleMs, () => {
      // Behind queued bytes a heart-beat would only pile up.
      const due = this.#queuedBytes === 0 &&
        this.#clock.now() - this.#wroteAt >= intervalMs;
      if (due) this.#watched.sendHeartBeat();
      else if (this.#queuedBytes > 0) this.#wroteAt = this.#clock.now();
      this.#sendHeartBeat(intervalMs);
    });
  }

  #expectHeartBeat(silenceMs: number): void {
    const silentMs = this.#clock.now() - this.#heardAt;
    this.schedule("receive", silenceMs - silentMs, () => {
      const now = this.#clock.now();
      // While we do not listen, silence is not the peer's.
      if (!this.#reading) this.#heardAt = now;
      if (now - this.#heardAt < silenceMs) this.#expectHeartBeat(silenceMs);
      else this.#watched.giveUp(`nothing came for ${silenceMs} ms`);
    });
  }

  #watchStall(): void {
    const timeoutMs = this.#writeTimeoutMs;
    const stalledMs = this.#clock.now() - this.#progressAt;
    this.schedule("stall", timeoutMs - stalledMs, () => {
      if (this.#queuedBytes === 0) return;
      if (this.#clock.now() - this.#progressAt < timeoutMs) this.#watchStall();
      else this.#watched.giveUp(`the peer took nothing for ${timeoutMs} ms`);
    });
  }
}
