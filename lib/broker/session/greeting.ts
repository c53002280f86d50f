/**
 * The time before a client is let in: how long it may last, and whether anybody
 * still waits for its end.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { Socket } from "../../net/mod.ts";
import type { Clock, Frame } from "../../stomp/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import { overLimit } from "../message/refusal.ts";
import {
  type Handshake,
  type HandshakeOptions,
  shakeHands,
} from "./handshake.ts";

/** What a greeting works with. */
export interface GreetingOptions {
  readonly clock: Clock;
  /** How long it may last. */
  readonly limits: Pick<BrokerLimits, "connectDeadlineMs">;
  readonly handshake: HandshakeOptions;
  /** The `session` header. */
  readonly session: string;
  /** Called when it has lasted so long. */
  readonly onLate: (error: SsmError) => void;
}

/** Waits for CONNECT, and has it judged. */
export class Greeting {
  readonly #socket: Socket;
  readonly #options: GreetingOptions;
  readonly #over = new AbortController();
  readonly #cancelDeadline: () => void;
  #judging = false;

  constructor(socket: Socket, options: GreetingOptions) {
    const { clock, limits: { connectDeadlineMs } } = options;
    this.#socket = socket;
    this.#options = options;
    this.#cancelDeadline = clock.after(connectDeadlineMs, () => this.#late());
    socket.ended?.addEventListener("abort", this.#hungUp);
  }

  /** Judges the first frame. @throws {SsmError} when it is malformed, or cannot be judged now */
  async judge(frame: Frame): Promise<Handshake> {
    const { remote, peer, ended } = this.#socket;
    const { handshake, session } = this.#options;
    const { signal } = this.#over;
    if (ended?.aborted) this.#hungUp();
    this.#judging = true;
    const newcomer = { session, remote, peer, signal };
    return await shakeHands(frame, newcomer, handshake);
  }

  /** The client is let in. Idempotent. */
  end(): void {
    this.#cancelDeadline();
    this.#socket.ended?.removeEventListener("abort", this.#hungUp);
  }

  /** The client is gone or refused: nobody waits for a judgement. Idempotent. */
  giveUp(): void {
    this.end();
    this.#over.abort();
  }

  readonly #hungUp = (): void => this.#over.abort();

  #late(): void {
    const { limits: { connectDeadlineMs: ms }, onLate } = this.#options;
    onLate(overLimit(
      this.#judging
        ? `Cannot log in: no decision for ${ms} ms`
        : `Cannot wait any longer: no CONNECT for ${ms} ms`,
    ));
  }
}
