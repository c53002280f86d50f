/**
 * Bytes to frames.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { type HeaderRule, headerRule, unescapeHeader } from "./escape.ts";
import { type Frame, mayHaveBody, type StompVersion } from "./frame.ts";
import { GrowingBuffer } from "./growing_buffer.ts";
import { changeLimits, DEFAULT_LIMITS, type FrameLimits } from "./limits.ts";
import { otherProtocol } from "./other_protocol.ts";

const MAX_COMMAND_BYTES = 32;
const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
/** Without these a message can be neither acknowledged nor read to its end. */
const ESSENTIAL: ReadonlySet<string> = new Set([
  "message-id",
  "subscription",
  "ack",
  "destination",
  "content-length",
  "redelivered",
]);
const COMMAND_LINE = /^([A-Z]{1,32})(\r?)$/;

/** What the next byte belongs to. */
type State =
  | "between"
  | "command"
  | "headers"
  | "dropped-header"
  | "counted"
  | "until-nul";

/** Settings of a {@linkcode FrameDecoder}. */
export interface FrameDecoderOptions {
  /** @default "1.0" */
  version?: StompVersion | undefined;
  limits?: FrameLimits | undefined;
  /**
   * Hand out a MESSAGE that is over the limits without what is too much, instead
   * of refusing it: a broker would only deliver it again, for ever.
   * @default false
   */
  trimMessages?: boolean | undefined;
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
  #headBytes = 0;
  #headerLines = 0;
  #command = "";
  #headers = new Map<string, string>();
  #rule: HeaderRule = "connect";
  #crlf = false;
  #bodyBytes = 0;
  readonly #trimMessages: boolean;
  #droppedHeaders = 0;
  /** Bytes of a body that is dropped; `undefined` while it is kept. */
  #droppedBytes: number | undefined;
  #error: unknown;

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

  /** Bytes that are kept of a frame that has not ended. */
  get heldBytes(): number {
    return this.midFrame ? this.#partial.length + this.#headBytes : 0;
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
    this.#command = match[1]!;
    this.#rule = headerRule(this.#command, this.version);
    this.#crlf = match[2] !== "" || this.#rule === "1.2" ||
      this.#rule === "connect";
    this.#headBytes = line.length + 1;
    this.#headerLines = 0;
    this.#headers = new Map();
    this.#droppedHeaders = 0;
    this.#droppedBytes = undefined;
    this.#state = "headers";
    return end + 1;
  }

  #readHeader(chunk: Uint8Array, offset: number): number {
    const { maxHeaderBytes, maxHeadBytes } = this.#limits;
    const end = chunk.indexOf(LF, offset);
    const piece = chunk.subarray(offset, end === -1 ? chunk.length : end);
    const lineBytes = this.#partial.length + piece.length;
    if (lineBytes > maxHeaderBytes) {
      this.#exceed(`a header of more than ${maxHeaderBytes} bytes`);
      this.#partial.take();
      this.#droppedHeaders++;
      this.#state = "dropped-header";
      return offset;
    }
    const headBytes = this.#headBytes + lineBytes + 1;
    if (headBytes > maxHeadBytes) {
      this.#exceed(`headers of more than ${maxHeadBytes} bytes`);
    }
    if (end === -1) {
      this.#partial.append(piece);
      return chunk.length;
    }
    let line = this.#completeLine(piece);
    if (this.#crlf && line.at(-1) === CR) line = line.subarray(0, -1);
    if (line.length === 0) this.#beginBody();
    else this.#addHeader(line, headBytes);
    return end + 1;
  }

