/**
 * A socket that carries frames: one reader, one writer, heart-beats.
 *
 * Both the client and a server build upon it.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Socket } from "../../net/mod.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { FrameDecoder, type TrimMessages } from "../frame/decoder.ts";
import {
  encodeFrame,
  encodeFrameParts,
  type EncodeOptions,
} from "../frame/encoder.ts";
import type { Frame, StompVersion } from "../frame/frame.ts";
import { JoiningWriter } from "./joining_writer.ts";
import type { FrameLimits } from "../frame/limits.ts";
import type { HeartBeat } from "./negotiate.ts";
import { LivenessWatch } from "./liveness.ts";

/** Bodies up to this size are copied next to their headers, to be one write. */
const JOIN_BYTES = 64 << 10;
/** Larger bodies are written in slices, so that progress can be seen. */
const SLICE_BYTES = 256 << 10;
/** How long the other direction may take to end after the first has. */
const LINGER_MS = 1000;

const HEART_BEAT = Uint8Array.of(0x0a);

/** How a connection behaves. */
export interface ConnectionOptions {
  /** Limits on what the peer sends. */
  limits?: FrameLimits | undefined;
  /**
   * What is left out of a message that is over the limits, or cannot be read,
   * instead of ending the connection. @default false
   */
  trimMessages?: TrimMessages | undefined;
  /**
   * Time without progress, while bytes wait to be sent, after which the
   * connection counts as lost; 0 waits for ever. @default 60000
   */
  writeTimeoutMs?: number | undefined;
  /**
   * Whether malformed input leaves the connection open for writing, so that a
   * server can say what is wrong before it ends it. @default false
   */
  answerMalformed?: boolean | undefined;
  /**
   * Whether a line end follows each frame, as ActiveMQ and RabbitMQ write it: a
   * client like php-stomp reads two frames that come together only then.
   * @default false
   */
  trailingEol?: boolean | undefined;
  /** Told, as bytes come, how many are kept of a frame that has not ended. */
  onHeld?: ((bytes: number) => void) | undefined;
  /** What time-outs and heart-beats go by. @default the machine's clock */
  clock?: Clock | undefined;
}

/** A connection over which STOMP is spoken, by either side. */
export class StompConnection {
  /**
   * Settles when the connection has ended: with the reason it was lost, or with
   * `undefined` after {@linkcode close} without one.
   */
  readonly closed: Promise<SsmError | undefined>;
  /** The peer's address, for log lines. */
  readonly remote: string;
  readonly #socket: Socket;
  readonly #answerMalformed: boolean;
  readonly #onHeld: ConnectionOptions["onHeld"];
  readonly #encoding: EncodeOptions;
  readonly #decoder: FrameDecoder;
  readonly #watch: LivenessWatch;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: JoiningWriter;
  readonly #resolveClosed: (reason: SsmError | undefined) => void;
  #open = true;
  #reason: SsmError | undefined;

