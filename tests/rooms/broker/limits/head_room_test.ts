import assert from "node:assert/strict";
import type { StompVersion } from "../../../../lib/stomp/mod.ts";
import {
  type RawClient,
  TestBroker,
  text,
} from "../../../kit/net/test_broker.ts";

/** As many headers as it takes for `total` of them, with `destination`, `receipt` and `content-length`. */
function many(total: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let n = 0; n < total - 3; n++) headers[`h${n}`] = `${n}`;
  return headers;
}

/** Headers of `bytes` as they are written without escapes, in lines of 8 KB. */
function large(bytes: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let left = bytes, n = 10; left > 0; n++) {
    const length = Math.min(left, 8000);
    // "h10:", the value, and the line end.
    headers[`h${n}`] = "x".repeat(length - 5);
    left -= length;
  }
  return headers;
}

/** The largest headers that are taken in each way, the version of their sender, and ones just larger with what is said of them. */
const EXTREMES: readonly [
  what: string,
  version: StompVersion,
  taken: Record<string, string>,
  refused: Record<string, string>,
  why: RegExp,
][] = [
  ["many headers", "1.2", many(112), many(113), /113 headers leave no room/],
  [
    "large headers",
    "1.2",
    large(55_600),
    large(55_900),
    /5\d{4} bytes of headers leave no room .*; 57344 is the most/,
  ],
  [
    "colons of STOMP 1.0, which later versions escape",
    "1.0",
    { h: ":".repeat(8191) },
    { h: ":".repeat(8192) },
    /a header is longer than 16384 bytes in STOMP 1\.2/,
  ],
  [
    "many such colons",
    "1.0",
    { ...large(8000), a: ":".repeat(8000), b: ":".repeat(8000) },
    Object.fromEntries(
      ["a", "b", "c", "d"].map((name) => [name, ":".repeat(8000)]),
    ),
    /bytes of headers leave no room/,
  ],
  [
    "letters of three bytes each",
    "1.1",
    { h: "\u20ac".repeat(5400) },
    {},
    /^$/,
  ],
];

/** Subscribes under the longest names there may be, which the broker repeats. */
function subscribe(client: RawClient, destination: string): void {
  const id = "\u20ac".repeat(1024);
  client.send("SUBSCRIBE", { destination, id, ack: "client-individual" });
}

for (const [what, version, taken, refused, why] of EXTREMES) {
  Deno.test(`Broker accepts ${what} only as far as every client can read them, from a dead letter, too`, async () => {
    await using server = await TestBroker.start({
      deadLetters: { maxRedeliveries: 1 },
    });
    const producer = await server.connect(version);
    const destination = `/queue/${"\u20ac".repeat(505)}`;
    for (const reader of ["1.0", "1.1", "1.2"] as const) {
      // It reads with the limits of any client of ours, and drops nothing.
      const client = await server.connect(reader);
      await producer.confirmed("SEND", { ...taken, destination }, "x");
      subscribe(client, destination);
      for (const delivery of [1, 2]) {
        const [message] = await client.messages(1);
        assert.equal(
          message!.headers.get("delivery-count"),
          delivery === 1 ? undefined : "2",
        );
        for (const [name, value] of Object.entries(taken)) {
          assert.equal(message!.headers.get(name), value);
        }
        client.send("NACK", {
          id: message!.headers.get("ack"),
          "message-id": message!.headers.get("message-id"),
          subscription: message!.headers.get("subscription"),
        });
      }
      await client.confirmed("UNSUBSCRIBE", { id: "\u20ac".repeat(1024) });
      subscribe(client, "/queue/DLQ");
      const [dead] = await client.messages(1);
      assert.equal(dead!.headers.get("original-destination"), destination);
      client.send("DISCONNECT");
      await client.rest();
      await drop(server, "/queue/DLQ");
    }
    if (Object.keys(refused).length === 0) return;
    producer.send("SEND", { ...refused, destination, receipt: "r" });
    assert.match(text(await producer.refused()), why);
  });
}

/** Takes what waits in a queue. */
async function drop(server: TestBroker, destination: string): Promise<void> {
  const client = await server.connect();
  client.send("SUBSCRIBE", { destination, id: "drop" });
  await client.messages(1);
  await client.confirmed("DISCONNECT");
  await client.rest();
}

/** The longest receipt that fits into a `receipt-id` header; one more fits into `receipt`. */
const LONGEST = "r".repeat((16 << 10) - "receipt-id:".length);

Deno.test("Broker repeats receipts that can be repeated, and refuses others", async () => {
  await using server = await TestBroker.start();
  for (const command of ["SEND", "DISCONNECT"]) {
    const client = await server.connect();
    client.send(command, { destination: "a", receipt: LONGEST });
    const { headers } = await client.expect("RECEIPT");
    assert.equal(headers.get("receipt-id"), LONGEST);
    const other = await server.connect();
    other.send(command, { destination: "a", receipt: `${LONGEST}r` });
    const error = await other.refused();
    assert.match(text(error), /its receipt is too long/);
    assert.equal(error.headers.get("receipt-id"), undefined);
  }
  assert.equal(server.broker.stats().messagesIn, 1);
});

Deno.test("Broker refuses the id of a subscription that is too long for its messages", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  client.send("SUBSCRIBE", { destination: "a", id: "i".repeat(1025) });
  assert.match(text(await client.refused()), /1025 characters; 1024 is/);
});

Deno.test("Broker leaves out for STOMP 1.0 a header whose name is blank", async () => {
  await using server = await TestBroker.start();
  const [old, now] = [await server.connect("1.0"), await server.connect("1.2")];
  await now.confirmed("SEND", { destination: "a", " ": "blank", b: "kept" });
  old.send("SUBSCRIBE", { destination: "a" });
  const [message] = await old.messages(1);
  assert.equal(message!.headers.get("b"), "kept");
  assert.equal(message!.headers.has(" "), false);
});