  #dropHeader(chunk: Uint8Array, offset: number): number {
    const end = chunk.indexOf(LF, offset);
    if (end === -1) return chunk.length;
    this.#state = "headers";
    return end + 1;
  }

  #addHeader(line: Uint8Array, headBytes: number): void {
    const { maxHeaders, maxHeadBytes } = this.#limits;
    const excess = this.#headerLines + 1 > maxHeaders;
    if (excess) this.#exceed(`more than ${maxHeaders} headers`);
    if (line.includes(NUL)) throw this.#malformed("a header contains a NUL");
    const colon = line.indexOf(COLON);
    if (colon === -1) throw this.#malformed("a header has no colon");
    if (colon === 0) throw this.#malformed("a header has no name");
    const name = this.#headerText(line.subarray(0, colon));
    const value = this.#headerText(line.subarray(colon + 1));
    const isFull = excess || headBytes > maxHeadBytes;
    if (isFull && (!ESSENTIAL.has(name) || this.#headers.has(name))) {
      this.#droppedHeaders++;
      return;
    }
    this.#headerLines++;
    this.#headBytes = headBytes;
    // STOMP 1.2, "Repeated Header Entries": the first counts.
    if (!this.#headers.has(name)) this.#headers.set(name, value);
  }

  #headerText(bytes: Uint8Array): string {
    let text: string;
    try {
      text = this.#utf8.decode(bytes);
    } catch (cause) {
      throw this.#malformed("a header is not UTF-8", cause);
    }
    return unescapeHeader(text, this.#rule);
  }

  #beginBody(): void {
    const { maxBodyBytes } = this.#limits;
    const length = this.#headers.get("content-length");
    if (length === undefined) {
      this.#state = "until-nul";
      return;
    }
    // Twelve digits are beyond any body and exact as a number.
    if (!/^[0-9]{1,12}$/.test(length)) {
      throw this.#malformed(
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
    if (this.#bodyBytes > 0 && !mayHaveBody(this.#command)) {
      throw this.#malformed("it must not have a body");
    }
    this.#state = "counted";
  }

  #readCountedBody(chunk: Uint8Array, offset: number): [number, Frame?] {
    const missing = this.#bodyBytes -
      (this.#droppedBytes ?? this.#partial.length);
    if (missing > 0) {
      const piece = chunk.subarray(offset, offset + missing);
      if (this.#droppedBytes !== undefined) this.#droppedBytes += piece.length;
      else this.#partial.append(piece, this.#bodyBytes);
      return [offset + piece.length];
    }
    if (chunk[offset] !== NUL) {
      throw this.#malformed(
        `no NUL follows its body of content-length ${this.#bodyBytes}`,
      );
    }
    return [offset + 1, this.#completeFrame()];
  }

  #readBodyUntilNul(chunk: Uint8Array, offset: number): [number, Frame?] {
    const { maxBodyBytes } = this.#limits;
    const end = chunk.indexOf(NUL, offset);
    const piece = chunk.subarray(offset, end === -1 ? chunk.length : end);
    if (piece.length > 0 && !mayHaveBody(this.#command)) {
      throw this.#malformed("it must not have a body");
    }
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

  #completeLine(piece: Uint8Array): Uint8Array {
    if (this.#partial.length === 0) return piece;
    this.#partial.append(piece);
    return this.#partial.take();
  }

  #completeFrame(): Frame {
    this.#state = "between";
    this.#isFirst = false;
    const body = this.#partial.take();
    const frame = { command: this.#command, headers: this.#headers, body };
    const [headers, bodyBytes] = [this.#droppedHeaders, this.#droppedBytes];
    if (headers === 0 && bodyBytes === undefined) return frame;
    return { ...frame, trimmed: { headers, bodyBytes: bodyBytes ?? 0 } };
  }

  /** Refuses the frame, unless it is one that is trimmed. */
  #exceed(what: string): void {
    if (this.#trimMessages && this.#command === "MESSAGE") return;
    throw new SsmError(
      "LIMIT",
      `Cannot read ${this.#command} frame: it has ${what}`,
    );
  }

  #malformed(why: string, cause?: unknown): SsmError {
    return new SsmError(
      "STOMP_PROTOCOL",
      `Cannot read ${this.#command} frame: ${why}`,
      { cause },
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
