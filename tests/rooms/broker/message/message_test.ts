import assert from "node:assert/strict";
import {
  messageFrame,
  messageFromSend,
} from "../../../../lib/broker/message/message.ts";
import {
  encodeFrame,
  makeFrame,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";

const INTAKE = { now: 0, id: "i-1", destination: "/queue/a" };

function delivered(
  headers: Record<string, string>,
  version: StompVersion = "1.2",
  deliveries = 1,
) {
  const frame = makeFrame("SEND", { destination: "a", ...headers });
  return messageFrame(messageFromSend(frame, INTAKE), {
    version,
    subscription: "s",
    ack: "d-1",
    deliveries,
  });
}

Deno.test("messageFrame() passes on all headers but those meant for the broker", () => {
  const frame = delivered({
    "empa-id": "6b001084/6b00108f8b1b7c",
    "content-type": "text/plain",
    priority: "4",
    "reply-to": "/queue/b",
    persistent: "true",
    receipt: "r",
    transaction: "t",
    login: "me",
    passcode: "secret",
    "content-length": "7",
  });
  assert.deepEqual(Object.fromEntries(frame.headers), {
    destination: "/queue/a",
    "message-id": "i-1",
    subscription: "s",
    ack: "d-1",
    "empa-id": "6b001084/6b00108f8b1b7c",
    "content-type": "text/plain",
    priority: "4",
    "reply-to": "/queue/b",
    persistent: "true",
  });
});

Deno.test("messageFrame() does not let a sender forge the broker's headers", () => {
  const frame = delivered({
    "message-id": "forged",
    subscription: "forged",
    ack: "forged",
    redelivered: "forged",
    "delivery-count": "forged",
  });
  assert.ok(![...frame.headers.values()].includes("forged"));
  assert.equal(frame.headers.has("redelivered"), false);
});

Deno.test("messageFrame() marks a redelivery and counts it", () => {
  const frame = delivered({}, "1.2", 3);
  assert.equal(frame.headers.get("redelivered"), "true");
  assert.equal(frame.headers.get("delivery-count"), "3");
});

Deno.test("messageFrame() writes the ack header in STOMP 1.2 only", () => {
  assert.equal(delivered({}, "1.2").headers.get("ack"), "d-1");
  assert.equal(delivered({}, "1.1").headers.has("ack"), false);
  assert.equal(delivered({}, "1.0").headers.has("ack"), false);
});

Deno.test("messageFrame() leaves out what STOMP 1.0 cannot express", () => {
  const headers = { "a:b": "1", "c": "two\nlines", "d": "plain: text" };
  for (const version of ["1.0", "1.1", "1.2"] as const) {
    const frame = delivered(headers, version);
    encodeFrame(frame, version);
    assert.equal(frame.headers.get("d"), "plain: text");
    assert.equal(frame.headers.has("a:b"), version !== "1.0");
    assert.equal(frame.headers.has("c"), version !== "1.0");
  }
});

Deno.test("messageFromSend() counts body and headers into the size", () => {
  const size = (headers: Record<string, string>, body: number) =>
    messageFromSend(makeFrame("SEND", headers, new Uint8Array(body)), INTAKE)
      .size;
  assert.equal(size({}, 1000) - size({}, 0), 1000);
  assert.ok(size({ x: "y".repeat(1000) }, 0) >= size({}, 0) + 1000);
  assert.ok(size({}, 0) > 0);
});
