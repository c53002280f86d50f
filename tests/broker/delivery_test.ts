import assert from "node:assert/strict";
import type { Frame, StompVersion } from "../../lib/stomp/mod.ts";
import { type RawClient, TestBroker, text } from "./harness.ts";

const QUEUE = "/queue/a";

/** Puts bodies 1 to `count` into the queue. */
async function fill(client: RawClient, count: number): Promise<void> {
  for (let n = 1; n < count; n++) {
    client.send("SEND", { destination: QUEUE }, `${n}`);
  }
  await client.confirmed("SEND", { destination: QUEUE }, `${count}`);
}

function subscribe(
  client: RawClient,
  ack = "client-individual",
  headers: Record<string, string> = {},
): void {
  client.send("SUBSCRIBE", { destination: QUEUE, id: "s", ack, ...headers });
}

/** The headers by which each version acknowledges a message. */
function ackHeaders(message: Frame, version: StompVersion) {
  const { headers } = message;
  if (version === "1.2") return { id: headers.get("ack") };
  const id = { "message-id": headers.get("message-id") };
  return version === "1.1" ? { ...id, subscription: "s" } : id;
}

const bodies = (frames: Frame[]) => frames.map(text);

Deno.test("Broker keeps messages of a queue until somebody comes, in order", async () => {
  await using server = await TestBroker.start();
  const producer = await server.connect();
  await fill(producer, 3);
  const consumer = await server.connect();
  subscribe(consumer);
  const messages = await consumer.messages(3);
  assert.deepEqual(bodies(messages), ["1", "2", "3"]);
  const ids = messages.map((m) => m.headers.get("message-id"));
  assert.equal(new Set(ids).size, 3);
  assert.equal(messages[0]!.headers.get("subscription"), "s");
  assert.equal(messages[0]!.headers.get("destination"), QUEUE);
});

Deno.test("Broker passes bodies of any bytes and headers of any text", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  subscribe(client);
  const strange = "a:b\\n\nc\r — ü";
  client.send("SEND", {
    destination: "a",
    "empa-id": "1/2",
    [strange]: strange,
  }, "x\0\r\n\0y");
  const [message] = await client.messages(1);
  assert.equal(text(message!), "x\0\r\n\0y");
  assert.equal(message!.headers.get("empa-id"), "1/2");
  assert.equal(message!.headers.get(strange), strange);
});

for (const version of ["1.0", "1.1", "1.2"] as const) {
  Deno.test(`Broker forgets what is acknowledged one by one in STOMP ${version}`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect(version);
    await fill(client, 3);
    subscribe(client);
    const [, second] = await client.messages(3);
    await client.confirmed("ACK", ackHeaders(second!, version));
    assert.equal(server.broker.stats().queued, 2);
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    subscribe(client);
    const again = await client.messages(2);
    assert.deepEqual(bodies(again), ["1", "3"]);
  });

  Deno.test(`Broker forgets all up to what is acknowledged in client mode in STOMP ${version}`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect(version);
    await fill(client, 5);
    subscribe(client, "client");
    const messages = await client.messages(5);
    await client.confirmed("ACK", ackHeaders(messages[2]!, version));
    assert.equal(server.broker.stats().queued, 2);
    client.send("ACK", ackHeaders(messages[1]!, version));
    assert.match(text(await client.refused()), /no such message awaits it/);
    assert.equal(server.broker.stats().queued, 2);
  });
}

Deno.test("Broker serves a STOMP 1.0 subscription without id", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.0");
  client.send("SUBSCRIBE", { destination: QUEUE, ack: "client" });
  client.send("SEND", { destination: QUEUE }, "1");
  const [message] = await client.messages(1);
  assert.equal(message!.headers.has("subscription"), false);
  const id = message!.headers.get("message-id");
  await client.confirmed("ACK", { "message-id": id });
  await client.confirmed("UNSUBSCRIBE", { destination: QUEUE });
  await client.confirmed("SEND", { destination: QUEUE }, "2");
  assert.deepEqual(await client.pending(), []);
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker forgets a message of an auto subscription once it has left", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 10);
  subscribe(client, "auto");
  const messages = await client.messages(10);
  assert.ok(messages.every((m) => !m.headers.has("ack")));
  await client.confirmed("DISCONNECT");
  await client.rest();
  assert.equal(server.broker.stats().queued, 0);
  assert.equal(server.broker.stats().messagesOut, 10);
});

Deno.test("Broker refuses an ACK in auto mode", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.1");
  await fill(client, 1);
  subscribe(client, "auto");
  const [message] = await client.messages(1);
  client.send("ACK", ackHeaders(message!, "1.1"));
  assert.match(text(await client.refused()), /no such message awaits it/);
});

