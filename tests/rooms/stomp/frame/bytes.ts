/**
 * Short hands for text, bytes and frames.
 *
 * @module
 */
import {
  type Frame,
  FrameDecoder,
  type FrameLimits,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { bytes, text } from "../../../kit/text.ts";

/** A frame as plain data, to be compared. */
export function plain({ command, headers, body }: Frame) {
  return { command, headers: Object.fromEntries(headers), body: text(body) };
}

/** What a decoder makes of `chunks`. */
export function decode(
  chunks: Iterable<Uint8Array | string>,
  options: { version?: StompVersion; limits?: FrameLimits } = {},
): Frame[] {
  const decoder = new FrameDecoder({ version: "1.2", ...options });
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    const data = typeof chunk === "string" ? bytes(chunk) : chunk;
    frames.push(...decoder.push(data));
  }
  return frames;
}

/** `data`, byte by byte. */
export function* singly(data: Uint8Array): Generator<Uint8Array> {
  for (const byte of data) yield Uint8Array.of(byte);
}

/** For {@linkcode assert.throws}: an error of this code and this message. */
export function failure(code: string, message: string | RegExp) {
  return { name: /^(Ssm|Stomp)Error$/, code, message };
}
