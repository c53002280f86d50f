/**
 * Header lines to headers.
 *
 * @module
 */
import { isSsmError, SsmError } from "../../errors.ts";
import { type HeaderRule, headerRule, unescapeHeader } from "./escape.ts";
import type { StompVersion } from "./frame.ts";
import type { FrameLimits } from "./limits.ts";

const NUL = 0x00;
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
/** The frames that bring along what somebody else wrote. */
const PASSED_ON: ReadonlySet<string> = new Set(["MESSAGE", "ERROR"]);
/** Characters of a header that go into an error's message. */
const MAX_QUOTED = 100;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** How a frame's head is read. */
export interface HeadOptions {
  /** The version agreed upon. */
  readonly version: StompVersion;
  readonly limits: Required<FrameLimits>;
  /** Whether a MESSAGE or ERROR does without the headers that cannot be read. */
  readonly leaveOut: boolean;
}

/**
 * The head of one frame, line by line.
 *
 * A header cannot be read when it is not UTF-8, has no colon or no name, holds
 * a NUL or an escape that the version does not define, or is over the limits.
 * None of this says where the frame ends, which is known as long as the
 * `content-length` can be read: the grammar of 1.2 allows a NUL in a header.
 */
export class FrameHead {
  readonly command: string;
  /** Those read so far. */
  readonly headers = new Map<string, string>();
  readonly #rule: HeaderRule;
  readonly #crlf: boolean;
  readonly #limits: Required<FrameLimits>;
  readonly #leaveOut: boolean;
  #bytes: number;
  #lines = 0;
  /** Essential headers that were tried although the head is full. */
  readonly #tried = new Set<string>();
  #leftOut = 0;

  /** @param crlf whether the command line ends in CR LF, and so every other may */
  constructor(
    command: string,
    crlf: boolean,
    { version, limits, leaveOut }: HeadOptions,
  ) {
    this.command = command;
    this.#rule = headerRule(command, version);
    this.#crlf = crlf || this.#rule === "1.2" || this.#rule === "connect";
    this.#limits = limits;
    this.#leaveOut = leaveOut && PASSED_ON.has(command);
    this.#bytes = command.length + (crlf ? 2 : 1);
  }

  /** Bytes of the lines that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Header lines that were left out so far. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Whether a peer of STOMP 1.0 wrote it, as far as is known yet. */
  get isOf10(): boolean {
    if (this.#rule !== "connect") return this.#rule === "1.0";
    const version = this.command === "CONNECTED" ? "version" : "accept-version";
    return !this.headers.has(version);
  }

  /** What it is, for the words of an error, with what tells it from others. */
  get description(): string {
    const known = this.command !== "MESSAGE"
      ? []
      : ["destination", "message-id"]
        .flatMap((name) => {
          const value = this.headers.get(name);
          return value === undefined
            ? []
            : [`${name} "${value.slice(0, MAX_QUOTED)}"`];
        });
    const which = known.length > 0 ? ` (${known.join(", ")})` : "";
    return `${this.command} frame${which}`;
  }

  /**
   * Whether a line may be so long.
   *
   * @throws {SsmError} `LIMIT` when it must not and cannot be left out
   */
  admits(lineBytes: number): boolean {
    const { maxHeaderBytes, maxHeadBytes } = this.#limits;
    if (lineBytes > maxHeaderBytes) {
      this.#exceed(`a header of more than ${maxHeaderBytes} bytes`);
      return false;
    }
    if (this.#bytes + lineBytes + 1 > maxHeadBytes) {
      this.#exceed(`headers of more than ${maxHeadBytes} bytes`);
    }
    return true;
  }

  /**
   * Leaves out a line that {@linkcode admits} does not.
   *
   * @param start its first bytes
   * @throws {SsmError} `STOMP_PROTOCOL` when it would say where the frame ends
   */
  skip(start: Uint8Array): void {
    this.#giveUp(
      start,
      this.malformed("its content-length is not a number"),
    );
  }

