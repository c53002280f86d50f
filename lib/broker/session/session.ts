/**
 * One client, from its first byte to its last.
 *
 * @module
 */
import { isSsmError, reason, type SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Socket } from "../../net/mod.ts";
import { type Clock, type Frame, StompConnection } from "../../stomp/mod.ts";
import type { Authorise } from "../access/access.ts";
import { Confirmations } from "./confirmations.ts";
import { Conversation } from "./conversation.ts";
import { Greeting } from "./greeting.ts";
import type { HandshakeOptions } from "./handshake.ts";
import type { Counters } from "../limits/counters.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import { Outbox } from "./outbox.ts";
import { errorFrame, nameRefusal, quote } from "../message/refusal.ts";
import type { RefusalLog } from "./refusal_log.ts";
import type { SharedLimit, SharedLimits } from "../limits/shared_limit.ts";

/** What the sessions of a broker work with. */
export interface SessionOptions {
  readonly logger: Logger;
  readonly refusals: RefusalLog;
  readonly clock: Clock;
  readonly limits: BrokerLimits;
  /** What all sessions together may hold. */
  readonly shared: SharedLimits;
  readonly counters: Counters;
  readonly handshake: HandshakeOptions;
  readonly authorise: Authorise | undefined;
  /** Intervals of silence that are forgiven. */
  readonly graceFactor: number;
}

/** Where a session stands. */
type Phase =
  /** CONNECT has not come, or is being judged. */
  | "greeting"
  /** The client is let in. */
  | "open"
  /** The client has said its last word, which is still to be answered; it gets no more messages. */
  | "leaving"
  /** Nothing the client says counts any more. */
  | "closing";

/** Speaks with one client. */
export class Session {
  readonly #options: SessionOptions;
  readonly #socket: Socket;
  readonly #connection: StompConnection;
  readonly #outbox: Outbox;
  readonly #greeting: Greeting;
  /** Begins when the client is let in. */
  #conversation: Conversation | undefined;
  #phase: Phase = "greeting";
  #draining = false;
  readonly #confirmations: Confirmations;
  /** The orderly end, once it has begun. */
  #ending: Promise<void> | undefined;

