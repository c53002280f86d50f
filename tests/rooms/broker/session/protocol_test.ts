import assert from "node:assert/strict";
import type { StompVersion } from "../../../../lib/stomp/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

/** A frame the broker has to refuse, and the words it does it with. */
interface Refused {
  readonly frame: string;
  readonly headers?: Record<string, string>;
  readonly version?: StompVersion;
  readonly words: RegExp;
}

const REFUSED: Record<string, Refused> = {
  "an unknown command": { frame: "FROBNICATE", words: /Unknown command/ },
  "a second CONNECT": {
    frame: "CONNECT",
    words: /^Cannot process CONNECT: the client is connected already$/m,
  },
  "a command of the server": { frame: "RECEIPT", words: /Unknown command/ },
  "SEND without destination": {
    frame: "SEND",
    words: /SEND: the header "destination" is missing/,
  },
  "SEND to a malformed destination": {
    frame: "SEND",
    headers: { destination: "/exchange/a" },
    words: /Cannot use destination "\/exchange\/a"/,
  },
  "SEND in an unknown transaction": {
    frame: "SEND",
    headers: { destination: "a", transaction: "t" },
    words: /Cannot find an open transaction "t"/,
  },
  "SUBSCRIBE without destination": {
    frame: "SUBSCRIBE",
    headers: { id: "1" },
    words: /SUBSCRIBE: the header "destination" is missing/,
  },
  "SUBSCRIBE without id": {
    frame: "SUBSCRIBE",
    headers: { destination: "a" },
    words: /SUBSCRIBE: the header "id" is missing/,
  },
  "SUBSCRIBE with an unknown ack mode": {
    frame: "SUBSCRIBE",
    headers: { destination: "a", id: "1", ack: "maybe" },
    words: /ack is "maybe"/,
  },
  "SUBSCRIBE with a malformed prefetch": {
    frame: "SUBSCRIBE",
    headers: { destination: "a", id: "1", "prefetch-count": "-1" },
    words: /prefetch-count is "-1"/,
  },
  "SUBSCRIBE with a selector": {
    frame: "SUBSCRIBE",
    headers: { destination: "a", id: "1", selector: "x > 1" },
    words: /Cannot subscribe: selector is not supported/,
  },
  "SUBSCRIBE to a pattern of RabbitMQ": {
    frame: "SUBSCRIBE",
    headers: { destination: "/topic/a.#", id: "1" },
    words: /the wildcards here are \* and >, not #/,
  },
  "SUBSCRIBE to a pattern that goes on after its end": {
    frame: "SUBSCRIBE",
    headers: { destination: "/topic/a.>.b", id: "1" },
    words: /> must be the last level/,
  },
  "SEND to a pattern": {
    frame: "SEND",
    headers: { destination: "/topic/a.*" },
    words: /Cannot send to "\/topic\/a\.\*": it is a pattern/,
  },
  "SEND with a malformed expiry": {
    frame: "SEND",
    headers: { destination: "a", expires: "tomorrow" },
    words: /expires is "tomorrow", not milliseconds since 1970/,
  },
  "SUBSCRIBE to somebody's reply queue": {
    frame: "SUBSCRIBE",
    headers: { destination: "/reply-queue/a", id: "1" },
    words: /it belongs to another connection/,
  },
  "UNSUBSCRIBE of an unknown id": {
    frame: "UNSUBSCRIBE",
    headers: { id: "1" },
    words: /no such subscription/,
  },
  "UNSUBSCRIBE without id": {
    frame: "UNSUBSCRIBE",
    headers: { destination: "a" },
    words: /UNSUBSCRIBE: the header "id" is missing/,
  },
  "ACK of an unknown id": {
    frame: "ACK",
    headers: { id: "1" },
    words: /Cannot process ACK: no such message awaits it/,
  },
  "NACK of an unknown id": {
    frame: "NACK",
    headers: { id: "1" },
    words: /Cannot process NACK: no such message awaits it/,
  },
  "ACK without id": {
    frame: "ACK",
    headers: { "message-id": "1", subscription: "1" },
    words: /ACK: the header "id" is missing/,
  },
  "ACK without subscription in 1.1": {
    frame: "ACK",
    headers: { "message-id": "1" },
    version: "1.1",
    words: /ACK: the header "subscription" is missing/,
  },
  "ACK without message-id in 1.0": {
    frame: "ACK",
    version: "1.0",
    words: /ACK: the header "message-id" is missing/,
  },
  "BEGIN without transaction": {
    frame: "BEGIN",
    words: /BEGIN: the header "transaction" is missing/,
  },
  "COMMIT of an unknown transaction": {
    frame: "COMMIT",
    headers: { transaction: "t" },
    words: /Cannot find an open transaction "t"/,
  },
  "ABORT of an unknown transaction": {
    frame: "ABORT",
    headers: { transaction: "t" },
    words: /Cannot find an open transaction "t"/,
  },
};

for (
  const [what, { frame, headers, version, words }] of Object.entries(REFUSED)
) {
  Deno.test(`Broker refuses ${what} with ERROR, names the receipt and hangs up`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect(version);
    client.send(frame, { ...headers, receipt: "the-receipt" });
    const error = await client.refused();
    assert.match(error.headers.get("message")!, words);
    assert.match(text(error), words);
    assert.equal(error.headers.get("receipt-id"), "the-receipt");
    assert.equal(error.headers.get("content-type"), "text/plain");
  });
}

Deno.test("Broker refuses a duplicate subscription id", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SUBSCRIBE", { destination: "a", id: "1" });
  client.send("SUBSCRIBE", { destination: "b", id: "1", receipt: "r" });
  const error = await client.refused();
  assert.match(
    error.headers.get("message")!,
    /subscription "1" exists already/,
  );
  assert.equal(error.headers.get("receipt-id"), "r");
});

