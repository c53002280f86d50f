/**
 * STOMP: frames as they come over the wire, and the escapes in their headers.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  escapeHeader,
  type HeaderRule,
  unescapeHeader,
} from "../../../../lib/stomp/frame/escape.ts";
import type { FrameDecoderOptions } from "../../../../lib/stomp/frame/decoder.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { type Outcome, outcome, valueOf } from "../outcome.ts";
import type { Random } from "../../../kit/random.ts";
import type { Target } from "../target.ts";

const encoder = new TextEncoder();
const VERSIONS: readonly StompVersion[] = ["1.0", "1.1", "1.2"];
const LIMITS = {
  maxHeaders: 12,
  maxHeaderBytes: 200,
  maxHeadBytes: 600,
  maxBodyBytes: 2000,
};

/** What came out of the decoder until it had enough, and why it had. */
interface Decoded {
  readonly frames: readonly Frame[];
  readonly end: Outcome<boolean>;
}

function decode(
  chunks: Iterable<Uint8Array>,
  options: FrameDecoderOptions,
): Decoded {
  const decoder = new FrameDecoder(options);
  const frames: Frame[] = [];
  const end = outcome(["STOMP_PROTOCOL", "LIMIT"], () => {
    for (const chunk of chunks) {
      // One by one: those before an error count.
      for (const frame of decoder.push(chunk)) frames.push(frame);
    }
    return decoder.midFrame;
  });
  return { frames, end };
}

function* cut(input: Uint8Array, random: Random): Generator<Uint8Array> {
  const largest = random.pick([1, 3, 40, 1000]);
  for (let at = 0; at < input.length;) {
    const end = at + 1 + random.below(largest);
    yield input.subarray(at, end);
    at = end;
  }
}

function checkFrame(frame: Frame, { version, limits }: FrameDecoderOptions) {
  const { maxHeaders, maxBodyBytes } = limits!;
  const { command, headers, body, trimmed } = frame;
  assert.match(command, /^[A-Z]{1,32}$/);
  assert.ok(headers.size <= maxHeaders! || trimmed, "too many headers");
  assert.ok(body.length <= maxBodyBytes!, "too large a body");
  // What was read can be written, and is read again as the same.
  const wire = valueOf(
    outcome(["STOMP_PROTOCOL"], () => encodeFrame(frame, version!)),
  );
  if (!wire) return;
  // Escapes make it longer.
  const ample = { maxHeaders: 200, maxHeaderBytes: 1e6, maxHeadBytes: 1e6 };
  const decoder = new FrameDecoder({ version, limits: ample });
  const [again, ...more] = decoder.push(wire);
  assert.deepEqual(more, []);
  assert.equal(again!.command, command);
  assert.deepEqual(again!.body, body);
  assert.deepEqual(withoutLength(again!), withoutLength(frame));
}

/** The encoder sets its own content-length. */
function withoutLength({ headers }: Frame): [string, string][] {
  return [...headers].filter(([name]) => name !== "content-length");
}

const FRAMES: Target = {
  name: "frames",
  samples: [
    "\n\nCONNECTED\r\nversion:1.2\r\nserver:x/1\r\n\r\n\0\n\r\n",
    "MESSAGE\nsubscription:1\nmessage-id:7\nack:1\\c2\ndestination:/queue/a\n" +
    "content-length:5\n\na\0b\nc\0\n",
    "MESSAGE\r\nx:ü\\n\\\\n\r\ny:\r\nx:again\r\n\r\nno length\r\n\0",
    "SEND\ndestination:/queue/a\nreceipt:r\ncontent-length:3\n\nabc\0",
    "ERROR\nmessage:no\n\nwhy\0RECEIPT\nreceipt-id:r\n\n\0\n\n",
    `SEND\n${"k:v\n".repeat(20)}\n${"body".repeat(600)}\0`,
  ].map((text) => encoder.encode(text)),
  words: [
    ...["\0", "\n", "\r\n", "\r", ":", " ", "\\c", "\\n", "\\r", "\\\\", "\\t"],
    ...["content-length:", "content-length:999999999999\n", "MESSAGE\n"],
    ...["SEND\n", "ACK\n", "\n\n", "\n\n\0", "\xff", "GET / HTTP/1.1\r\n"],
  ],
  check(input, random) {
    const options = {
      version: random.pick(VERSIONS),
      trimMessages: random.pick([false, "headers", true] as const),
      limits: random.oneIn(2) ? LIMITS : { maxHeaders: 128, maxBodyBytes: 1e6 },
    };
    const whole = decode([input], options);
    assert.deepEqual(decode(cut(input, random), options), whole);
    for (const frame of whole.frames) checkFrame(frame, options);
  },
};

const RULES: readonly HeaderRule[] = ["1.0", "1.1", "1.2", "connect"];

const HEADERS: Target = {
  name: "headers",
  samples: ["plain", "a\\cb\\nc\\\\n", "/queue/a:b", "ü\u2028\\r\\n"]
    .map((text) => encoder.encode(text)),
  words: ["\\", "\\\\", "\\n", "\\c", "\\r", "\\t", ":", "\n", "\r", "\0", "ü"],
  check(input, random) {
    const text = new TextDecoder().decode(input);
    const rule = random.pick(RULES);
    const part = random.pick(["name", "value"] as const);
    const escaped = valueOf(
      outcome(["STOMP_PROTOCOL"], () => escapeHeader(text, part, rule)),
    );
    if (escaped !== undefined) {
      assert.ok(!/[\n\0]/.test(escaped), "a header ends early");
      // In 1.0 blanks around it do not count.
      const kept = rule === "1.0" ? text.replace(/^[ \t]+|[ \t]+$/g, "") : text;
      assert.equal(unescapeHeader(escaped, rule), kept);
    }
    const value = valueOf(
      outcome(["STOMP_PROTOCOL"], () => unescapeHeader(text, rule)),
    );
    assert.ok((value ?? "").length <= text.length, "a header grows");
  },
};

export const WIRE_TARGETS: readonly Target[] = [FRAMES, HEADERS];
