import assert from "node:assert/strict";
import type { PulledMessage } from "../../../lib/ams/mod.ts";
import { readPulledMessage } from "../../../lib/ams/message/pulled_message.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const NOTHING = new Uint8Array(0);

const DATA: readonly (readonly [string, unknown, PulledMessage["data"]])[] = [
  ["base64", "b25l", { bytes: bytes("one") }],
  ["an empty text", "", { bytes: NOTHING }],
  ["base64 in lines", "b2\r\n5 l", { bytes: bytes("one") }],
  ["base64 without padding", "b24", { bytes: bytes("on") }],
  ["nothing", undefined, { broken: "no data", raw: NOTHING }],
  ["null", null, { broken: "no data", raw: NOTHING }],
  ["a number", 7, { broken: "data that is no text", raw: bytes("7") }],
  ["an object", { a: 1 }, {
    broken: "data that is no text",
    raw: bytes('{"a":1}'),
  }],
  ["broken base64", "b2*5l", { broken: "broken base64", raw: bytes("b2*5l") }],
  ["another alphabet", "_-__", { broken: "broken base64", raw: bytes("_-__") }],
  ["digits after padding", "bw==bw==", {
    broken: "broken base64",
    raw: bytes("bw==bw=="),
  }],
  ["text", "grüße", { broken: "broken base64", raw: bytes("grüße") }],
];

for (const [what, data, expected] of DATA) {
  Deno.test(`readPulledMessage() reads data: ${what}`, () => {
    const message = JSON.parse(JSON.stringify({ data }));
    assert.deepEqual(readPulledMessage({ message }).data, expected);
  });
}

const ATTRIBUTES: readonly (readonly [unknown, Record<string, string>])[] = [
  [undefined, {}],
  [null, {}],
  [{}, {}],
  [{ empaid: "x", a: "" }, { empaid: "x", a: "" }],
  [{ n: 7, b: true, o: { p: [1] }, z: null }, {
    n: "7",
    b: "true",
    o: '{"p":[1]}',
  }],
  [[{ empaid: "x" }, { a: "b" }, 7, null], { empaid: "x", a: "b" }],
  [["empaid", "x"], {}],
  ["empaid", {}],
  [7, {}],
  [JSON.parse('{"__proto__":"x"}'), JSON.parse('{"__proto__":"x"}')],
];

for (const [attributes, expected] of ATTRIBUTES) {
  Deno.test(`readPulledMessage() reads attributes: ${JSON.stringify(attributes)}`, () => {
    const message = { data: "", attributes };
    assert.deepEqual(
      [...readPulledMessage({ message }).attributes],
      Object.entries(expected),
    );
  });
}

for (
  const [ackId, offset] of [
    ["projects/P/subscriptions/S:0", 0n],
    ["projects/P/subscriptions/S:9223372036854775807", 2n ** 63n - 1n],
    ["projects/P/subscriptions/S:9223372036854775808", undefined],
    ["projects/P/subscriptions/S:-1", undefined],
    ["projects/P/subscriptions/S:1.5", undefined],
    ["projects/P/subscriptions/S:", undefined],
    ["7", 7n],
    ["", undefined],
  ] as const
) {
  Deno.test(`readPulledMessage() reads the offset of ${JSON.stringify(ackId)}`, () => {
    const read = readPulledMessage({ ackId, message: { data: "" } });
    assert.equal(read.offset, offset);
    assert.equal(read.ackId, ackId);
  });
}

for (
  const value of [null, 7, "text", [], {}, { message: null }, { message: 7 }]
) {
  Deno.test(`readPulledMessage() bears ${JSON.stringify(value)}`, () => {
    const read = readPulledMessage(value);
    assert.equal(read.ackId, "");
    assert.equal(read.messageId, "");
    assert.equal(read.attributes.size, 0);
    assert.ok("broken" in read.data && read.data.broken === "no message");
  });
}

Deno.test("readPulledMessage() ignores keys that it does not know", () => {
  const read = readPulledMessage({
    ackId: "S:1",
    deliveryAttempt: 3,
    message: { messageId: 1, data: "", orderingKey: "x", publishTime: 7 },
  });
  assert.equal(read.messageId, "1");
  assert.equal(read.publishTime, undefined);
});

/** Any value of JSON. */
function randomValue(depth: number): unknown {
  const kinds = depth > 0 ? 8 : 6;
  switch (Math.floor(Math.random() * kinds)) {
    case 0:
      return null;
    case 1:
      return Math.random() < 0.5;
    case 2:
      return Math.floor(Math.random() * 1e17) - 5e16;
    case 3:
      return "b25l";
    case 4:
      return "S:7";
    case 5:
      return String.fromCharCode(Math.floor(Math.random() * 0x10000));
    case 6:
      return Array.from({ length: 3 }, () => randomValue(depth - 1));
    default:
      return Object.fromEntries(
        KEYS.filter(() => Math.random() < 0.5)
          .map((key) => [key, randomValue(depth - 1)]),
      );
  }
}

const KEYS = ["ackId", "ACKID", "message", "Message", "data", "messageId"]
  .concat(["attributes", "publishTime", "__proto__", "toString"]);

Deno.test("readPulledMessage() bears whatever JSON can say", () => {
  for (let round = 0; round < 20_000; round++) {
    const { offset, ackId, messageId, attributes, data } = readPulledMessage(
      JSON.parse(JSON.stringify(randomValue(4))),
    );
    assert.equal(typeof ackId, "string");
    assert.equal(typeof messageId, "string");
    assert.ok(offset === undefined || offset >= 0n);
    assert.ok(
      [...attributes.values()].every((text) => typeof text === "string"),
    );
    assert.ok(("bytes" in data ? data.bytes : data.raw) instanceof Uint8Array);
  }
});
