import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ackHeaders, bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

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