  /** Speaks over `socket`, which belongs to the connection from now on. */
  constructor(socket: Socket, options: ConnectionOptions = {}) {
    const {
      limits = {},
      trimMessages = false,
      writeTimeoutMs = 60_000,
      answerMalformed = false,
      trailingEol,
      onHeld,
      clock = systemClock,
    } = options;
    const { promise, resolve } = Promise.withResolvers<SsmError | undefined>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.remote = socket.remote;
    this.#socket = socket;
    this.#answerMalformed = answerMalformed;
    this.#onHeld = onHeld;
    this.#encoding = { trailingEol };
    this.#decoder = new FrameDecoder({ limits, trimMessages });
    this.#watch = new LivenessWatch(clock, {
      // Its failure is the connection's, and reported as such.
      sendHeartBeat: () => void this.#send([HEART_BEAT]).catch(() => {}),
      giveUp: (why) => this.close(this.#lost(why)),
    }, writeTimeoutMs);
    this.#reader = socket.readable.getReader();
    this.#writer = new JoiningWriter(socket.writable);
  }

  /** The version agreed upon; `1.0` until it is set. */
  get version(): StompVersion {
    return this.#decoder.version;
  }

  set version(version: StompVersion) {
    this.#decoder.version = version;
  }

  /** Whether it has not ended yet. */
  get open(): boolean {
    return this.#open;
  }

  /** Bytes given to {@linkcode write} and not yet taken by the network. */
  get queuedBytes(): number {
    return this.#watch.queuedBytes;
  }

  /** Bytes received and sent so far. */
  get traffic(): { received: number; sent: number } {
    return this.#watch.traffic;
  }

  /** Changes the limits, for instance once the peer is authenticated. */
  limit(limits: FrameLimits): void {
    this.#decoder.limit(limits);
  }

  /**
   * The peer's frames, read from the network only as they are asked for. Ends
   * when the connection was closed, by us, or by the peer between two frames.
   * To be called once; leaving the loop leaves the connection open.
   *
   * @throws {SsmError} the reason for which the connection ended otherwise.
   */
  async *frames(): AsyncGenerator<Frame, void, void> {
    try {
      for (let chunk = await this.#read(); chunk; chunk = await this.#read()) {
        for (const frame of this.#decoder.push(chunk)) {
          yield frame;
          if (!this.#open) break;
        }
        this.#onHeld?.(this.#decoder.heldBytes);
      }
    } catch (error) {
      if (this.#open && this.#answerMalformed && isMalformed(error)) {
        throw error;
      }
      this.close(this.#lost(error));
    }
    if (this.#open && this.#decoder.midFrame) {
      const { unfinished } = this.#decoder;
      this.close(
        this.#lost(`the peer closed it in the middle of a ${unfinished}`),
      );
    }
    if (this.#reason !== undefined) throw this.#reason;
  }

  /**
   * Sends a frame after all frames given before; settles when the network has
   * taken it.
   *
   * @throws {SsmError} `STOMP_PROTOCOL` when the frame cannot be written, and
   * nothing of it was; otherwise the reason for which the connection ended.
   */
  async write(frame: Frame): Promise<void> {
    const { version } = this;
    await this.#send(
      frame.body.length <= JOIN_BYTES
        ? [encodeFrame(frame, version, this.#encoding)]
        : encodeFrameParts(frame, version, this.#encoding).flatMap(slices),
    );
  }

  /**
   * Sends and expects heart-beats from now on.
   *
   * @param graceFactor how many intervals of silence are forgiven
   */
  startHeartBeats(heartBeat: HeartBeat, graceFactor: number): void {
    this.#watch.startHeartBeats(heartBeat, graceFactor);
  }

  /**
   * Sends what is queued, says that no more will come, waits for the peer to
   * close, and closes. Without the wait, a last ERROR frame might never reach a
   * peer that is still sending.
   *
   * @param lingerMs the longest this may take. @default 1000
   */
  async end(lingerMs = LINGER_MS): Promise<void> {
    if (!this.#open) return;
    this.#watch.schedule("linger", lingerMs, () => this.close());
    try {
      await this.#writer.close();
      while (!(await this.#reader.read()).done);
    } catch {
      // Broken or closed already: there is nothing left to say.
    }
    this.close();
  }

  /** Ends the connection at once, for a reason or because it is done. Idempotent. */
  close(reason?: SsmError): void {
    if (!this.#open) return;
    this.#open = false;
    this.#reason = reason;
    this.#watch.stop();
    this.#socket.close();
    this.#resolveClosed(reason);
  }

  async #read(): Promise<Uint8Array | undefined> {
    this.#watch.listening();
    const { value } = await this.#reader.read();
    this.#watch.heard(value?.length ?? 0);
    return this.#open ? value : undefined;
  }

  async #send(chunks: readonly Uint8Array[]): Promise<void> {
    if (!this.#open) throw this.#reason ?? this.#lost("it is closed");
    try {
      await Promise.all(chunks.map((chunk) => this.#sendChunk(chunk)));
    } catch (error) {
      // What the peer said before it closed may still wait to be read, and
      // tell more than our failure: the reader's end comes first if it comes.
      if (this.#open) {
        const giveUp = () => this.close(this.#lost(error));
        this.#watch.schedule("linger", LINGER_MS, giveUp);
      }
      throw await this.closed ?? this.#lost("it is closed");
    }
  }

  async #sendChunk(chunk: Uint8Array): Promise<void> {
    this.#watch.queued(chunk.length);
    await this.#writer.write(chunk);
    this.#watch.sent(chunk.length);
  }

  #lost(why: unknown): SsmError {
    if (isSsmError(why)) return why;
    return new SsmError(
      "CONNECTION_LOST",
      `Lost connection to ${this.remote}: ${reason(why)}`,
      typeof why === "string" ? {} : { cause: why },
    );
  }
}

function isMalformed(error: unknown): boolean {
  return isSsmError(error, "STOMP_PROTOCOL") || isSsmError(error, "LIMIT");
}

function slices(part: Uint8Array): Uint8Array[] {
  const result: Uint8Array[] = [];
  for (let start = 0; start < part.length; start += SLICE_BYTES) {
    result.push(part.subarray(start, start + SLICE_BYTES));
  }
  return result;
}