Deno.test("Broker redelivers what a lost client held, in order and marked", async () => {
  await using server = await TestBroker.start();
  const first = await server.connect();
  await fill(first, 6);
  subscribe(first, "client-individual", { "prefetch-count": "4" });
  const messages = await first.messages(4);
  const more = await first.confirmed("ACK", ackHeaders(messages[1]!, "1.2"));
  assert.deepEqual(bodies(more), ["5"]);
  first.close();
  const second = await server.connect();
  subscribe(second);
  const again = await second.messages(5);
  assert.deepEqual(bodies(again), ["1", "3", "4", "5", "6"]);
  const marks = again.map(({ headers }) => [
    headers.get("redelivered"),
    headers.get("delivery-count"),
  ]);
  assert.deepEqual(marks.slice(0, 4), Array(4).fill(["true", "2"]));
  assert.deepEqual(marks[4], [undefined, undefined]);
  assert.equal(
    again[0]!.headers.get("message-id"),
    messages[0]!.headers.get("message-id"),
  );
  assert.notEqual(
    again[0]!.headers.get("ack"),
    messages[0]!.headers.get("ack"),
  );
});

Deno.test("Broker redelivers a message after NACK before the ones behind it", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 3);
  subscribe(client, "client-individual", { "prefetch-count": "1" });
  const [first] = await client.messages(1);
  client.send("NACK", ackHeaders(first!, "1.2"));
  const [again] = await client.messages(1);
  assert.equal(text(again!), "1");
  assert.equal(again!.headers.get("redelivered"), "true");
  assert.equal(again!.headers.get("delivery-count"), "2");
  client.send("ACK", ackHeaders(again!, "1.2"));
  assert.deepEqual(bodies(await client.messages(1)), ["2"]);
});

Deno.test("Broker takes a NACK in client mode for all before it", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 4);
  subscribe(client, "client");
  const messages = await client.messages(4);
  client.send("NACK", ackHeaders(messages[2]!, "1.2"));
  assert.deepEqual(bodies(await client.messages(3)), ["1", "2", "3"]);
});

Deno.test("Broker gives unacknowledged messages to others after UNSUBSCRIBE", async () => {
  await using server = await TestBroker.start();
  const first = await server.connect();
  await fill(first, 2);
  subscribe(first);
  await first.messages(2);
  await first.confirmed("UNSUBSCRIBE", { id: "s" });
  await first.confirmed("SEND", { destination: QUEUE }, "3");
  assert.deepEqual(await first.pending(), []);
  const second = await server.connect();
  subscribe(second);
  assert.deepEqual(bodies(await second.messages(3)), ["1", "2", "3"]);
});

Deno.test("Broker keeps to the window a client asks for", async () => {
  for (const name of ["activemq.prefetchSize", "prefetch-count"]) {
    await using server = await TestBroker.start();
    const client = await server.connect();
    await fill(client, 5);
    subscribe(client, "client-individual", { [name]: "2" });
    const [first] = await client.messages(2);
    assert.deepEqual(await client.pending(), []);
    await client.confirmed("ACK", ackHeaders(first!, "1.2")).then((before) =>
      assert.deepEqual(bodies(before), ["3"])
    );
    assert.deepEqual(await client.pending(), []);
  }
});

Deno.test("Broker keeps to its own window when a client asks for none", async () => {
  await using server = await TestBroker.start({ limits: { prefetch: 3 } });
  const client = await server.connect();
  await fill(client, 5);
  subscribe(client);
  await client.messages(3);
  assert.deepEqual(await client.pending(), []);
});

Deno.test("Broker bounds the window in bytes, but always lets one message through", async () => {
  await using server = await TestBroker.start({
    limits: { prefetchBytes: 5000 },
  });
  const client = await server.connect();
  for (const size of [10_000, 3000, 3000, 3000]) {
    await client.confirmed("SEND", { destination: "a" }, "x".repeat(size));
  }
  subscribe(client);
  const [large] = await client.messages(1);
  assert.equal(large!.body.length, 10_000);
  assert.deepEqual(await client.pending(), []);
  client.send("ACK", ackHeaders(large!, "1.2"));
  await client.messages(2);
  assert.deepEqual(await client.pending(), []);
});

Deno.test("Broker shares a queue fairly between two consumers, each message once", async () => {
  await using server = await TestBroker.start();
  const total = 2000;
  const producer = await server.connect();
  const consumers = [await server.connect(), await server.connect("1.1")];
  const versions = ["1.2", "1.1"] as const;
  const seen = new Set<string>();
  const counts = [0, 0];
  const all = Promise.withResolvers<void>();
  const consume = async (index: number) => {
    const consumer = consumers[index]!;
    subscribe(consumer, "client-individual", { "prefetch-count": "10" });
    for (;;) {
      const frame = await consumer.next();
      if (frame.command === "RECEIPT") return;
      const body = text(frame);
      assert.ok(!seen.has(body), `${body} came twice`);
      assert.ok(!frame.headers.has("redelivered"));
      seen.add(body);
      counts[index]!++;
      consumer.send("ACK", ackHeaders(frame, versions[index]!));
      if (seen.size === total) all.resolve();
    }
  };
  const running = [consume(0), consume(1)];
  await fill(producer, total);
  await Promise.race([all.promise, ...running]);
  for (const consumer of consumers) {
    consumer.send("DISCONNECT", { receipt: "bye" });
  }
  await Promise.all(running);
  assert.equal(seen.size, total);
  assert.equal(server.broker.stats().queued, 0);
  assert.ok(counts[0]! > 0 && counts[1]! > 0);
});

