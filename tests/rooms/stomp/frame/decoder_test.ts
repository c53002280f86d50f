import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  encodeFrame,
  FrameDecoder,
  makeFrame,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { decode, failure, plain, singly } from "./bytes.ts";
import { bytes } from "../../../kit/text.ts";

/** A conversation with everything in it: heart-beats, NULs, CR LF, no content-length. */
const WIRE = bytes(
  "\n\nCONNECTED\r\nversion:1.2\r\n\r\n\0\n\r\n" +
    "MESSAGE\nack:1\\c2\ncontent-length:5\n\na\0b\nc\0\n" +
    "MESSAGE\r\nx:ü\\n\r\ny:\r\n\r\nno length\r\n\0" +
    "ERROR\n\n\0RECEIPT\nreceipt-id:r\nreceipt-id:s\n\n\0\n\n",
);
const FRAMES = [
  { command: "CONNECTED", headers: { version: "1.2" }, body: "" },
  {
    command: "MESSAGE",
    headers: { ack: "1:2", "content-length": "5" },
    body: "a\0b\nc",
  },
  { command: "MESSAGE", headers: { x: "ü\n", y: "" }, body: "no length\r\n" },
  { command: "ERROR", headers: {}, body: "" },
  { command: "RECEIPT", headers: { "receipt-id": "r" }, body: "" },
];

Deno.test("FrameDecoder reads several frames glued together", () => {
  assert.deepEqual(decode([WIRE]).map(plain), FRAMES);
});

Deno.test("FrameDecoder reads the same when split in two at any byte", () => {
  for (let at = 0; at <= WIRE.length; at++) {
    const halves = [WIRE.subarray(0, at), WIRE.subarray(at)];
    assert.deepEqual(decode(halves).map(plain), FRAMES, `split at ${at}`);
  }
});

Deno.test("FrameDecoder reads the same one byte at a time", () => {
  assert.deepEqual(decode(singly(WIRE)).map(plain), FRAMES);
});

Deno.test("FrameDecoder yields nothing for heart-beats and is not mid-frame then", () => {
  const decoder = new FrameDecoder();
  assert.deepEqual([...decoder.push(bytes("\n\r\n\n"))], []);
  assert.equal(decoder.midFrame, false);
  assert.deepEqual([...decoder.push(bytes("MESSAGE\n"))], []);
  assert.equal(decoder.midFrame, true);
  assert.equal([...decoder.push(bytes("\n\0"))].length, 1);
  assert.equal(decoder.midFrame, false);
});

Deno.test("FrameDecoder takes a version set upon one frame for the next in the same chunk", () => {
  const decoder = new FrameDecoder();
  const seen = [];
  for (
    const frame of decoder.push(bytes("CONNECTED\n\n\0MESSAGE\nx:a\\cb\n\n\0"))
  ) {
    decoder.version = "1.2";
    seen.push(frame.headers.get("x"));
  }
  assert.deepEqual(seen, [undefined, "a:b"]);
});

Deno.test("FrameDecoder keeps a final CR in a value of 1.1 unless the command line has one", () => {
  const read = (wire: string) =>
    decode([wire], { version: "1.1" })[0]!.headers.get("x");
  assert.equal(read("SEND\nx:y\r\n\n\0"), "y\r");
  assert.equal(read("SEND\r\nx:y\r\n\r\n\0"), "y");
});

Deno.test("FrameDecoder keeps a byte order mark in a value", () => {
  assert.equal(
    decode(["SEND\nx:\ufeffy\n\n\0"])[0]!.headers.get("x"),
    "\ufeffy",
  );
});

Deno.test("FrameDecoder hands out bodies that do not share memory with the chunk", () => {
  const chunk = bytes("SEND\ncontent-length:3\n\nabc\0SEND\n\ndef\0");
  const bodies = decode([chunk]).map((frame) => frame.body);
  chunk.fill(0x58);
  assert.deepEqual(bodies, [bytes("abc"), bytes("def")]);
});

