import assert from "node:assert/strict";
import { FrameDecoder } from "../../../../lib/stomp/mod.ts";
import { failure, plain, singly } from "./bytes.ts";
import { bytes } from "../../../kit/text.ts";

const LIMITS = {
  maxHeaders: 4,
  maxHeaderBytes: 30,
  maxHeadBytes: 80,
  maxBodyBytes: 10,
};

function trim(wire: string) {
  const whole = new FrameDecoder({
    version: "1.2",
    limits: LIMITS,
    trimMessages: true,
  });
  const frames = [...whole.push(bytes(wire))];
  const single = new FrameDecoder({
    version: "1.2",
    limits: LIMITS,
    trimMessages: true,
  });
  const again = [...singly(bytes(wire))].flatMap((byte) => [
    ...single.push(byte),
  ]);
  assert.deepEqual(again, frames, "byte by byte");
  return frames.map((frame) => ({ ...plain(frame), trimmed: frame.trimmed }));
}

const NEXT = "MESSAGE\nack:2\n\nnext\0";
const next = {
  command: "MESSAGE",
  headers: { ack: "2" },
  body: "next",
  trimmed: undefined,
};

Deno.test("FrameDecoder drops an over-long header of a MESSAGE when told to, and reads on", () => {
  const long = "x".repeat(100);
  assert.deepEqual(
    trim(`MESSAGE\nempa-id:${long}\nack:1\ncontent-length:2\n\nhi\0${NEXT}`),
    [{
      command: "MESSAGE",
      headers: { ack: "1", "content-length": "2" },
      body: "hi",
      trimmed: { headers: 1, bodyBytes: 0 },
    }, next],
  );
});

Deno.test("FrameDecoder keeps what acknowledges a MESSAGE, however many headers come before", () => {
  const many = Array.from({ length: 40 }, (_, i) => `h${i}:${i}\n`).join("");
  const [message] = trim(`MESSAGE\n${many}ack:1\nmessage-id:7\nack:8\n\nhi\0`);
  assert.deepEqual(message, {
    command: "MESSAGE",
    headers: {
      h0: "0",
      h1: "1",
      h2: "2",
      h3: "3",
      ack: "1",
      "message-id": "7",
    },
    body: "hi",
    trimmed: { headers: 37, bodyBytes: 0 },
  });
});

Deno.test("FrameDecoder drops an over-long body of a MESSAGE when told to, and reads on", () => {
  const trimmed = { headers: 0, bodyBytes: 11 };
  assert.deepEqual(
    trim(`MESSAGE\nack:1\ncontent-length:11\n\n01234\x0056789\0${NEXT}`),
    [{
      command: "MESSAGE",
      headers: { ack: "1", "content-length": "11" },
      body: "",
      trimmed,
    }, next],
  );
  assert.deepEqual(trim(`MESSAGE\nack:1\n\n01234567890\0${NEXT}`), [
    { command: "MESSAGE", headers: { ack: "1" }, body: "", trimmed },
    next,
  ]);
});

Deno.test("FrameDecoder takes what is exactly at the limits for whole", () => {
  const [message] = trim("MESSAGE\nack:1\n\n0123456789\0");
  assert.equal(message?.body, "0123456789");
  assert.equal(message?.trimmed, undefined);
});

Deno.test("FrameDecoder refuses other frames over the limits, and a MESSAGE unless told to trim", () => {
  for (
    const [wire, trimMessages] of [
      ["ERROR\n\n01234567890\0", true],
      ["MESSAGE\n\n01234567890\0", false],
    ] as const
  ) {
    const decoder = new FrameDecoder({ limits: LIMITS, trimMessages });
    assert.throws(
      () => [...decoder.push(bytes(wire))],
      failure("LIMIT", /it has a body of more than 10 bytes$/),
    );
  }
});