Deno.test("Broker refuses more subscriptions than a connection may have", async () => {
  await using server = await TestBroker.start({
    limits: { maxSubscriptions: 2 },
  });
  const client = await server.connect();
  await client.confirmed("SUBSCRIBE", { destination: "a", id: "1" });
  await client.confirmed("SUBSCRIBE", { destination: "a", id: "2" });
  client.send("SUBSCRIBE", { destination: "a", id: "3" });
  assert.match(text(await client.refused()), /may have 2 subscriptions/);
});

Deno.test("Broker answers malformed frames with ERROR", async () => {
  await using server = await TestBroker.start({
    limits: {
      frames: { maxHeaders: 5, maxHeaderBytes: 100, maxBodyBytes: 1000 },
    },
  });
  for (
    const [bytes, words] of [
      ["SEND\ndestination:a\\t\n\n\0", /escape/],
      ["SEND\ndestination:a\ncontent-length:1001\n\n", /more than 1000/],
      ["SEND\ndestination:a\ncontent-length:-1\n\n\0", /content-length/],
      ["SEND\ndestination:a\ncontent-length:1\n\nab\0", /NUL/],
      ["SEND\n" + "a:b\n".repeat(6) + "\n\0", /more than 5/],
      [`SEND\na:${"x".repeat(100)}\n\n\0`, /more than 100/],
      ["ACK\nid:1\n\nbody\0", /must not have a body/],
      ["lower case\n\n\0", /does not begin with a command/],
    ] as const
  ) {
    const client = await server.connect();
    client.bytes(bytes);
    const error = await client.refused();
    assert.match(error.headers.get("message")!, words);
  }
});

Deno.test("Broker lets no control character into an ERROR message", async () => {
  await using server = await TestBroker.start();
  for (
    const bytes of [
      "SUBSCRIBE\nid:1\ndestination:a\x1b[2J\\n\n\n\0",
      "SEND\ndestination:a\ncontent-length:\x1b[2J\n\n\0",
    ]
  ) {
    const client = await server.connect();
    client.bytes(bytes);
    const error = await client.refused();
    assert.match(text(error), /\\x1b\[2J/);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(error.headers.get("message")!, /[\x00-\x1f]/);
  }
});

Deno.test("Broker confirms DISCONNECT after everything before it, then hangs up", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  for (let n = 0; n < 50; n++) {
    client.send("SEND", { destination: "a", receipt: `s${n}` }, `${n}`);
  }
  client.send("DISCONNECT", { receipt: "bye" });
  client.send("SEND", { destination: "a" }, "too late");
  const receipts = (await client.rest()).map((f) =>
    f.headers.get("receipt-id")
  );
  assert.equal(receipts.length, 51);
  assert.equal(receipts.at(-1), "bye");
  assert.equal(server.broker.stats().queued, 50);
});

Deno.test("Broker confirms what a client said before it closed its side", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  client.send("SEND", { destination: "a", receipt: "r" }, "body");
  await client.finish();
  const frames = await client.rest();
  assert.deepEqual(frames.map((f) => f.headers.get("receipt-id")), ["r"]);
});

Deno.test("Broker forgets a message cut off in the middle", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SEND", { destination: "a" }, "whole");
  client.bytes("SEND\ndestination:a\ncontent-length:10\n\nhalf");
  await client.finish();
  assert.deepEqual(await client.rest(), []);
  assert.equal(server.broker.stats().queued, 1);
  assert.match(server.log.join("\n"), /in the middle of a frame/);
});

Deno.test("Broker understands frames that come byte by byte, or all at once", async () => {
  await using server = await TestBroker.start();
  const session = "CONNECT\naccept-version:1.2\nhost:h\n\n\0\n" +
    "SUBSCRIBE\nid:1\ndestination:a\nreceipt:r1\n\n\0" +
    "SEND\ndestination:a\ncontent-length:3\nreceipt:r2\n\na\0b\0\n\n" +
    "DISCONNECT\nreceipt:r3\n\n\0";
  const chunks = [[session], [...session]];
  for (const pieces of chunks) {
    const client = await server.dial();
    for (const piece of pieces) client.bytes(piece);
    const frames = await client.rest();
    assert.deepEqual(
      frames.map((f) => f.command).sort(),
      ["CONNECTED", "MESSAGE", "RECEIPT", "RECEIPT", "RECEIPT"],
    );
    const message = frames.find((f) => f.command === "MESSAGE")!;
    assert.equal(text(message), "a\0b");
    assert.equal(message.headers.get("content-length"), "3");
  }
});

Deno.test("Broker keeps the other clients when it refuses one", async () => {
  await using server = await TestBroker.start();
  const consumer = await server.connect();
  await consumer.confirmed("SUBSCRIBE", { destination: "a", id: "1" });
  const producer = await server.connect();
  producer.send("SEND", { destination: "a" }, "one");
  producer.send("ACK", { id: "unknown" });
  await producer.refused();
  const [message] = await consumer.messages(1);
  assert.equal(text(message!), "one");
});

Deno.test("Broker ends each frame with a line end, without which php-stomp does not find the next", async () => {
  await using server = await TestBroker.start();
  const client = await server.dial();
  client.bytes("CONNECT\n\n\0");
  assert.match(await client.raw(), /^CONNECTED\n[^\0]*\n\n\0\n$/);
  client.bytes("BEGIN\ntransaction:t\nreceipt:r\n\n\0");
  assert.equal(await client.raw(), "RECEIPT\nreceipt-id:r\n\n\0\n");
});
