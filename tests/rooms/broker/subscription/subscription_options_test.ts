import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ackHeaders, bodies, fill, subscribe } from "../queue_client.ts";

for (const name of ["no-local", "activemq.noLocal"]) {
  Deno.test(`Broker does not publish to a subscription with ${name} what its own connection sends`, async () => {
    await using server = await TestBroker.start();
    const [client, other] = [await server.connect(), await server.connect()];
    const destination = "/topic/a";
    await client.confirmed("SUBSCRIBE", {
      destination,
      id: "1",
      [name]: "true",
    });
    const pattern = { destination: "/topic/>", id: "2", [name]: "false" };
    await client.confirmed("SUBSCRIBE", pattern);
    await client.confirmed("SEND", { destination }, "own");
    await other.confirmed("SEND", { destination }, "other's");
    const seen = (await client.messages(3))
      .map((frame) => `${frame.headers.get("subscription")} ${text(frame)}`);
    assert.deepEqual(seen.sort(), ["1 other's", "2 other's", "2 own"]);
  });
}

for (const name of ["activemq.exclusive", "exclusive"]) {
  Deno.test(`Broker feeds a consumer with ${name} alone, and others after it in the old order`, async () => {
    await using server = await TestBroker.start();
    const [first, sole, next] = [
      await server.connect(),
      await server.connect(),
      await server.connect(),
    ];
    subscribe(first);
    await first.pending();
    const headers = { "prefetch-count": "2", [name]: "true" };
    subscribe(sole, "client-individual", headers);
    await sole.pending();
    subscribe(next, "client-individual", headers);
    await next.pending();
    const producer = await server.connect();
    await fill(producer, 4);
    assert.deepEqual(bodies(await sole.messages(2)), ["1", "2"]);
    assert.deepEqual(await first.pending(), []);
    assert.deepEqual(await next.pending(), []);
    await sole.confirmed("UNSUBSCRIBE", { id: "s" });
    const [one] = await next.messages(2).then((messages) => {
      assert.deepEqual(bodies(messages), ["1", "2"]);
      return messages;
    });
    await next.confirmed("ACK", ackHeaders(one!, "1.2"))
      .then((before) => assert.deepEqual(bodies(before), ["3"]));
    next.close();
    assert.deepEqual(bodies(await first.messages(3)), ["2", "3", "4"]);
  });
}

Deno.test("Broker gives an exclusive consumer's queue back to the others though nothing was in its hands", async () => {
  await using server = await TestBroker.start();
  const [sole, other] = [await server.connect(), await server.connect()];
  const headers = { "prefetch-count": "1", exclusive: "true" };
  subscribe(sole, "client-individual", headers);
  await sole.pending();
  subscribe(other);
  await other.pending();
  await fill(other, 2);
  const [one] = await sole.messages(1);
  sole.send("BEGIN", { transaction: "t" });
  sole.send("ACK", { ...ackHeaders(one!, "1.2"), transaction: "t" });
  await sole.messages(1);
  sole.send("UNSUBSCRIBE", { id: "s" });
  await sole.confirmed("COMMIT", { transaction: "t" });
  assert.deepEqual(bodies(await other.messages(1)), ["2"]);
});