  /** @param number the session's number among those of its broker */
  constructor(socket: Socket, number: number, options: SessionOptions) {
    const { limits, clock, shared, handshake } = options;
    const { frames, maxUnauthenticatedBytes: most } = limits;
    this.#socket = socket;
    this.#options = options;
    this.#connection = new StompConnection(socket, {
      clock,
      writeTimeoutMs: limits.writeTimeoutMs,
      answerMalformed: true,
      trailingEol: true,
      onHeld: (bytes) => this.#note(shared.frames, bytes),
      limits: {
        ...frames,
        maxHeadBytes: Math.min(frames.maxHeadBytes, most),
        maxBodyBytes: Math.min(frames.maxBodyBytes, most),
      },
    });
    const fail = (error: SsmError) => this.fail(error);
    this.#outbox = new Outbox({
      connection: this.#connection,
      number,
      maxBytes: limits.maxOutputBytes,
      delivers: () => this.#phase === "open",
      onRoom: () => this.#conversation?.resume(),
      onWritten: (frame) => this.#written(frame),
      fail,
    });
    this.#confirmations = new Confirmations({
      write: (receipt) => {
        if (this.#phase !== "closing") void this.#outbox.write(receipt);
      },
      refuse: (error, frame) => this.#refuse(error, frame),
      onDone: () => this.#endIfDrained(),
    });
    this.#greeting = new Greeting(socket, {
      clock,
      limits,
      handshake,
      session: `session-${number}`,
      onLate: fail,
    });
  }

  /** Subscriptions the client has. */
  get subscriptions(): number {
    return this.#conversation?.subscriptions ?? 0;
  }

  /** Serves the client; settles when the connection has ended and nothing of it is left. */
  async run(): Promise<void> {
    const { limits, logger } = this.#options;
    try {
      for await (const frame of this.#connection.frames()) {
        if (this.#conversation === undefined) await this.#greet(frame);
        else await this.#take(frame, this.#conversation);
        if (this.#phase === "leaving" || this.#phase === "closing") break;
      }
    } catch (error) {
      this.#interrupted(error);
    } finally {
      this.#greeting.giveUp();
      this.#options.shared.frames.note(this, 0);
      // A client that leaves in order says so first.
      const lost = this.#phase === "open";
      if (this.#phase !== "closing") this.#phase = "leaving";
      await this.#confirmations.settled();
      // What is on its way counts as delivered if it gets there.
      await this.#outbox.flushed();
      this.#leave({ lost });
      await (this.#ending ??= this.#connection.end(limits.lingerMs));
      logger.debug(`Closed: ${this.#socket.remote}`);
    }
  }

  /** Ends the connection with an ERROR frame. */
  fail(error: SsmError, offending?: Frame): void {
    this.#fail(errorFrame(error.message, offending), error.message);
  }

  /** Ends the session as soon as nothing is half done. */
  drain(): void {
    this.#draining = true;
    this.#endIfDrained();
  }

  /** Ends at once to make room for another client, unless this one was let in; whether it did. */
  giveWay(): boolean {
    if (this.#phase !== "greeting") return false;
    this.#options.refusals.tell(
      this.#socket.remote,
      "it has not logged in, and others want to",
    );
    this.close();
    return true;
  }

  /** Ends the connection at once. */
  close(): void {
    this.#phase = "closing";
    this.#greeting.giveUp();
    this.#connection.close();
  }

  async #greet(frame: Frame): Promise<void> {
    const { limits, shared, counters, authorise, graceFactor, logger } =
      this.#options;
    const { remote, peer } = this.#socket;
    let outcome;
    try {
      outcome = await this.#greeting.judge(frame);
    } catch (error) {
      counters.connectionsRefused++;
      this.#refuse(error, frame);
      return;
    }
    // The deadline may have passed, or the broker closed, meanwhile.
    if (this.#phase !== "greeting") return;
    this.#greeting.end();
    if (outcome.status === "refused") {
      counters.connectionsRefused++;
      this.#fail(outcome.answer, outcome.reason);
      return;
    }
    const { version, heartBeat, principal, clientId, router, answer } = outcome;
    this.#conversation = new Conversation({
      router,
      client: { principal, remote, peer },
      clientId,
      authorise,
      logger,
      outlet: this.#outbox,
      onProgress: () => this.#endIfDrained(),
      onSubscriptions: (count) => this.#note(shared.subscriptions, count),
      onTransactions: (bytes) => this.#note(shared.transactions, bytes),
      limits,
    });
    this.#connection.limit(limits.frames);
    this.#connection.version = version;
    this.#phase = "open";
    logger.info(
      `Connected: ${remote} as ${quote(principal.name)}, STOMP ${version}`,
    );
    await this.#outbox.write(answer);
    this.#connection.startHeartBeats(heartBeat, graceFactor);
    this.#endIfDrained();
  }

  async #take(frame: Frame, conversation: Conversation): Promise<void> {
    if (this.#phase !== "open") return;
    const unspeakable = nameRefusal(frame);
    if (unspeakable !== undefined) return this.fail(unspeakable, frame);
    if (frame.command === "DISCONNECT") {
      this.#phase = "leaving";
      await this.#confirmations.settled();
      this.#confirmations.confirm(frame);
      return;
    }
    let work;
    try {
      work = conversation.admit(frame);
      if (work instanceof Promise) work = await work;
    } catch (error) {
      this.#refuse(error, frame);
      return;
    }
    if (this.#phase !== "open") return;
    const done = this.#confirmations.begin(frame, work);
    const { maxUnstoredBytes } = this.#options.limits;
    if (!isPipelined(frame) || this.#confirmations.bytes > maxUnstoredBytes) {
      await done;
    }
    // A client that does not read the answers is not listened to either.
    if (this.#outbox.full) await this.#outbox.flushed();
  }

  /** How much the client holds now of what all clients share. */
  #note(limit: SharedLimit, amount: number): void {
    // Nothing more is expected of a client that was refused.
    limit.note(this, this.#phase === "closing" ? 0 : amount);
  }

  /** Says no to a frame. What is not one of our own refusals is a fault of the broker. */
  #refuse(error: unknown, frame: Frame): void {
    if (isSsmError(error)) {
      this.fail(error, frame);
      return;
    }
    this.#options.logger.error(
      `Cannot process ${frame.command} of ${this.#socket.remote}: ${
        reason(error)
      }`,
    );
    this.#fail(
      errorFrame(`Cannot process ${frame.command}: internal error`, frame),
      "internal error",
    );
  }

  #fail(answer: Frame, why: string): void {
    if (this.#phase === "closing") return;
    this.#options.refusals.tell(this.#socket.remote, why);
    this.#leave();
    void this.#outbox.write(answer);
    this.#ending = this.#connection.end(this.#options.limits.lingerMs);
  }

  /** The peer, the network or a malformed frame ended the stream of frames. */
  #interrupted(error: unknown): void {
    if (this.#phase === "closing") return;
    const malformed = isSsmError(error, "STOMP_PROTOCOL") ||
      isSsmError(error, "LIMIT");
    if (malformed) this.fail(error);
    else this.#options.logger.info(reason(error));
  }

  /** From now on nothing counts; what the client held goes back. Idempotent. */
  #leave(how: { lost: boolean } = { lost: false }): void {
    this.#phase = "closing";
    this.#greeting.giveUp();
    this.#conversation?.end(how);
  }

  #written(frame: Frame): void {
    if (frame.command === "MESSAGE") this.#options.counters.messagesOut++;
    this.#endIfDrained();
  }

  /** Called whenever something is done with, for it may have been the last thing. */
  #endIfDrained(): void {
    const greeting = this.#phase === "greeting";
    if (!this.#draining || (!greeting && this.#phase !== "open")) return;
    const idle = greeting ||
      (this.#confirmations.empty && this.#outbox.empty &&
        this.#conversation?.idle === true);
    if (!idle) return;
    this.#leave();
    this.#ending = this.#connection.end(this.#options.limits.lingerMs);
  }
}

/** Frames of which many may be under way at once; the store keeps their order. */
function isPipelined({ command, headers }: Frame): boolean {
  return (command === "SEND" || command === "ACK") &&
    !headers.has("transaction");
}