const MALFORMED: readonly [string, string | Uint8Array, RegExp | string][] = [
  [
    "a header without a colon",
    "SEND\nx\n\n\0",
    "Cannot read SEND frame: a header has no colon",
  ],
  [
    "a header without a name",
    "SEND\n:x\n\n\0",
    "Cannot read SEND frame: a header has no name",
  ],
  [
    "a NUL in a header",
    "SEND\nx:a\0b\n\n\0",
    "Cannot read SEND frame: a header contains a NUL",
  ],
  [
    "a frame that ends within its headers",
    "SEND\nx:a\0\n",
    "Cannot read SEND frame: a header contains a NUL",
  ],
  [
    "a header that is not UTF-8",
    Uint8Array.of(...bytes("SEND\nx:"), 0xff, 0x0a),
    "Cannot read SEND frame: a header is not UTF-8",
  ],
  [
    "a negative content-length",
    "SEND\ncontent-length:-1\n\n\0",
    'Cannot read SEND frame: its content-length "-1" is not a number',
  ],
  [
    "an empty content-length",
    "SEND\ncontent-length:\n\n\0",
    'Cannot read SEND frame: its content-length "" is not a number',
  ],
  [
    "a content-length that is no number",
    "SEND\ncontent-length:0x10\n\n\0",
    'Cannot read SEND frame: its content-length "0x10" is not a number',
  ],
  [
    "a content-length beyond all numbers",
    "SEND\ncontent-length:9999999999999\n\n\0",
    'Cannot read SEND frame: its content-length "9999999999999" is not a number',
  ],
  [
    "a content-length that is too small",
    "SEND\ncontent-length:2\n\nabc\0",
    "Cannot read SEND frame: no NUL follows its body of content-length 2",
  ],
  [
    "a content-length that is too large",
    "SEND\ncontent-length:4\n\nabc\0SEND\n\n\0",
    "Cannot read SEND frame: no NUL follows its body of content-length 4",
  ],
  [
    "a counted body where there must be none",
    "RECEIPT\ncontent-length:1\n\nx\0",
    "Cannot read RECEIPT frame: it must not have a body",
  ],
  [
    "a body where there must be none",
    "RECEIPT\n\nx\0",
    "Cannot read RECEIPT frame: it must not have a body",
  ],
  [
    "a second frame without a command",
    "SEND\n\n\0hello\n",
    "Cannot read frame: a frame does not begin with a command",
  ],
  [
    "CR without LF between frames",
    "SEND\n\n\0\rSEND\n\n\0",
    "Cannot read frame: a frame does not begin with a command",
  ],
  [
    "a CR inside the command",
    "SE\rND\n\n\0",
    "Cannot read frame: the peer does not speak STOMP",
  ],
  [
    "a lower-case command",
    "send\n\n\0",
    "Cannot read frame: the peer does not speak STOMP",
  ],
  [
    "a command of 33 letters",
    `${"A".repeat(33)}\n`,
    "Cannot read frame: the peer does not speak STOMP",
  ],
];

for (const [what, wire, message] of MALFORMED) {
  Deno.test(`FrameDecoder rejects ${what}, whole and byte by byte`, () => {
    const data = typeof wire === "string" ? bytes(wire) : wire;
    for (const chunks of [[data], singly(data)]) {
      assert.throws(() => decode(chunks), failure("STOMP_PROTOCOL", message));
    }
  });
}

const STRANGERS: readonly [string, Uint8Array, string][] = [
  ["an HTTP server", bytes("HTTP/1.1 400 Bad Request\r\n"), ", it speaks HTTP"],
  ["an HTTP client", bytes("GET / HTTP/1.1\r\n"), ", it speaks HTTP"],
  [
    "a TLS server",
    Uint8Array.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a),
    ", it speaks TLS",
  ],
  [
    "a TLS client",
    Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00),
    ", it speaks TLS",
  ],
  ["an AMQP server", bytes("AMQP\0\0\x09\x01"), ", it speaks AMQP"],
  [
    "a proxy that names its client",
    bytes("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r"),
    ", it sends a PROXY protocol header: say --proxy-protocol",
  ],
  ["an SSH server", bytes("SSH-2.0-OpenSSH_9"), ""],
];

Deno.test("FrameDecoder knows the PROXY protocol, version 2, by what follows its line ends", () => {
  assert.throws(
    () => decode([bytes("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c")]),
    failure(
      "STOMP_PROTOCOL",
      /, it sends a PROXY protocol header: say --proxy-protocol$/,
    ),
  );
});

