import assert from "node:assert/strict";
import { TopicMemory } from "../../../../lib/broker/limits/topic_memory.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { testMessage } from "../store/store_suite.ts";

/** What a message in a place costs besides its size. */
const PLACE = 256;
const ack = "client-individual";

/** A client that, as a session does, releases all it holds when it is cut off. */
class Client {
  readonly failures: string[] = [];
  readonly held: ReturnType<typeof testMessage>[] = [];
  readonly #memory: TopicMemory;

  constructor(memory: TopicMemory) {
    this.#memory = memory;
  }

  hold(message: ReturnType<typeof testMessage>): void {
    this.held.push(message);
    this.#memory.hold(this, message);
  }

  release(): void {
    this.#memory.release(this, this.held.shift()!);
  }

  fail({ message }: Error): void {
    this.failures.push(message);
    while (this.held.length > 0) this.release();
  }
}

function memoryOf(maxTopicBytes: number, maxAllTopicBytes: number) {
  const clock = new ManualClock();
  const memory = new TopicMemory({
    limits: { maxTopicBytes, maxAllTopicBytes },
    clock,
  });
  const clients = Array.from({ length: 3 }, () => new Client(memory));
  return { clock, memory, clients: clients as [Client, Client, Client] };
}

Deno.test("TopicMemory counts a message that many hold once", () => {
  const { memory, clients } = memoryOf(10_000, 10_000);
  const message = testMessage(1, 1000);
  for (const client of clients) client.hold(message);
  assert.equal(memory.bytes, 1000 + 3 * PLACE);
  for (const client of clients) client.release();
  assert.equal(memory.bytes, 0);
});

Deno.test("TopicMemory.bound() cuts off who holds more than one client may", () => {
  const { memory, clients: [slow, quick] } = memoryOf(2600, 100_000);
  for (let n = 1; n <= 3; n++) {
    const message = testMessage(n, 1000);
    slow.hold(message);
    quick.hold(message);
    memory.bound(message);
    quick.release();
  }
  assert.deepEqual(slow.failures, [
    "Cannot keep up: 3768 bytes of topics wait for this client, and it may hold 2600 bytes",
  ]);
  assert.deepEqual(quick.failures, []);
  assert.equal(memory.bytes, 0);
});

Deno.test("TopicMemory.bound() cuts off the largest first, of those that are equally slow", () => {
  const { memory, clients: [small, large, none] } = memoryOf(10_000, 3000);
  const message = testMessage(9, 500);
  small.hold(testMessage(1, 500));
  large.hold(testMessage(2, 1000));
  large.hold(testMessage(3, 500));
  for (const client of [small, large, none]) client.hold(message);
  memory.bound(message);
  assert.deepEqual(large.failures, [
    "Cannot keep up: 2768 bytes of topics wait for this client, and all clients together may hold 3000 bytes",
  ]);
  assert.deepEqual([small.failures, none.failures], [[], []]);
});

Deno.test("TopicMemory.bound() cuts off the slowest first, of those that hold alike", () => {
  const { clock, memory, clients: [early, late] } = memoryOf(10_000, 2600);
  early.hold(testMessage(1, 800));
  clock.advance(9000);
  late.hold(testMessage(2, 800));
  clock.advance(1000);
  const message = testMessage(3, 800);
  late.hold(message);
  memory.bound(message);
  assert.equal(early.failures.length, 1);
  assert.deepEqual(late.failures, []);
});

Deno.test("TopicMemory.bound() counts from the last message that a client was done with", () => {
  const { clock, memory, clients: [stalled, moves] } = memoryOf(10_000, 3500);
  for (let n = 1; n <= 2; n++) moves.hold(testMessage(n, 900));
  clock.advance(1000);
  stalled.hold(testMessage(3, 900));
  clock.advance(5000);
  moves.release();
  const message = testMessage(4, 1200);
  moves.hold(message);
  memory.bound(message);
  // It holds more, but the other has not moved at all.
  assert.equal(stalled.failures.length, 1);
  assert.deepEqual(moves.failures, []);
});

Deno.test("TopicMemory.bound() spares who holds the newest message alone, however large", () => {
  const { memory, clients: [quick, slow, twice] } = memoryOf(1000, 1000);
  slow.hold(testMessage(1, 100));
  const message = testMessage(2, 5000);
  quick.hold(message);
  slow.hold(message);
  // It fits two of its subscriptions.
  for (let n = 0; n < 2; n++) twice.hold(message);
  memory.bound(message);
  assert.equal(slow.failures.length, 1);
  assert.deepEqual([quick.failures, twice.failures], [[], []]);
  assert.equal(memory.bytes, 5000 + 3 * PLACE);
});

Deno.test("TopicMemory.bound() goes on to others when what a client holds is on its way out", () => {
  const { clock, memory, clients: [slow] } = memoryOf(10_000, 1000);
  const failures: string[] = [];
  const leaving = { fail: ({ message }: Error) => void failures.push(message) };
  memory.hold(leaving, testMessage(1, 900));
  clock.advance(1000);
  slow.hold(testMessage(2, 900));
  const message = testMessage(3, 100);
  slow.hold(message);
  memory.bound(message);
  assert.equal(failures.length, 1);
  assert.equal(slow.failures.length, 1);
});

