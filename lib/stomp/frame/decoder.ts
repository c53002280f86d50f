/**
 * Bytes to frames.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { type Frame, mayHaveBody, type StompVersion } from "./frame.ts";
import { GrowingBuffer } from "./growing_buffer.ts";
import { FrameHead } from "./head.ts";
import { changeLimits, DEFAULT_LIMITS, type FrameLimits } from "./limits.ts";
import { otherProtocol } from "./other_protocol.ts";

const MAX_COMMAND_BYTES = 32;
const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const COMMAND_LINE = /^([A-Z]{1,32})(\r?)$/;
/** What the next byte belongs to. */
type State =
  | "between"
  | "command"
  | "headers"
  | "dropped-header"
  | "counted"
  | "until-nul";

/**
 * What is left out of a MESSAGE, and counted in {@linkcode Frame.trimmed}, instead
 * of refusing it, since a broker would only deliver it again, for ever: nothing;
 * headers that cannot be read or are over the limits; or these and a body that is
 * over the limit. As long as it is known where the frame ends, that is: if that
 * is in doubt, it is refused. An ERROR does without such headers, too, so that
 * its words are not lost.
 */
export type TrimMessages = false | "headers" | true;

/** Settings of a {@linkcode FrameDecoder}. */
export interface FrameDecoderOptions {
  /** @default "1.0" */
  version?: StompVersion | undefined;
  limits?: FrameLimits | undefined;
  /** See {@linkcode TrimMessages}. @default false */
  trimMessages?: TrimMessages | undefined;
}

/**
 * A push parser of frames.
 *
 * Line feeds between frames are heart-beats and yield nothing. Lines may end in
 * CR LF in version 1.2, in CONNECT and CONNECTED, and in any frame whose
 * command line does; elsewhere a CR belongs to the value. Headers are UTF-8.
 * The first error is final.
 */
