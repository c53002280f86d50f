/**
 * The STOMP frame: a command, headers and a body.
 *
 * @module
 */

/** Protocol versions ssm speaks. */
export type StompVersion = "1.0" | "1.1" | "1.2";

/**
 * Headers of a frame, in wire order, unescaped.
 *
 * A map suffices: of repeated entries only the first counts (STOMP 1.2,
 * "Repeated Header Entries").
 */
export type FrameHeaders = ReadonlyMap<string, string>;

/** One frame, as sent or received. */
export interface Frame {
  /** Such as `SEND` or `MESSAGE`. */
  readonly command: string;
  /** Unescaped, in the order of the wire. */
  readonly headers: FrameHeaders;
  /** The content; empty where there is none. */
  readonly body: Uint8Array;
  /** What was left out of it; absent when it is whole. */
  readonly trimmed?: Trimmed | undefined;
}

/** What a decoder left out of a frame instead of refusing it. */
export interface Trimmed {
  /** Header lines that cannot be read (see `FrameHead`) or are over the limits. */
  readonly headers: number;
  /** Bytes of a body over the limit, all of which was dropped; 0 when it is there. */
  readonly bodyBytes: number;
}

const EMPTY = new Uint8Array(0);

/** Makes a frame; entries whose value is `undefined` are left out. */
export function makeFrame(
  command: string,
  headers: Readonly<Record<string, string | undefined>> = {},
  body: Uint8Array = EMPTY,
): Frame {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, value);
  }
  return { command, headers: map, body };
}

/** Tells whether a frame of this command may have a body (STOMP 1.2, "Body"). */
export function mayHaveBody(command: string): boolean {
  return command === "SEND" || command === "MESSAGE" || command === "ERROR";
}