Deno.test("Broker bounds what topics hold over all subscriptions of a connection", async () => {
  await using server = await TestBroker.start({
    limits: { maxTopicBytes: 1 << 20, maxAllTopicBytes: 200_000 },
  });
  const stalled = await server.connect();
  const quick = await server.connect();
  for (let n = 0; n < 40; n++) {
    const destination = `/topic/${n}`;
    await stalled.confirmed("SUBSCRIBE", { destination, id: `${n}`, ack });
  }
  await quick.confirmed("SUBSCRIBE", { destination: "/topic/>", id: "all" });
  const producer = await server.connect();
  const body = "x".repeat(8000);
  for (let n = 0; n < 40; n++) {
    await producer.confirmed("SEND", { destination: `/topic/${n}` }, body);
    assert.ok(server.broker.stats().topicBytes < 210_000);
  }
  assert.equal((await quick.messages(40)).length, 40);
  assert.match(
    text(await stalled.refused()),
    /^Cannot keep up: \d+ bytes of topics wait for this client, and all clients together may hold 200000 bytes$/m,
  );
  assert.match(server.log.join("\n"), /WARN\w* Refused .*: Cannot keep up/);
  assert.deepEqual(await quick.pending(), []);
});

Deno.test("Broker releases what topics hold however a message ends", async () => {
  const clock = new ManualClock();
  clock.timeOfDay = 1_000;
  await using server = await TestBroker.start({ clock });
  const held = () => server.broker.stats().topicBytes;
  const client = await server.connect();
  const destination = "/topic/a";
  const publish = (headers = {}) =>
    client.confirmed("SEND", { destination, ...headers }, "x");

  await client.confirmed("SUBSCRIBE", { destination, id: "auto" });
  await publish();
  await client.confirmed("UNSUBSCRIBE", { id: "auto" });
  await client.pending();
  assert.equal(held(), 0, "written");

  const window = { "prefetch-count": "1" };
  const subscribe = { destination, id: "s", ack, ...window };
  await client.confirmed("SUBSCRIBE", subscribe);
  await publish();
  const [first] = await client.messages(1);
  assert.ok(held() > 0);
  await client.confirmed("ACK", { id: first!.headers.get("ack") });
  assert.equal(held(), 0, "acknowledged");

  client.send("BEGIN", { transaction: "t" });
  await publish();
  const [second] = await client.messages(1);
  const id = second!.headers.get("ack");
  await client.confirmed("ACK", { id, transaction: "t" });
  assert.ok(held() > 0, "not acknowledged before COMMIT");
  await client.confirmed("COMMIT", { transaction: "t" });
  assert.equal(held(), 0, "acknowledged by COMMIT");

  await publish();
  const [third] = await client.messages(1);
  const one = held();
  await publish({ expires: "2000" });
  assert.ok(held() > one);
  clock.timeOfDay = 3_000;
  clock.advance(60_000);
  assert.equal(held(), one, "expired");

  const [again] = await client.confirmed("NACK", {
    id: third!.headers.get("ack"),
  });
  assert.equal(again!.headers.get("redelivered"), "true");
  assert.equal(held(), one, "refused: it is delivered again");
  await publish();
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  assert.equal(held(), 0, "unsubscribed");

  await client.confirmed("SUBSCRIBE", subscribe);
  await publish();
  client.send("DISCONNECT", {});
  await client.rest();
  const other = await server.connect();
  await other.pending();
  assert.equal(held(), 0, "gone");
});

Deno.test("Broker counts what a subscription to several topics holds, and what it refuses", async () => {
  await using server = await TestBroker.start({
    limits: { maxTopicBytes: 10_000 },
  });
  const held = () => server.broker.stats().topicBytes;
  const client = await server.connect();
  const window = { ack, "prefetch-count": "1" };
  const destination = "/topic/a,/topic/b.>";
  await client.confirmed("SUBSCRIBE", { destination, id: "s", ...window });
  client.send("SEND", { destination: "/topic/a" }, "x");
  let [message] = await client.messages(1);
  const first = held();
  await client.confirmed("SEND", { destination: "/topic/b.c" }, "x");
  for (const left of [held() - first, 0]) {
    const id = message!.headers.get("ack");
    [message] = await client.confirmed("NACK", { id, requeue: "false" });
    assert.equal(held(), left);
  }
  for (let n = 0; n < 3; n++) {
    const destination = n === 1 ? "/topic/b" : "/topic/a";
    client.send("SEND", { destination }, "x".repeat(4000));
  }
  assert.match(text(await client.refused()), /it may hold 10000 bytes/);
  assert.equal(held(), 0);
});

Deno.test("Broker counts nothing of topics for a durable subscription, which the store keeps", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.2", { "client-id": "c" });
  const destination = "/topic/a";
  const durable = { "activemq.subscriptionName": "d" };
  await client.confirmed("SUBSCRIBE", {
    destination,
    id: "s",
    ack,
    ...durable,
  });
  await client.confirmed("SEND", { destination }, "x");
  await client.messages(1);
  const { topicBytes, queued } = server.broker.stats();
  assert.deepEqual({ topicBytes, queued }, { topicBytes: 0, queued: 1 });
});