export class FrameDecoder {
  /** The version agreed upon; may be set between two frames. */
  version: StompVersion;
  #limits: Required<FrameLimits>;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #partial = new GrowingBuffer();
  #state: State = "between";
  #afterCr = false;
  #isFirst = true;
  /** Of the frame that is being read; before the first, of none. */
  #head = new FrameHead("CONNECT", false, {
    version: "1.0",
    limits: DEFAULT_LIMITS,
    leaveOut: false,
  });
  #bodyBytes = 0;
  readonly #trimMessages: TrimMessages;
  /** Bytes of a body that is dropped; `undefined` while it is kept. */
  #droppedBytes: number | undefined;
  #error: unknown;

  /**
   * Begins between two frames.
   *
   * @throws {RangeError} on a limit that makes no sense
   */
  constructor(options: FrameDecoderOptions = {}) {
    const { version = "1.0", limits = {}, trimMessages = false } = options;
    this.version = version;
    this.#trimMessages = trimMessages;
    this.#limits = changeLimits(DEFAULT_LIMITS, limits);
  }

  /** Changes limits, for instance once a peer is authenticated. */
  limit(changes: FrameLimits): void {
    this.#limits = changeLimits(this.#limits, changes);
  }

  /** Whether a frame has begun and not ended: the input must not stop here. */
  get midFrame(): boolean {
    return this.#state !== "between";
  }

  /** What has begun and not ended, for the words of an error. */
  get unfinished(): string {
    const known = this.midFrame && this.#state !== "command" &&
      this.#head.command === "MESSAGE";
    return known ? this.#head.description : "frame";
  }

  /** Bytes that are kept of a frame that has not ended. */
  get heldBytes(): number {
    return this.midFrame ? this.#partial.length + this.#head.bytes : 0;
  }

  /**
   * Takes the next bytes and yields the frames they complete.
   *
   * Must be iterated to its end, or the rest of `chunk` is lost. A frame is
   * parsed only when it is asked for, so a change of {@linkcode version} made
   * upon one frame holds for the next, even in the same chunk.
   *
   * @throws {SsmError} `STOMP_PROTOCOL` on malformed input, `LIMIT` on too much of it.
   */
  *push(chunk: Uint8Array): Generator<Frame, void, void> {
    if (this.#error !== undefined) throw this.#error;
    let offset = 0;
    while (offset < chunk.length) {
      let frame: Frame | undefined;
      try {
        [offset, frame] = this.#step(chunk, offset);
      } catch (error) {
        this.#error = error;
        throw error;
      }
      if (frame !== undefined) yield frame;
    }
  }

  /** Goes on from `offset` by at least one byte; returns the new offset. */
  #step(chunk: Uint8Array, offset: number): [number, Frame?] {
    switch (this.#state) {
      case "between":
        return [this.#skipHeartBeats(chunk, offset)];
      case "command":
        return [this.#readCommand(chunk, offset)];
      case "headers":
        return [this.#readHeader(chunk, offset)];
      case "dropped-header":
        return [this.#dropHeader(chunk, offset)];
      case "counted":
        return this.#readCountedBody(chunk, offset);
      case "until-nul":
        return this.#readBodyUntilNul(chunk, offset);
    }
  }

  #skipHeartBeats(chunk: Uint8Array, offset: number): number {
    for (; offset < chunk.length; offset++) {
      const byte = chunk[offset]!;
      if (byte === CR && !this.#afterCr) this.#afterCr = true;
      else if (byte === LF) this.#afterCr = false;
      else if (this.#afterCr) throw this.#notACommand(chunk.subarray(offset));
      else {
        this.#state = "command";
        return offset;
      }
    }
    return offset;
  }

  #readCommand(chunk: Uint8Array, offset: number): number {
    const end = chunk.indexOf(LF, offset);
    const piece = chunk.subarray(offset, end === -1 ? chunk.length : end);
    // Judged byte by byte: a peer that speaks something else must be found out
    // by its first bytes, for there may never be a line feed.
    if (
      this.#partial.length + piece.length > MAX_COMMAND_BYTES + 1 ||
      piece.some((byte) => (byte < 0x41 || byte > 0x5a) && byte !== CR)
    ) {
      throw this.#notACommand(chunk.subarray(offset));
    }
    if (end === -1) {
      this.#partial.append(piece);
      return chunk.length;
    }
    const line = this.#completeLine(piece);
    const match = COMMAND_LINE.exec(this.#utf8.decode(line));
    if (match === null) throw this.#notACommand(line);
    this.#head = new FrameHead(match[1]!, match[2] !== "", {
      version: this.version,
      limits: this.#limits,
      leaveOut: this.#trimMessages !== false,
    });
    this.#droppedBytes = undefined;
    this.#state = "headers";
    return end + 1;
  }

  #readHeader(chunk: Uint8Array, offset: number): number {
    const end = chunk.indexOf(LF, offset);
    const piece = chunk.subarray(offset, end === -1 ? chunk.length : end);
    if (!this.#head.admits(this.#partial.length + piece.length)) {
      this.#head.skip(this.#completeLine(piece));
      this.#state = "dropped-header";
      return offset;
    }
    if (end === -1) {
      this.#partial.append(piece);
      return chunk.length;
    }
    if (this.#head.add(this.#completeLine(piece))) this.#beginBody();
    return end + 1;
  }

  #dropHeader(chunk: Uint8Array, offset: number): number {
    const end = chunk.indexOf(LF, offset);
    if (end === -1) return chunk.length;
    this.#state = "headers";
    return end + 1;
  }

  #beginBody(): void {
    const { maxBodyBytes } = this.#limits;
    const length = this.#head.headers.get("content-length");
    if (length === undefined) {
      this.#state = "until-nul";
      return;
    }
    // Twelve digits are beyond any body and exact as a number.
    if (!/^[0-9]{1,12}$/.test(length)) {
      throw this.#head.malformed(
        `its content-length "${length.slice(0, 32)}" is not a number`,
      );
    }
    this.#bodyBytes = Number(length);
    if (this.#bodyBytes > maxBodyBytes) {
      this.#exceed(
        `a body of ${this.#bodyBytes} bytes, more than ${maxBodyBytes}`,
      );
      this.#droppedBytes = 0;
    }
    this.#state = "counted";
  }

  #readCountedBody(chunk: Uint8Array, offset: number): [number, Frame?] {
    const missing = this.#bodyBytes -
      (this.#droppedBytes ?? this.#partial.length);
    if (missing > 0) {
      const piece = chunk.subarray(offset, offset + missing);
      this.#checkBody(piece);
      if (this.#droppedBytes !== undefined) this.#droppedBytes += piece.length;
      else this.#partial.append(piece, this.#bodyBytes);
      return [offset + piece.length];
    }
    if (chunk[offset] !== NUL) {
      throw this.#head.malformed(
        `no NUL follows its body of content-length ${this.#bodyBytes}`,
      );
    }
    return [offset + 1, this.#completeFrame()];
  }

  #readBodyUntilNul(chunk: Uint8Array, offset: number): [number, Frame?] {
    const { maxBodyBytes } = this.#limits;
    const end = chunk.indexOf(NUL, offset);
    const piece = chunk.subarray(offset, end === -1 ? chunk.length : end);
    this.#checkBody(piece);
    if (
      this.#droppedBytes === undefined &&
      this.#partial.length + piece.length > maxBodyBytes
    ) {
      this.#exceed(`a body of more than ${maxBodyBytes} bytes`);
      this.#droppedBytes = this.#partial.take().length;
    }
    if (this.#droppedBytes !== undefined) this.#droppedBytes += piece.length;
    else this.#partial.append(piece);
    return end === -1 ? [chunk.length] : [end + 1, this.#completeFrame()];
  }

  /** Clients of 1.0 end any frame with an empty line more; later ones must not. */
  #checkBody(piece: Uint8Array): void {
    if (piece.length === 0 || mayHaveBody(this.#head.command)) return;
    const isLineEnds = piece.every((byte) => byte === LF || byte === CR);
    if (this.#head.isOf10 && isLineEnds) return;
    throw this.#head.malformed("it must not have a body");
  }

  #completeLine(piece: Uint8Array): Uint8Array {
    if (this.#partial.length === 0) return piece;
    this.#partial.append(piece);
    return this.#partial.take();
  }

  #completeFrame(): Frame {
    this.#state = "between";
    this.#isFirst = false;
    const { command, headers, leftOut } = this.#head;
    const taken = this.#partial.take();
    const body = mayHaveBody(command) ? taken : taken.subarray(0, 0);
    const frame = { command, headers, body };
    const dropped = this.#droppedBytes;
    if (leftOut === 0 && dropped === undefined) return frame;
    return { ...frame, trimmed: { headers: leftOut, bodyBytes: dropped ?? 0 } };
  }

  /** Refuses the body, unless it is dropped. */
  #exceed(what: string): void {
    if (this.#trimMessages === true && this.#head.command === "MESSAGE") return;
    throw new SsmError(
      "LIMIT",
      `Cannot read ${this.#head.description}: it has ${what}`,
    );
  }

  #notACommand(line: Uint8Array): SsmError {
    this.#partial.append(line.subarray(0, MAX_COMMAND_BYTES));
    const start = this.#partial.take();
    const what = this.#isFirst
      ? `the peer does not speak STOMP${otherProtocol(start)}`
      : "a frame does not begin with a command";
    return new SsmError("STOMP_PROTOCOL", `Cannot read frame: ${what}`);
  }
}
