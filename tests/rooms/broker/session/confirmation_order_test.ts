import assert from "node:assert/strict";
import {
  type RawClient,
  TestBroker,
  text,
} from "../../../kit/net/test_broker.ts";
import { ackHeaders, bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

/** What the next frames are: commands, or the bodies of messages. */
async function next(client: RawClient, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const frame = await client.next();
    seen.push(frame.command === "MESSAGE" ? text(frame) : frame.command);
  }
  return seen;
}

/** A client that was sent `count` messages, and acknowledges the first in an open transaction. */
async function amidTransaction(
  server: TestBroker,
  count: number,
): Promise<RawClient> {
  const client = await server.connect();
  await fill(client, count);
  subscribe(client);
  const [one] = await client.messages(count);
  client.send("BEGIN", { transaction: "t" });
  client.send("ACK", { ...ackHeaders(one!, "1.2"), transaction: "t" });
  return client;
}

const PLACES: Readonly<Record<string, Record<string, string>>> = {
  "a queue": { destination: QUEUE },
  "a pattern of queues": { destination: "/queue/>" },
  "a queue that is looked through": { destination: QUEUE, browser: "true" },
};

for (const [place, headers] of Object.entries(PLACES)) {
  Deno.test(`Broker confirms SUBSCRIBE to ${place} before the first message of it`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect();
    await fill(client, 2);
    client.send("SUBSCRIBE", { ...headers, id: "s", receipt: "r" });
    assert.deepEqual(await next(client, 3), ["RECEIPT", "1", "2"]);
  });
}

Deno.test("Broker confirms a durable SUBSCRIBE before the first message of it", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const durable = { destination: "/topic/a", id: "s", durable: "true" };
  await client.confirmed("SUBSCRIBE", durable);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  await client.confirmed("SEND", { destination: "/topic/a" }, "1");
  client.send("SUBSCRIBE", { ...durable, receipt: "r" });
  assert.deepEqual(await next(client, 2), ["RECEIPT", "1"]);
});

for (const destination of [QUEUE, "/topic/a"]) {
  Deno.test(`Broker confirms a SEND to ${destination}, alone or in a transaction, before the sender's own copy`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect();
    await client.confirmed("SUBSCRIBE", { destination, id: "s" });
    client.send("SEND", { destination, receipt: "r" }, "1");
    assert.deepEqual(await next(client, 2), ["RECEIPT", "1"]);
    client.send("BEGIN", { transaction: "t" });
    client.send("SEND", { destination, transaction: "t" }, "2");
    client.send("COMMIT", { transaction: "t", receipt: "r" });
    assert.deepEqual(await next(client, 2), ["RECEIPT", "2"]);
  });
}

for (const version of ["1.0", "1.1", "1.2"] as const) {
  Deno.test(`Broker takes no offence at an ACK or NACK that crosses an UNSUBSCRIBE in STOMP ${version}`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect(version);
    await fill(client, 3);
    subscribe(client);
    const [one, two, three] = await client.messages(3);
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    await client.confirmed("ACK", ackHeaders(one!, version));
    const nack = version === "1.0" ? "ACK" : "NACK";
    await client.confirmed(nack, ackHeaders(two!, version));
    client.send("BEGIN", { transaction: "t" });
    const transaction = { ...ackHeaders(three!, version), transaction: "t" };
    await client.confirmed("ACK", transaction);
    await client.confirmed("COMMIT", { transaction: "t" });
    // They came too late: somebody else might have had the messages.
    assert.equal(server.broker.stats().queued, 3);
    subscribe(client);
    assert.deepEqual(bodies(await client.messages(3)), ["1", "2", "3"]);
  });
}

Deno.test("Broker still refuses an ACK of what a subscription that is gone never had", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  const [message] = await client.messages(1);
  await client.confirmed("ACK", ackHeaders(message!, "1.2"));
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  client.send("ACK", ackHeaders(message!, "1.2"));
  assert.match(text(await client.refused()), /no such message awaits it/);
});

for (const end of ["COMMIT", "ABORT"]) {
  Deno.test(`Broker does at ${end} what a transaction holds of a subscription that has ended meanwhile`, async () => {
    await using server = await TestBroker.start();
    const client = await amidTransaction(server, 2);
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    const other = await server.connect();
    subscribe(other);
    assert.deepEqual(bodies(await other.messages(1)), ["2"]);
    await client.confirmed(end, { transaction: "t" });
    const rest = end === "COMMIT" ? [] : ["1"];
    assert.deepEqual(bodies(await other.pending()), rest);
  });
}

Deno.test("Broker leaves nothing in a queue that a COMMIT after UNSUBSCRIBE has acknowledged", async () => {
  await using server = await TestBroker.start();
  const client = await amidTransaction(server, 2);
  client.send("UNSUBSCRIBE", { id: "s" });
  await client.confirmed("COMMIT", { transaction: "t" });
  subscribe(client);
  assert.deepEqual(bodies(await client.messages(1)), ["2"]);
});

Deno.test("Broker gives back what a transaction held of an ended subscription when its client is gone", async () => {
  await using server = await TestBroker.start();
  const client = await amidTransaction(server, 1);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  client.close();
  const other = await server.connect();
  subscribe(other);
  assert.deepEqual(bodies(await other.messages(1)), ["1"]);
});
