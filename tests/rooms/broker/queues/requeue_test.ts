import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ackHeaders, bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

const FOR_GOOD = { requeue: "false" };

Deno.test("Broker moves what is refused with requeue:false to the dead letters at once", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 2);
  subscribe(client);
  const [one, two] = await client.messages(2);
  client.send("NACK", { ...ackHeaders(one!, "1.2"), ...FOR_GOOD });
  client.send("NACK", { ...ackHeaders(two!, "1.2"), requeue: "true" });
  assert.deepEqual(bodies(await client.messages(1)), ["2"]);
  client.send("SUBSCRIBE", { destination: "/queue/DLQ", id: "dead" });
  const [dead] = await client.messages(1);
  assert.equal(text(dead!), "1");
  assert.equal(dead!.headers.get("original-destination"), QUEUE);
  assert.equal(
    dead!.headers.get("dead-letter-reason"),
    "a client refused it for good",
  );
  assert.equal(server.broker.stats().messagesDead, 1);
});

Deno.test("Broker moves to the dead letters at COMMIT, not before, and not at ABORT", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  const [one] = await client.messages(1);
  const nack = { ...ackHeaders(one!, "1.2"), ...FOR_GOOD };
  for (const [end, dead] of [["ABORT", 0], ["COMMIT", 1]] as const) {
    client.send("BEGIN", { transaction: "t" });
    await client.confirmed("NACK", { ...nack, transaction: "t" });
    assert.equal(server.broker.stats().messagesDead, 0);
    await client.confirmed(end, { transaction: "t" });
    assert.equal(server.broker.stats().messagesDead, dead);
  }
});

Deno.test("Broker drops with a warning what is refused for good where no dead letters are kept", async () => {
  await using server = await TestBroker.start({ deadLetters: false });
  const client = await server.connect();
  await fill(client, 2);
  subscribe(client, "client-individual", { "prefetch-count": "1" });
  const [one] = await client.messages(1);
  client.send("NACK", { ...ackHeaders(one!, "1.2"), ...FOR_GOOD });
  assert.deepEqual(bodies(await client.messages(1)), ["2"]);
  assert.equal(server.broker.stats().queued, 1);
  assert.match(
    server.log.join("\n"),
    /WARNING Dropped message \S+ of "\/queue\/a": a client refused it for good, and dead letters of it are not kept/,
  );
});

Deno.test("Broker does not publish again to a subscriber what it refused for good", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const topic = { destination: "/topic/a" };
  const ack = "client-individual";
  await client.confirmed("SUBSCRIBE", { ...topic, id: "s", ack });
  client.send("SEND", topic, "1");
  const [one] = await client.messages(1);
  client.send("NACK", { ...ackHeaders(one!, "1.2"), ...FOR_GOOD });
  assert.deepEqual(await client.pending(), []);
});

Deno.test("Broker refuses a requeue that is neither true nor false", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  const [one] = await client.messages(1);
  client.send("NACK", { ...ackHeaders(one!, "1.2"), requeue: "no" });
  const words = /Cannot process NACK: requeue is "no", not true or false/;
  assert.match(text(await client.refused()), words);
  assert.equal(server.broker.stats().queued, 1);
});
