import assert from "node:assert/strict";
import {
  Broker,
  MemoryStore,
  type RecoveredMessage,
  type StoreChange,
} from "../../../lib/broker/mod.ts";
import { SsmError } from "../../../lib/errors.ts";
import { TestBroker, text } from "../../kit/net/test_broker.ts";
import { ManualClock } from "../../kit/clocks.ts";
import { testMessage } from "./store/store_suite.ts";

const SEND = { destination: "/queue/a" };

/** A store that does nothing until it is told to. */
class SlowStore extends MemoryStore {
  readonly waiting: (() => void)[] = [];
  slow = true;
  #asked = Promise.withResolvers<void>();

  override async apply(changes: readonly StoreChange[]): Promise<void> {
    if (this.slow) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waiting.push(resolve);
      this.#asked.resolve();
      await promise;
    }
    return await super.apply(changes);
  }

  /** Waits until something is to be stored. */
  async asked(): Promise<void> {
    await this.#asked.promise;
  }

  go(): void {
    this.slow = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

Deno.test("Broker gives no RECEIPT before the message is stored", async () => {
  const store = new SlowStore();
  await using server = await TestBroker.start({ store });
  const consumer = await server.connect();
  await consumer.confirmed("SUBSCRIBE", { ...SEND, id: "s" });
  const client = await server.connect();
  client.send("SEND", { ...SEND, receipt: "r1" }, "1");
  client.send("SEND", { ...SEND, receipt: "r2" }, "2");
  await store.asked();
  assert.deepEqual(await client.pending(), []);
  assert.deepEqual(await consumer.pending(), []);
  store.go();
  for (const id of ["r1", "r2"]) {
    const receipt = await client.expect("RECEIPT");
    assert.equal(receipt.headers.get("receipt-id"), id);
  }
  assert.deepEqual((await consumer.messages(2)).map(text), ["1", "2"]);
});

Deno.test("Broker waits for the store before it confirms DISCONNECT", async () => {
  const store = new SlowStore();
  await using server = await TestBroker.start({ store });
  const client = await server.connect();
  client.send("SEND", { ...SEND, receipt: "r1" }, "1");
  client.send("DISCONNECT", { receipt: "bye" });
  await store.asked();
  store.go();
  const frames = await client.rest();
  const ids = frames.map((f) => f.headers.get("receipt-id"));
  assert.deepEqual(ids, ["r1", "bye"]);
});

Deno.test("Broker stops reading from a client whose messages wait to be stored", async () => {
  const store = new SlowStore();
  await using server = await TestBroker.start({
    store,
    limits: { maxUnstoredBytes: 1000 },
  });
  const client = await server.connect();
  for (let n = 0; n < 5; n++) client.send("SEND", SEND, "x".repeat(400));
  client.send("BEGIN", { transaction: "t" });
  client.send("ABORT", { transaction: "t", receipt: "r" });
  const other = await server.connect();
  while (store.waiting.length < 3) await other.pending();
  for (let n = 0; n < 20; n++) await other.pending();
  assert.equal(store.waiting.length, 3);
  store.go();
  await client.expect("RECEIPT");
  assert.equal(server.broker.stats().queued, 5);
});

Deno.test("Broker refuses aloud what does not fit into memory", async () => {
  const store = new MemoryStore({ maxBytes: 10_000 });
  await using server = await TestBroker.start({ store });
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "x".repeat(5000));
  client.send("SEND", { ...SEND, receipt: "r" }, "x".repeat(5000));
  const error = await client.refused();
  assert.match(error.headers.get("message")!, /^Queue memory is full: /);
  assert.equal(error.headers.get("receipt-id"), "r");
  assert.equal(server.broker.stats().queued, 1);
  const consumer = await server.connect();
  consumer.send("SUBSCRIBE", { ...SEND, id: "s" });
  await consumer.messages(1);
  await consumer.confirmed("DISCONNECT");
  await consumer.rest();
  const again = await server.connect();
  await again.confirmed("SEND", SEND, "x".repeat(5000));
});

Deno.test("Broker redelivers when the store cannot forget", async () => {
  class StubbornStore extends MemoryStore {
    override apply(changes: readonly StoreChange[]): Promise<void> {
      return changes.some(({ kind }) => kind === "remove")
        ? Promise.reject(
          new SsmError("LIMIT", "Cannot write: the disk is full"),
        )
        : super.apply(changes);
    }
  }
  await using server = await TestBroker.start({ store: new StubbornStore() });
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "1");
  const subscribe = { ...SEND, id: "s", ack: "client-individual" };
  client.send("SUBSCRIBE", subscribe);
  const [message] = await client.messages(1);
  client.send("ACK", { id: message!.headers.get("ack"), receipt: "r" });
  const frames = await client.rest();
  const error = frames.find((f) => f.command === "ERROR");
  assert.equal(error?.headers.get("message"), "Cannot write: the disk is full");
  const other = await server.connect();
  other.send("SUBSCRIBE", subscribe);
  assert.equal(text((await other.messages(1))[0]!), "1");
});

