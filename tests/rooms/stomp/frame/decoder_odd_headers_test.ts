import assert from "node:assert/strict";
import {
  encodeFrame,
  FrameDecoder,
  makeFrame,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { decode, failure, plain, singly } from "./bytes.ts";
import { bytes } from "../../../kit/text.ts";

/** `\xHH` in a text stands for that byte. */
function raw(text: string): Uint8Array<ArrayBuffer> {
  const parts = text.split(/\\x([0-9a-f]{2})/);
  return Uint8Array.from(
    parts.flatMap((part, index) =>
      index % 2 === 1 ? [parseInt(part, 16)] : [...bytes(part)]
    ),
  );
}

/** What a client reads, at once and byte by byte. */
function read(wire: Uint8Array, version: StompVersion = "1.2") {
  const options = { version, trimMessages: "headers" } as const;
  const whole = new FrameDecoder(options);
  const frames = [...whole.push(wire)];
  const single = new FrameDecoder(options);
  const again = [...singly(wire)].flatMap((byte) => [...single.push(byte)]);
  assert.deepEqual(again, frames, "byte by byte");
  return frames.map((frame) => ({ ...plain(frame), trimmed: frame.trimmed }));
}

const ODD: Readonly<Record<string, string>> = {
  "a value that is not UTF-8": "x:caf\\xe9",
  "a name that is not UTF-8": "caf\\xe9:x",
  "no name": ":x",
  "no colon": "x",
  "an undefined escape": "x:a\\tb",
  "a backslash at the end": "x:a\\",
  "a bare CR": "x:a\rb",
  "a NUL": "x:a\0b",
  "more than 16 KiB": `x:${"y".repeat(20_000)}`,
};

for (const [what, line] of Object.entries(ODD)) {
  for (const command of ["MESSAGE", "ERROR"]) {
    Deno.test(`FrameDecoder leaves a header with ${what} out of ${command}, and reads on`, () => {
      const head = `${command}\nack:1\n${line}\nmessage-id:7`;
      assert.deepEqual(
        read(raw(`${head}\ncontent-length:3\n\na\0b\0${head}\n\nlast\0`)),
        ["a\0b", "last"].map((body, index) => ({
          command,
          headers: {
            ack: "1",
            "message-id": "7",
            ...(index === 0 && { "content-length": "3" }),
          },
          body,
          trimmed: { headers: 1, bodyBytes: 0 },
        })),
      );
    });
  }

  Deno.test(`FrameDecoder refuses a header with ${what} in any other frame, and where nothing is to be left out`, () => {
    for (const command of ["SEND", "MESSAGE"]) {
      const wire = raw(`${command}\n${line}\n\n\0`);
      assert.throws(() => decode([wire]), { name: "SsmError" });
    }
    const client = new FrameDecoder({
      version: "1.2",
      trimMessages: "headers",
    });
    const wire = raw(`RECEIPT\n${line}\n\n\0`);
    assert.throws(() => [...client.push(wire)], { name: "SsmError" });
  });
}

Deno.test("FrameDecoder takes a replacement character that was sent as such for a character", () => {
  const [message] = read(bytes("MESSAGE\nx:a\ufffdb\n\n\0"));
  assert.deepEqual(message?.headers, { x: "a\ufffdb" });
  assert.equal(message?.trimmed, undefined);
  const [mixed] = read(raw("MESSAGE\nx:\ufffd\\xe9\n\n\0"));
  assert.deepEqual(mixed?.headers, {});
});

Deno.test("FrameDecoder reads a head of a million bad lines, and keeps nothing of it", () => {
  const decoder = new FrameDecoder({ version: "1.2", trimMessages: "headers" });
  const lines = raw("ack:\\xff\nx:\\xe9\n:\n".repeat(3000));
  assert.deepEqual([...decoder.push(bytes("MESSAGE\n"))], []);
  for (let n = 0; n < 112; n++) {
    assert.deepEqual([...decoder.push(lines)], []);
  }
  assert.ok(decoder.heldBytes < 100);
  const [frame] = decoder.push(bytes("message-id:7\n\nbody\0"));
  assert.deepEqual(plain(frame!), {
    command: "MESSAGE",
    headers: { "message-id": "7" },
    body: "body",
  });
  assert.equal(frame?.trimmed?.headers, 112 * 9000);
});

Deno.test("FrameDecoder takes of repeated headers the first that can be read", () => {
  const [message] = read(raw("MESSAGE\nack:\\xe9\nack:1\nack:2\n\n\0"));
  assert.deepEqual(message?.headers, { ack: "1" });
});

Deno.test("FrameDecoder leaves out what is beyond 128 headers, readable or not", () => {
  const lines = Array.from(
    { length: 300 },
    (_, i) => i % 2 ? `h${i}:v\n` : "caf\\xe9\n",
  );
  const [message] = read(raw(`MESSAGE\n${lines.join("")}ack:1\n\nhi\0`));
  assert.equal(message?.body, "hi");
  assert.equal(message?.headers["ack"], "1");
  assert.equal(Object.keys(message?.headers ?? {}).length, 65);
  assert.deepEqual(message?.trimmed, { headers: 236, bodyBytes: 0 });
});

Deno.test("FrameDecoder refuses a MESSAGE whose end is in doubt, and names it", () => {
  const head = "MESSAGE\ndestination:/queue/a\nmessage-id:7\n";
  const name =
    'Cannot read MESSAGE frame \\(destination "/queue/a", message-id "7"\\): ';
  const doubts: readonly [string, RegExp][] = [
    ["content-length:\\xe9\n\nx\0", /a header is not UTF-8$/],
    ["content-length:1\0\n\nx\0", /a header contains a NUL$/],
    ["content-length\n\nx\0", /a header has no colon$/],
    [
      `content-length:${"0".repeat(20_000)}1\n\nx\0`,
      /its content-length is not a number$/,
    ],
    ["content-length:x\n\nx\0", /its content-length "x" is not a number$/],
    ["content-length:1\n\nxy\0", /no NUL follows its body/],
  ];
  for (const [rest, why] of doubts) {
    for (const split of [(wire: Uint8Array) => [wire], singly]) {
      const decoder = new FrameDecoder({
        version: "1.2",
        trimMessages: "headers",
      });
      assert.throws(() => {
        for (const chunk of split(raw(head + rest))) [...decoder.push(chunk)];
      }, failure("STOMP_PROTOCOL", new RegExp(name + why.source)));
    }
  }
});

Deno.test("FrameDecoder drops no body unless told to", () => {
  const decoder = new FrameDecoder({
    limits: { maxBodyBytes: 3 },
    trimMessages: "headers",
  });
  assert.throws(
    () => [...decoder.push(bytes("MESSAGE\nmessage-id:7\n\nbody\0"))],
    failure(
      "LIMIT",
      'Cannot read MESSAGE frame (message-id "7"): it has a body of more than 3 bytes',
    ),
  );
});

Deno.test("FrameDecoder ignores blanks around name and value in 1.0, and keeps them later", () => {
  const wire = bytes(
    "MESSAGE\ndestination:  /queue/a\t\ncontent-length : 2\n x y :\n\na\0\0",
  );
  assert.deepEqual(read(wire, "1.0"), [{
    command: "MESSAGE",
    headers: { destination: "/queue/a", "content-length": "2", "x y": "" },
    body: "a\0",
    trimmed: undefined,
  }]);
  const later = bytes("MESSAGE\ndestination:  /queue/a\t\n x y : z \n\n\0");
  for (const version of ["1.1", "1.2"] as const) {
    assert.deepEqual(read(later, version)[0]?.headers, {
      destination: "  /queue/a\t",
      " x y ": " z ",
    });
  }
});

Deno.test("FrameDecoder ignores blanks in the greeting of a peer that knows of no versions", () => {
  const headers = (wire: string) => plain(decode([wire])[0]!).headers;
  assert.deepEqual(
    headers("CONNECT\nlogin : a\npasscode: b \n\n\0"),
    { login: "a", passcode: "b" },
  );
  assert.deepEqual(
    headers("CONNECT\naccept-version:1.2\nlogin: a\n\n\0"),
    { "accept-version": "1.2", login: " a" },
  );
  assert.deepEqual(headers("CONNECTED\nsession: a\n\n\0"), { session: "a" });
  assert.deepEqual(
    headers("CONNECTED\nversion:1.1\nsession: a\n\n\0"),
    { version: "1.1", session: " a" },
  );
});

Deno.test("FrameDecoder reads a name of nothing but blanks as none in 1.0", () => {
  assert.throws(
    () => decode(["SEND\n :x\n\n\0"], { version: "1.0" }),
    failure("STOMP_PROTOCOL", /a header has no name$/),
  );
  assert.throws(
    () => decode(["CONNECT\n :x\n\n\0"]),
    failure("STOMP_PROTOCOL", /a header has no name$/),
  );
});

Deno.test("FrameDecoder ignores line ends for a body of a frame of 1.0 that must have none", () => {
  for (
    const wire of [
      "CONNECT\nlogin:a\n\n\n\0",
      "SUBSCRIBE\ndestination:a\n\n\r\n\n\0",
      "SUBSCRIBE\ncontent-length:2\n\n\n\n\0",
    ]
  ) {
    for (const chunks of [[bytes(wire)], singly(bytes(wire))]) {
      const [frame] = decode(chunks, { version: "1.0" });
      assert.equal(frame?.body.length, 0);
    }
  }
  for (
    const [wire, version] of [
      ["SUBSCRIBE\n\n\n\0", "1.1"],
      ["CONNECT\naccept-version:1.2\n\n\n\0", "1.0"],
      ["SUBSCRIBE\n\n\nx\0", "1.0"],
    ] as const
  ) {
    assert.throws(
      () => decode([wire], { version }),
      failure("STOMP_PROTOCOL", /it must not have a body$/),
    );
  }
  assert.throws(
    () =>
      decode([`SUBSCRIBE\n\n${"\n".repeat(11)}\0`], {
        version: "1.0",
        limits: { maxBodyBytes: 10 },
      }),
    failure("LIMIT", /more than 10 bytes$/),
  );
});

Deno.test("FrameDecoder reads what encodeFrame() wrote, blanks included, in 1.1 and 1.2", () => {
  const frame = makeFrame("MESSAGE", { x: " y ", " z": "" });
  for (const version of ["1.1", "1.2"] as const) {
    const [again] = decode([encodeFrame(frame, version)], { version });
    assert.deepEqual(again?.headers, frame.headers);
  }
});