for (const [what, greeting, guess] of STRANGERS) {
  Deno.test(`FrameDecoder finds out ${what} before any line feed`, () => {
    assert.throws(
      () => decode([greeting.filter((byte) => byte !== 0x0a)]),
      failure(
        "STOMP_PROTOCOL",
        `Cannot read frame: the peer does not speak STOMP${guess}`,
      ),
    );
  });
}

Deno.test("FrameDecoder stays failed after its first error", () => {
  const decoder = new FrameDecoder();
  assert.throws(() => [...decoder.push(bytes("?"))]);
  assert.throws(
    () => [...decoder.push(bytes("SEND\n\n\0"))],
    failure("STOMP_PROTOCOL", /the peer does not speak STOMP/),
  );
});

const EDGES: readonly [
  string,
  {
    maxHeaders?: number;
    maxHeaderBytes?: number;
    maxHeadBytes?: number;
    maxBodyBytes?: number;
  },
  string,
  string,
  string,
][] = [
  [
    "maxHeaders",
    { maxHeaders: 2 },
    "SEND\na:1\na:2\n\n\0",
    "SEND\na:1\na:2\na:3\n\n\0",
    "more than 2 headers",
  ],
  [
    "maxHeaderBytes",
    { maxHeaderBytes: 5 },
    "SEND\na:345\n\n\0",
    "SEND\na:3456\n\n\0",
    "a header of more than 5 bytes",
  ],
  [
    "maxHeadBytes",
    { maxHeadBytes: 10 },
    "SEND\na:1\n\n\0",
    "SEND\na:12\n\n\0",
    "headers of more than 10 bytes",
  ],
  [
    "maxBodyBytes with content-length",
    { maxBodyBytes: 3 },
    "SEND\ncontent-length:3\n\nabc\0",
    "SEND\ncontent-length:4\n\nabcd\0",
    "a body of 4 bytes, more than 3",
  ],
  [
    "maxBodyBytes without content-length",
    { maxBodyBytes: 3 },
    "SEND\n\nabc\0",
    "SEND\n\nabcd\0",
    "a body of more than 3 bytes",
  ],
];

for (const [what, limits, within, beyond, words] of EDGES) {
  Deno.test(`FrameDecoder keeps to ${what} to the byte`, () => {
    const version: StompVersion = "1.2";
    for (const split of [(data: Uint8Array) => [data], singly]) {
      assert.equal(decode(split(bytes(within)), { version, limits }).length, 1);
      assert.throws(
        () => decode(split(bytes(beyond)), { version, limits }),
        failure("LIMIT", `Cannot read SEND frame: it has ${words}`),
      );
    }
  });
}

Deno.test("FrameDecoder refuses an endless header line before it ends", () => {
  const chunks = ["SEND\nx:", ...Array<string>(17).fill("y".repeat(1024))];
  assert.throws(
    () => decode(chunks),
    failure("LIMIT", /more than 16384 bytes/),
  );
});

Deno.test("FrameDecoder refuses a promised body of more than 128 MiB before it comes", () => {
  const wire = (length: number) => [`SEND\ncontent-length:${length}\n\n`];
  assert.deepEqual(decode(wire(128 << 20)), []);
  assert.throws(
    () => decode(wire((128 << 20) + 1)),
    failure("LIMIT", /134217729/),
  );
});

Deno.test("FrameDecoder.limit() changes the limits it is given and checks them", () => {
  const decoder = new FrameDecoder({ limits: { maxBodyBytes: 1 } });
  decoder.limit({ maxBodyBytes: 2 });
  assert.equal([...decoder.push(bytes("SEND\n\nab\0"))].length, 1);
  assert.throws(() => decoder.limit({ maxHeaders: -1 }), RangeError);
  assert.throws(
    () => new FrameDecoder({ limits: { maxBodyBytes: 1.5 } }),
    RangeError,
  );
});

Deno.test("FrameDecoder reads a body of 3 MB that comes in odd pieces", () => {
  const body = new Uint8Array(3_000_000);
  for (let i = 0; i < body.length; i++) body[i] = i * 7;
  const wire = encodeFrame(makeFrame("SEND", {}, body), "1.2");
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < wire.length; at += 9973) {
    chunks.push(wire.subarray(at, at + 9973));
  }
  const [frame] = decode(chunks);
  assert.equal(Buffer.compare(frame!.body, body), 0);
});
