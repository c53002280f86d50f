/**
 * Frames to bytes.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { escapeHeader, headerRule } from "./escape.ts";
import { type Frame, mayHaveBody, type StompVersion } from "./frame.ts";

const utf8 = new TextEncoder();
const NUL = Uint8Array.of(0);
const NUL_EOL = Uint8Array.of(0, 0x0a);

/** How a frame is written. */
export interface EncodeOptions {
  /** Whether a line end follows its NUL, which every version allows. @default false */
  readonly trailingEol?: boolean | undefined;
}

/**
 * Writes a frame as parts to be sent one after another; the body is the
 * frame's own array, not a copy.
 *
 * `content-length` is written on every SEND and on every frame with a body,
 * always with the true length, whatever the frame's headers say.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when the version cannot express a header,
 * or the command must not have a body.
 */
export function encodeFrameParts(
  frame: Frame,
  version: StompVersion,
  { trailingEol }: EncodeOptions = {},
): Uint8Array[] {
  const { body } = frame;
  const head = utf8.encode(encodeHead(frame, version));
  const end = trailingEol ? NUL_EOL : NUL;
  return body.length === 0 ? [head, end] : [head, body, end];
}

/** Writes a frame as one array; see {@linkcode encodeFrameParts}. */
export function encodeFrame(
  frame: Frame,
  version: StompVersion,
  { trailingEol }: EncodeOptions = {},
): Uint8Array {
  const { body } = frame;
  const head = utf8.encode(encodeHead(frame, version));
  const end = trailingEol ? NUL_EOL : NUL;
  const bytes = new Uint8Array(head.length + body.length + end.length);
  bytes.set(head);
  bytes.set(body, head.length);
  bytes.set(end, head.length + body.length);
  return bytes;
}

function encodeHead(frame: Frame, version: StompVersion): string {
  const { command, headers, body } = frame;
  if (!/^[A-Z]{1,32}$/.test(command)) {
    throw new SsmError(
      "STOMP_PROTOCOL",
      `Cannot write frame: "${command}" is not a command`,
    );
  }
  if (body.length > 0 && !mayHaveBody(command)) {
    throw new SsmError(
      "STOMP_PROTOCOL",
      `Cannot write ${command} frame: it must not have a body`,
    );
  }
  const rule = headerRule(command, version);
  let head = `${command}\n`;
  for (const [name, value] of headers) {
    if (name === "content-length") continue;
    if (name === "") {
      throw new SsmError(
        "STOMP_PROTOCOL",
        `Cannot write ${command} frame: a header has no name`,
      );
    }
    head += `${escapeHeader(name, "name", rule)}:${
      escapeHeader(value, "value", rule)
    }\n`;
  }
  if (body.length > 0 || command === "SEND") {
    head += `content-length:${body.length}\n`;
  }
  return head + "\n";
}