Deno.test("Broker sends to every destination that a SEND names, as a whole or not at all", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const destinations = ["/queue/a", "/queue/b", "/topic/c"];
  for (const destination of destinations) {
    await client.confirmed("SUBSCRIBE", { destination, id: destination });
  }
  const destination = "/queue/a,b,/topic/c,/queue/a";
  client.send("SEND", { destination }, "1");
  const messages = await client.messages(3);
  assert.deepEqual(
    messages.map(({ headers }) => headers.get("destination")).sort(),
    destinations,
  );
  assert.deepEqual(bodies(messages), ["1", "1", "1"]);
  client.send("BEGIN", { transaction: "t" });
  await client.confirmed("SEND", { destination, transaction: "t" }, "2");
  client.send("COMMIT", { transaction: "t" });
  assert.deepEqual(bodies(await client.messages(3)), ["2", "2", "2"]);
  client.send("SEND", { destination: "/queue/d,/topic/*" }, "3");
  assert.match(text(await client.refused()), /"\/topic\/\*": it is a pattern/);
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker counts a message to several destinations as several in the limits of a transaction", async () => {
  await using server = await TestBroker.start({
    limits: { maxTransactionOperations: 2 },
  });
  const client = await server.connect();
  client.send("BEGIN", { transaction: "t" });
  client.send("SEND", { destination: "a,b,c", transaction: "t" });
  assert.match(text(await client.refused()), /limited to 2 operations/);
});

Deno.test("Broker feeds a subscription to several destinations from all, and gives back to each what is its own", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SEND", { destination: "a" }, "a1");
  await client.confirmed("SEND", { destination: "b" }, "b1");
  const ack = "client-individual";
  const destination = "/queue/a,/queue/b,/topic/c";
  await client.confirmed("SUBSCRIBE", { destination, id: "s", ack });
  const [a1, b1] = await client.messages(2);
  await client.confirmed("SEND", { destination: "/topic/c" }, "c1");
  assert.deepEqual(bodies(await client.messages(1)), ["c1"]);
  client.send("NACK", ackHeaders(b1!, "1.2"));
  assert.deepEqual(bodies(await client.messages(1)), ["b1"]);
  await client.confirmed("ACK", ackHeaders(a1!, "1.2"));
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  client.send("SUBSCRIBE", { destination: "b", id: "s", ack });
  assert.deepEqual(bodies(await client.messages(1)), ["b1"]);
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker ends a subscription of STOMP 1.0 to several destinations by naming them", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.0");
  const destination = "/queue/a,/queue/b";
  await client.confirmed("SUBSCRIBE", { destination });
  await client.confirmed("UNSUBSCRIBE", { destination });
  await client.confirmed("SEND", { destination }, "x");
  assert.deepEqual(await client.pending(), []);
  assert.equal(server.broker.stats().queued, 2);
});

Deno.test("Broker feeds a pattern of queues from those there are and those to come", async () => {
  await using server = await TestBroker.start();
  const [client, producer] = [await server.connect(), await server.connect()];
  const send = (destination: string) =>
    producer.confirmed("SEND", { destination }, destination);
  await send("w.a");
  await send("w.a.b");
  await send("other");
  const ack = "client-individual";
  client.send("SUBSCRIBE", { destination: "/queue/w.>", id: "s", ack });
  const early = await client.messages(2);
  assert.deepEqual(bodies(early).sort(), ["w.a", "w.a.b"]);
  await send("w");
  await send("w.c");
  await send("x.w");
  const late = await client.messages(2);
  assert.deepEqual(bodies(late).sort(), ["w", "w.c"]);
  assert.equal(late[0]!.headers.get("destination"), "/queue/w");
  for (const message of [...early, ...late]) {
    await client.confirmed("ACK", ackHeaders(message, "1.2"));
  }
  const { queued, queues } = server.broker.stats();
  // It keeps no queue alive that it has emptied.
  assert.deepEqual({ queued, queues }, { queued: 2, queues: 2 });
});

Deno.test("Broker gives back to its queue what the consumer of a pattern held, also when that queue had gone", async () => {
  await using server = await TestBroker.start();
  const [client, producer] = [await server.connect(), await server.connect()];
  const ack = "client-individual";
  const pattern = { destination: "/queue/w.*", id: "s", ack };
  await client.confirmed("SUBSCRIBE", { ...pattern, "prefetch-count": "2" });
  for (const destination of ["w.a", "w.b", "w.c"]) {
    await producer.confirmed("SEND", { destination }, destination);
  }
  const [a, b] = await client.messages(2);
  client.send("NACK", ackHeaders(a!, "1.2"));
  client.send("ACK", ackHeaders(b!, "1.2"));
  const more = await client.messages(2);
  assert.deepEqual(bodies(more).sort(), ["w.a", "w.c"]);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  for (const destination of ["w.a", "w.c"]) {
    client.send("SUBSCRIBE", { destination, id: destination, ack });
    assert.deepEqual(bodies(await client.messages(1)), [destination]);
  }
});