Deno.test("Broker puts what the store kept back into its queues", async () => {
  class KeptStore extends MemoryStore {
    override async *recover(): AsyncIterable<RecoveredMessage> {
      for (const sequence of [3, 5]) {
        const message = testMessage(sequence);
        const queue = "/queue/a";
        const stored = { sequence, queue, durable: true, message };
        await this.apply([{ kind: "append", stored }]);
        const { size } = message;
        yield { sequence, queue, size, deliveries: sequence === 3 ? 2 : 0 };
      }
    }
  }
  await using server = await TestBroker.start({ store: new KeptStore() });
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "new");
  client.send("SUBSCRIBE", { ...SEND, id: "s" });
  const messages = await client.messages(3);
  assert.deepEqual(messages.map(text), ["body 3", "body 5", "new"]);
  assert.deepEqual(
    messages.map((m) => m.headers.get("delivery-count")),
    ["3", undefined, undefined],
  );
});

Deno.test("Broker.start() tells that the store cannot recover", async () => {
  class BrokenStore extends MemoryStore {
    override recover(): AsyncIterable<RecoveredMessage> {
      throw new Error("Cannot open the store");
    }
  }
  await using broker = new Broker({ store: new BrokenStore() });
  await assert.rejects(broker.start(), { message: "Cannot open the store" });
});

Deno.test("Broker.stats() counts", async () => {
  await using server = await TestBroker.start();
  await server.connect();
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "1");
  await client.confirmed("SEND", SEND, "2");
  const ack = "client-individual";
  client.send("SUBSCRIBE", { ...SEND, id: "s", ack, "prefetch-count": "1" });
  await client.messages(1);
  await client.confirmed("SUBSCRIBE", { destination: "/topic/t", id: "t" });
  const { queuedBytes, ...counts } = server.broker.stats();
  assert.deepEqual(counts, {
    connections: 2,
    connectionsTotal: 2,
    durableSubscriptions: 0,
    connectionsRefused: 0,
    subscriptions: 2,
    queues: 1,
    topics: 1,
    topicBytes: 0,
    messagesIn: 2,
    messagesOut: 1,
    messagesReturned: 0,
    messagesExpired: 0,
    messagesDead: 0,
    queued: 2,
  });
  assert.ok(queuedBytes > 2);
});

Deno.test("Broker forgets a queue that has neither messages nor consumers", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SUBSCRIBE", { ...SEND, id: "s" });
  assert.equal(server.broker.stats().queues, 1);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  assert.equal(server.broker.stats().queues, 0);
});

Deno.test("Broker.drain() waits for what clients hold, delivers nothing new and hangs up", async () => {
  await using server = await TestBroker.start();
  const idle = await server.connect();
  const busy = await server.connect();
  await busy.confirmed("SEND", SEND, "1");
  await busy.confirmed("SEND", SEND, "2");
  const ack = "client-individual";
  busy.send("SUBSCRIBE", { ...SEND, id: "s", ack, "prefetch-count": "1" });
  const [message] = await busy.messages(1);
  const drained = server.broker.drain();
  assert.deepEqual(await idle.rest(), []);
  const late = await server.dial();
  assert.match(text(await late.refused()), /the broker is stopping/);
  busy.send("ACK", { id: message!.headers.get("ack"), receipt: "r" });
  const last = await busy.rest();
  assert.deepEqual(last.map((f) => f.headers.get("receipt-id")), ["r"]);
  await drained;
  assert.equal(server.broker.stats().connections, 0);
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker.drain() cuts off who holds messages for too long", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({ clock });
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "1");
  client.send("SUBSCRIBE", { ...SEND, id: "s", ack: "client" });
  await client.messages(1);
  const drained = server.broker.drain({ timeoutMs: 3000 });
  assert.deepEqual(await client.pending(), []);
  clock.advance(3000);
  await drained;
  assert.deepEqual(await client.rest(), []);
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker.close() ends all connections at once", async () => {
  await using server = await TestBroker.start();
  const clients = [await server.connect(), await server.dial()];
  await clients[0]!.pending();
  await server.broker.close();
  for (const client of clients) assert.deepEqual(await client.rest(), []);
  assert.equal(server.broker.stats().connections, 0);
});

Deno.test("Broker stops reading from a client that does not read its receipts", async () => {
  await using server = await TestBroker.start({
    limits: { maxOutputBytes: 10_000 },
  });
  const client = await server.connect();
  const receipt = "r".repeat(10_000);
  const count = 2000;
  for (let n = 0; n < count; n++) {
    client.send("SEND", { destination: "/topic/nobody", receipt });
  }
  client.send("DISCONNECT", { receipt: "bye" });
  // The client's own frames wait for the broker; they go on once it is read from.
  const other = await server.connect();
  let before: number;
  do {
    before = server.broker.stats().messagesIn;
    for (let n = 0; n < 100; n++) await other.pending();
  } while (server.broker.stats().messagesIn > before);
  assert.ok(before < count);
  const frames = await client.rest();
  assert.equal(frames.length, count + 1);
  assert.equal(server.broker.stats().messagesIn, count);
});

Deno.test("Broker refuses limits, heart-beats and grace that make no sense", () => {
  for (const prefetch of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => new Broker({ limits: { prefetch } }), RangeError);
  }
  for (const sendMs of [-1, 0.5, NaN]) {
    const heartBeat = { sendMs, receiveMs: 0 };
    assert.throws(() => new Broker({ heartBeat }), RangeError);
  }
  assert.throws(() => new Broker({ graceFactor: 0.5 }), RangeError);
});
