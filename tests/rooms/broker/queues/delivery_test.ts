import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ackHeaders, bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

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