Deno.test("Broker gives everything to the consumer that remains", async () => {
  await using server = await TestBroker.start();
  const producer = await server.connect();
  const total = 1200;
  await fill(producer, total);
  const leaving = await server.connect();
  subscribe(leaving, "client", { "prefetch-count": "500" });
  const held = await leaving.messages(500);
  await leaving.confirmed("ACK", ackHeaders(held[99]!, "1.2"));
  const staying = await server.connect();
  subscribe(staying, "client", { "prefetch-count": "2000" });
  const early = await staying.messages(600);
  leaving.close();
  const late = await staying.messages(500);
  const numbers = [...early, ...late].map((m) => Number(text(m)));
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: 1100 }, (_, n) => n + 101),
  );
  const returned = late.map((m) => Number(text(m)));
  assert.deepEqual(returned, returned.toSorted((a, b) => a - b));
});

Deno.test("Broker pauses while too much waits to be written, and goes on", async () => {
  await using server = await TestBroker.start({
    limits: { maxOutputBytes: 60_000 },
  });
  const client = await server.connect();
  const body = "x".repeat(50_000);
  for (let n = 0; n < 20; n++) {
    await client.confirmed("SEND", { destination: QUEUE }, body);
  }
  subscribe(client, "client");
  await client.messages(20);
});

Deno.test("Broker counts as delivered what is on its way at DISCONNECT", async () => {
  await using server = await TestBroker.start({
    limits: { maxOutputBytes: 32 << 20 },
  });
  const client = await server.connect();
  const body = "x".repeat(10 << 20);
  await client.confirmed("SEND", { destination: QUEUE }, body);
  subscribe(client, "auto");
  client.send("DISCONNECT");
  const [message] = await client.messages(1);
  assert.equal(message!.body.length, body.length);
  assert.deepEqual(await client.rest(), []);
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker gives back once what an auto subscriber did not take", async () => {
  await using server = await TestBroker.start();
  const producer = await server.connect();
  const count = 40;
  const padding = "x".repeat(1 << 19);
  for (let n = 0; n < count; n++) {
    await producer.confirmed("SEND", { destination: QUEUE }, `${n} ${padding}`);
  }
  const lost = await server.connect();
  subscribe(lost, "auto");
  const [first] = await lost.messages(1);
  assert.equal(parseInt(text(first!)), 0);
  lost.close();
  const other = await server.connect();
  subscribe(other, "auto");
  // How many had left for the lost client is the network's secret.
  const [next] = await other.messages(1);
  const start = parseInt(text(next!));
  assert.ok(start < count);
  const rest = await other.messages(count - start - 1);
  assert.deepEqual(
    rest.map((frame) => parseInt(text(frame))),
    Array.from(rest, (_, n) => start + 1 + n),
  );
  assert.deepEqual(await other.pending(), []);
});

Deno.test("Broker delivers again what was on its way to a client it refused", async () => {
  await using server = await TestBroker.start({
    limits: { maxOutputBytes: 64 << 20, prefetchBytes: 64 << 20 },
  });
  const producer = await server.connect();
  const padding = "x".repeat(1 << 19);
  for (let n = 0; n < 40; n++) {
    await producer.confirmed("SEND", { destination: QUEUE }, `${n} ${padding}`);
  }
  const refused = await server.connect();
  subscribe(refused, "auto");
  refused.send("FROBNICATE");
  await refused.refused();
  const other = await server.connect();
  subscribe(other, "auto");
  const queued = server.broker.stats().queued;
  assert.ok(queued > 0);
  const again = await other.messages(queued);
  assert.deepEqual(
    again.map((frame) => parseInt(text(frame))),
    Array.from(again, (_, n) => 40 - queued + n),
  );
  await other.confirmed("DISCONNECT");
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker does not offer what a client held to the same client", async () => {
  await using server = await TestBroker.start();
  const lost = await server.connect();
  await fill(lost, 6);
  const ack = "client-individual";
  for (const id of ["s1", "s2"]) {
    const request = { destination: QUEUE, id, ack, "prefetch-count": "6" };
    lost.send("SUBSCRIBE", request);
  }
  await lost.messages(6);
  lost.close();
  const other = await server.connect();
  subscribe(other);
  const counts = (await other.messages(6)).map((message) =>
    message.headers.get("delivery-count")
  );
  assert.deepEqual(counts, Array(6).fill("2"));
});

Deno.test("Broker does not deliver to a client that is gone", async () => {
  await using server = await TestBroker.start();
  const consumer = await server.connect();
  subscribe(consumer);
  const before = await consumer.confirmed("DISCONNECT");
  assert.deepEqual(before, []);
  await consumer.rest();
  const producer = await server.connect();
  await fill(producer, 2);
  assert.equal(server.broker.stats().queued, 2);
  assert.equal(server.broker.stats().messagesOut, 0);
});