  /**
   * Takes the next line, without its line feed.
   *
   * @returns whether it was the last: the empty one
   * @throws {SsmError} `STOMP_PROTOCOL`, `LIMIT`
   */
  add(line: Uint8Array): boolean {
    const content = this.#crlf && line.at(-1) === CR
      ? line.subarray(0, -1)
      : line;
    if (content.length === 0) {
      if (this.#rule === "connect" && this.isOf10) this.#trimAll();
      return true;
    }
    try {
      this.#addHeader(content, this.#bytes + line.length + 1);
    } catch (error) {
      if (!isSsmError(error, "STOMP_PROTOCOL")) throw error;
      this.#giveUp(content, error);
    }
    return false;
  }

  /** An error of this frame. */
  malformed(why: string): SsmError {
    return new SsmError(
      "STOMP_PROTOCOL",
      `Cannot read ${this.description}: ${why}`,
    );
  }

  #addHeader(line: Uint8Array, bytes: number): void {
    const { maxHeaders, maxHeadBytes } = this.#limits;
    const tooMany = this.#lines + this.#leftOut >= maxHeaders;
    if (tooMany) this.#exceed(`more than ${maxHeaders} headers`);
    // Judged by its bytes alone: there may be any number of them.
    if ((tooMany || bytes > maxHeadBytes) && !this.#isWorthATry(line)) {
      this.#leftOut++;
      return;
    }
    if (line.includes(NUL)) throw this.malformed("a header contains a NUL");
    const colon = line.indexOf(COLON);
    if (colon === -1) throw this.malformed("a header has no colon");
    const name = this.#text(line.subarray(0, colon));
    if (name === "") throw this.malformed("a header has no name");
    const value = this.#text(line.subarray(colon + 1));
    this.#lines++;
    this.#bytes = bytes;
    // STOMP 1.2, "Repeated Header Entries": the first counts.
    if (!this.headers.has(name)) this.headers.set(name, value);
  }

  /** Whether it is an essential header that has not come yet, for the first time. */
  #isWorthATry(line: Uint8Array): boolean {
    const name = plainName(line);
    if (!ESSENTIAL.has(name) || this.headers.has(name)) return false;
    if (this.#tried.has(name)) return false;
    this.#tried.add(name);
    return true;
  }

  #text(bytes: Uint8Array): string {
    const text = decoder.decode(bytes);
    // A decoder that throws takes a hundred times as long to do so.
    if (text.includes("\ufffd") && !isSame(encoder.encode(text), bytes)) {
      throw this.malformed("a header is not UTF-8");
    }
    return unescapeHeader(text, this.#rule);
  }

  /**
   * What CONNECT and CONNECTED are written in, their headers tell: a peer that
   * knows of no versions speaks 1.0, where blanks around name and value do not count.
   */
  #trimAll(): void {
    const padded = [...this.headers];
    this.headers.clear();
    for (const [name, value] of padded) {
      const trimmed = unescapeHeader(name, "1.0");
      if (trimmed === "") throw this.malformed("a header has no name");
      if (this.headers.has(trimmed)) continue;
      this.headers.set(trimmed, unescapeHeader(value, "1.0"));
    }
  }

  /** Goes on without a header, where that is wanted and the frame's end is known. */
  #giveUp(line: Uint8Array, error: SsmError): void {
    const tellsEnd = plainName(line) === "content-length" &&
      !this.headers.has("content-length");
    if (!this.#leaveOut || tellsEnd) throw error;
    this.#leftOut++;
  }

  /** Refuses the frame, unless what is too much is left out of it. */
  #exceed(what: string): void {
    if (this.#leaveOut) return;
    throw new SsmError(
      "LIMIT",
      `Cannot read ${this.description}: it has ${what}`,
    );
  }
}

/** The name in a line, as far as it can be one of ours. */
function plainName(line: Uint8Array): string {
  const start = line.subarray(0, MAX_QUOTED);
  const colon = start.indexOf(COLON);
  const name = colon === -1 ? start : start.subarray(0, colon);
  return unescapeHeader(String.fromCharCode(...name), "1.0");
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, index) => byte === other[index]);
}