Deno.test("Broker shares a queue between a consumer of it and one of a pattern", async () => {
  await using server = await TestBroker.start();
  const [exact, pattern] = [await server.connect(), await server.connect()];
  subscribe(exact);
  await exact.pending();
  subscribe(pattern, "client-individual", { destination: "/queue/*" });
  await pattern.pending();
  const producer = await server.connect();
  await fill(producer, 4);
  assert.equal((await exact.messages(2)).length, 2);
  assert.equal((await pattern.messages(2)).length, 2);
});

Deno.test("Broker keeps to the window of a consumer of a pattern, and its queues take turns", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  for (const destination of ["w.a", "w.b", "w.a", "w.b", "w.a", "w.b"]) {
    await client.confirmed("SEND", { destination }, destination);
  }
  const ack = "client-individual";
  client.send("SUBSCRIBE", {
    destination: "/queue/w.>",
    id: "s",
    ack,
    "prefetch-count": "1",
  });
  const seen: string[] = [];
  for (let n = 0; n < 6; n++) {
    const [message] = await client.messages(1);
    assert.deepEqual(await client.pending(), []);
    seen.push(text(message!));
    client.send("ACK", ackHeaders(message!, "1.2"));
  }
  assert.equal(new Set(seen.slice(1, 3)).size, 2);
  assert.equal(seen.filter((name) => name === "w.a").length, 3);
});

Deno.test("Broker keeps dead letters from the consumers of patterns", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client, "client-individual", { destination: "/queue/>" });
  const [message] = await client.messages(1);
  await client.confirmed("NACK", ackHeaders(message!, "1.2"));
  assert.deepEqual(await client.pending(), []);
  const { queued, messagesDead } = server.broker.stats();
  assert.deepEqual({ queued, messagesDead }, { queued: 1, messagesDead: 1 });
});

Deno.test("Broker keeps to a window in bytes that Artemis' header asks for", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 3);
  subscribe(client, "client-individual", { "consumer-window-size": "0" });
  await client.messages(1);
  assert.deepEqual(await client.pending(), []);
  client.send("UNSUBSCRIBE", { id: "s" });
  subscribe(client, "client-individual", { "consumer-window-size": "-1" });
  await client.messages(3);
});

Deno.test("Broker asks for each destination of a frame whether it is allowed", async () => {
  const asked: string[] = [];
  await using server = await TestBroker.start({
    authorise: ({ destination, access }) => {
      asked.push(`${access} ${destination}`);
      const allowed = destination !== "/queue/closed";
      return access === "read" ? allowed : Promise.resolve(allowed);
    },
  });
  const reader = await server.connect();
  await reader.confirmed("SUBSCRIBE", {
    destination: "/queue/w.>,/topic/t",
    id: "1",
  });
  const writer = await server.connect();
  writer.send("SEND", { destination: "open,closed,/topic/t" }, "x");
  assert.match(text(await writer.refused()), /"\/queue\/closed": not allowed/);
  reader.send("SUBSCRIBE", { destination: "open,closed", id: "2" });
  assert.match(text(await reader.refused()), /"\/queue\/closed": not allowed/);
  assert.deepEqual(asked, [
    "read /queue/w.>",
    "read /topic/t",
    "write /queue/open",
    "write /queue/closed",
    "write /topic/t",
    "read /queue/open",
    "read /queue/closed",
  ]);
  assert.equal(server.broker.stats().queued, 0);
});
