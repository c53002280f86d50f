import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

const TOPIC = { destination: "/topic/a" };

Deno.test("Broker publishes to everyone subscribed, and to nobody later", async () => {
  await using server = await TestBroker.start();
  const producer = await server.connect();
  await producer.confirmed("SEND", TOPIC, "too early");
  const subscribers = [
    await server.connect("1.0"),
    await server.connect("1.1"),
    await server.connect("1.2"),
  ];
  for (const client of subscribers) {
    await client.confirmed("SUBSCRIBE", { ...TOPIC, id: "s" });
  }
  assert.equal(server.broker.stats().topics, 1);
  for (const body of ["1", "2"]) await producer.confirmed("SEND", TOPIC, body);
  for (const client of subscribers) {
    const messages = await client.messages(2);
    assert.deepEqual(messages.map(text), ["1", "2"]);
  }
  assert.equal(server.broker.stats().queued, 0);
  for (const client of subscribers) {
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
  }
  assert.equal(server.broker.stats().topics, 0);
  await producer.confirmed("SEND", TOPIC, "too late");
  for (const client of subscribers) {
    assert.deepEqual(await client.pending(), []);
  }
});

Deno.test("Broker feeds a topic subscription within its window until it is acknowledged", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const ack = "client-individual";
  client.send("SUBSCRIBE", { ...TOPIC, id: "s", ack, "prefetch-count": "2" });
  for (let n = 1; n <= 4; n++) client.send("SEND", TOPIC, `${n}`);
  const [first, second] = await client.messages(2);
  assert.deepEqual(await client.pending(), []);
  client.send("NACK", { id: second!.headers.get("ack") });
  const [again] = await client.messages(1);
  assert.equal(text(again!), "2");
  assert.equal(again!.headers.get("redelivered"), "true");
  client.send("ACK", { id: first!.headers.get("ack") });
  assert.equal(text((await client.messages(1))[0]!), "3");
});

Deno.test("Broker cuts off a topic subscriber that does not keep up, and nobody else", async () => {
  await using server = await TestBroker.start({
    limits: { maxTopicBytes: 10_000, prefetch: 1 },
  });
  const slow = await server.connect();
  const ack = "client-individual";
  await slow.confirmed("SUBSCRIBE", { ...TOPIC, id: "s", ack });
  const quick = await server.connect();
  await quick.confirmed("SUBSCRIBE", { ...TOPIC, id: "s" });
  const producer = await server.connect();
  const body = "x".repeat(4000);
  for (let n = 0; n < 5; n++) await producer.confirmed("SEND", TOPIC, body);
  assert.equal((await quick.messages(5)).length, 5);
  await slow.messages(1);
  const error = await slow.refused();
  assert.match(text(error), /Cannot keep up/);
  assert.equal(server.broker.stats().subscriptions, 1);
});

Deno.test("Broker cuts off a topic subscriber that does not read", async () => {
  await using server = await TestBroker.start({
    limits: { maxTopicBytes: 1 << 20, maxOutputBytes: 1 << 20, lingerMs: 1 },
  });
  const slow = await server.connect();
  await slow.confirmed("SUBSCRIBE", { ...TOPIC, id: "s" });
  const producer = await server.connect();
  const body = "x".repeat(256 << 10);
  while (server.broker.stats().subscriptions > 0) {
    await producer.confirmed("SEND", TOPIC, body);
  }
  assert.match(server.log.join("\n"), /Refused .*: Cannot keep up/);
  assert.deepEqual(await producer.pending(), []);
});
