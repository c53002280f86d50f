import assert from "node:assert/strict";
import {
  Broker,
  MemoryStore,
  type StoreChange,
} from "../../../../lib/broker/mod.ts";
import { SsmError } from "../../../../lib/errors.ts";
import type { Frame } from "../../../../lib/stomp/mod.ts";
import {
  type RawClient,
  TestBroker,
  text,
} from "../../../kit/net/test_broker.ts";
import { bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

const DLQ = "/queue/DLQ";

const TWICE = { deadLetters: { maxRedeliveries: 2 } };

/** Refuses the next message, once or more often. */
async function nack(client: RawClient, times: number): Promise<Frame[]> {
  const refused: Frame[] = [];
  for (let n = 0; n < times; n++) {
    const [message] = await client.messages(1);
    client.send("NACK", { id: message!.headers.get("ack") });
    refused.push(message!);
  }
  return refused;
}

Deno.test("Broker moves a message that is refused too often to the dead letters", async () => {
  await using server = await TestBroker.start(TWICE);
  const client = await server.connect();
  await client.confirmed("SEND", {
    destination: QUEUE,
    kind: "x",
    expires: String(Date.now() + 3_600_000),
    "original-destination": "/queue/forged",
  }, "poison");
  await client.confirmed("SEND", { destination: QUEUE }, "good");
  subscribe(client, "client-individual", { "prefetch-count": "1" });
  const refused = await nack(client, 3);
  assert.deepEqual(bodies(refused), ["poison", "poison", "poison"]);
  assert.equal(text((await client.messages(1))[0]!), "good");
  client.send("SUBSCRIBE", { destination: DLQ, id: "dead", ack: "client" });
  const [dead] = await client.messages(1);
  assert.equal(text(dead!), "poison");
  const { headers } = dead!;
  assert.equal(headers.get("destination"), DLQ);
  assert.equal(headers.get("original-destination"), QUEUE);
  assert.equal(headers.get("dead-letter-reason"), "3 deliveries failed");
  assert.equal(headers.get("kind"), "x");
  assert.equal(headers.has("expires"), false);
  assert.equal(
    headers.get("message-id"),
    refused[0]!.headers.get("message-id"),
  );
  const { messagesDead, messagesReturned, queued } = server.broker.stats();
  assert.deepEqual(
    { messagesDead, messagesReturned, queued },
    { messagesDead: 1, messagesReturned: 3, queued: 2 },
  );
  assert.match(
    server.log.join("\n"),
    /WARNING Moved message \S+ of "\/queue\/a" to \/queue\/DLQ: 3 deliveries failed/,
  );
});

Deno.test("Broker counts the loss of a client as failure of what it had in hand, and of nothing else", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 1, destination: "dead" },
  });
  const producer = await server.connect();
  await fill(producer, 3);
  for (let n = 0; n < 2; n++) {
    const client = await server.connect();
    subscribe(client);
    assert.deepEqual(bodies(await client.messages(3)), ["1", "2", "3"]);
    client.close();
    while (server.broker.stats().connections > 1) await producer.pending();
  }
  while (server.broker.stats().messagesDead < 1) await producer.pending();
  producer.send("SUBSCRIBE", { destination: "/queue/dead", id: "d" });
  assert.equal(text((await producer.messages(1))[0]!), "1");
  subscribe(producer);
  assert.deepEqual(bodies(await producer.messages(2)), ["2", "3"]);
});

Deno.test("Broker does not count what a client gives back in order", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const producer = await server.connect();
  await fill(producer, 1);
  for (const goodbye of ["DISCONNECT", "UNSUBSCRIBE", "DISCONNECT"]) {
    const client = await server.connect();
    subscribe(client);
    await client.messages(1);
    await client.confirmed(goodbye, { id: "s" });
    if (goodbye === "UNSUBSCRIBE") await client.confirmed("DISCONNECT");
    await client.rest();
  }
  subscribe(producer);
  const [message] = await producer.messages(1);
  assert.equal(message!.headers.get("delivery-count"), "4");
  assert.equal(server.broker.stats().messagesDead, 0);
});

Deno.test("Broker moves at COMMIT what is refused too often in a transaction", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  const [message] = await client.messages(1);
  client.send("BEGIN", { transaction: "t" });
  const id = message!.headers.get("ack");
  await client.confirmed("NACK", { id, transaction: "t" });
  assert.equal(server.broker.stats().messagesDead, 0);
  await client.confirmed("COMMIT", { transaction: "t" });
  await client.pending();
  assert.equal(server.broker.stats().messagesDead, 1);
});

Deno.test("Broker leaves dead letters where they are, however often they are refused", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect();
  await client.confirmed("SEND", { destination: DLQ }, "dead");
  client.send("SUBSCRIBE", { destination: DLQ, id: "s", ack: "client" });
  await nack(client, 5);
  assert.equal(text((await client.messages(1))[0]!), "dead");
});

Deno.test("Broker redelivers for ever if there are no dead letters", async () => {
  await using server = await TestBroker.start({ deadLetters: false });
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  await nack(client, 20);
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("delivery-count"), "21");
});

Deno.test("Broker keeps a message where it is if the dead letters are full", async () => {
  class NarrowStore extends MemoryStore {
    override apply(changes: readonly StoreChange[]): Promise<void> {
      return changes.length > 1
        ? Promise.reject(new SsmError("LIMIT", "Queue memory is full"))
        : super.apply(changes);
    }
  }
  const store = new NarrowStore();
  await using server = await TestBroker.start({
    store,
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  await nack(client, 2);
  assert.equal(text((await client.messages(1))[0]!), "1");
  assert.equal(server.broker.stats().queued, 1);
  assert.match(
    server.log.join("\n"),
    /ERROR Cannot move a message of "\/queue\/a" to \/queue\/DLQ: Queue memory is full/,
  );
});

Deno.test("Broker refuses dead letters that make no sense", () => {
  for (
    const deadLetters of [
      { maxRedeliveries: -1 },
      { maxRedeliveries: 1.5 },
      { destination: "/topic/dead" },
    ]
  ) {
    assert.throws(() => new Broker({ deadLetters }), RangeError);
  }
});
