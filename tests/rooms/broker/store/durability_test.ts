import assert from "node:assert/strict";
import { SqliteStore } from "../../../../lib/broker/mod.ts";
import { dial } from "../../../../lib/net/mod.ts";
import { Running, ssmCommand } from "../../../kit/programs/program.ts";
import { testWith } from "../../../peers/parts.ts";
import { mountSmall } from "../../../kit/disk/small_disk.ts";
import { RawClient, TestBroker, text } from "../../../kit/net/test_broker.ts";
import { bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

const SEND = { destination: QUEUE, persistent: "true" };

/** The real broker, with that directory; killed on disposal. */
async function start(data: string): Promise<{
  broker: Running;
  connect: () => Promise<RawClient>;
}> {
  const args = ["broker", "--port=0", `--data=${data}`];
  const broker = new Running(ssmCommand(args));
  const line = await broker.line(/Broker listening on /);
  assert.ok(line.endsWith(`, persistent messages in ${data}`), line);
  const port = Number(/:(\d+), /.exec(line)![1]);
  const connect = async () => {
    const client = new RawClient(await dial({ host: "127.0.0.1", port }));
    client.send("CONNECT", { "accept-version": "1.2", host: "localhost" });
    await client.expect("CONNECTED");
    client.version = "1.2";
    return client;
  };
  return { broker, connect };
}

/** Sends numbered messages, some hundred ahead of their receipts, until the broker is gone; which were confirmed. */
async function load(producer: RawClient): Promise<number[]> {
  const filler = "x".repeat(1000);
  const confirmed: number[] = [];
  for (let n = 1;; n++) {
    producer.send("SEND", { ...SEND, receipt: `${n}` }, `${n} ${filler}`);
    if (n <= 500) continue;
    const receipt = await producer.nextOrEnd();
    if (receipt === undefined) return confirmed;
    confirmed.push(Number(receipt.headers.get("receipt-id")));
  }
}

/** Runs a test with a new directory. */
async function withDirectory(
  fn: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await fn(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("ssm broker --data, killed under load, keeps every confirmed message and no acknowledged one", () =>
  withDirectory(async (directory) => {
    const data = `${directory}/data`;
    const seen: number[] = [];
    const acked = new Set<number>();
    let confirmed: number[];
    {
      const { broker, connect } = await start(data);
      await using _ = broker;
      const quiet = await connect();
      for (const body of ["1", "2", "3"]) {
        const destination = "/queue/untouched";
        await quiet.confirmed("SEND", { ...SEND, destination }, body);
        await quiet.confirmed("SEND", { destination }, "in memory");
      }
      quiet.close();
      const producer = await connect();
      const receipts = load(producer);
      const consumer = await connect();
      subscribe(consumer, "client-individual", { "prefetch-count": "10000" });
      // Every second message is acknowledged, the others are held.
      while (acked.size < 300) {
        const frame = await consumer.next();
        if (frame.command === "RECEIPT") {
          acked.add(Number(frame.headers.get("receipt-id")));
          continue;
        }
        const number = parseInt(text(frame));
        seen.push(number);
        if (number % 2 === 1) continue;
        const id = frame.headers.get("ack");
        consumer.send("ACK", { id, receipt: `${number}` });
      }
      broker.kill("SIGKILL");
      await consumer.rest();
      confirmed = await receipts;
    }
    const { broker, connect } = await start(data);
    await using _ = broker;
    const client = await connect();
    await client.confirmed("SEND", SEND, "end");
    subscribe(client, "client-individual", { "prefetch-count": "10000" });
    const found = new Map<number, boolean>();
    for (;;) {
      const message = await client.expect("MESSAGE");
      client.send("ACK", { id: message.headers.get("ack") });
      if (text(message) === "end") break;
      const redelivered = message.headers.get("redelivered") === "true";
      found.set(parseInt(text(message)), redelivered);
    }
    const numbers = [...found.keys()];
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), "order");
    for (const number of acked) {
      assert.ok(!found.has(number), `${number} was acknowledged`);
    }
    const answered = new Set(seen.filter((number) => number % 2 === 0));
    for (const number of confirmed) {
      if (answered.has(number)) continue;
      assert.ok(found.has(number), `${number} is lost`);
    }
    // What was delivered before an acknowledgement was confirmed is known to have been.
    const last = Math.max(...acked);
    for (const number of seen) {
      if (number > last || number % 2 === 0) continue;
      assert.equal(found.get(number), true, `${number} was delivered before`);
    }
    client.send("SUBSCRIBE", { destination: "/queue/untouched", id: "u" });
    const untouched = await client.messages(3);
    assert.deepEqual(bodies(untouched), ["1", "2", "3"]);
    for (const { headers } of untouched) {
      assert.equal(headers.has("redelivered"), false);
    }
    client.close();
  }));

Deno.test("ssm broker --data, killed, keeps confirmed durable subscriptions and what waits for them", () =>
  withDirectory(async (data) => {
    const destination = "/topic/a";
    const durable = { durable: "true", "auto-delete": "false" };
    const wish = { destination, id: "s", ack: "client", ...durable };
    {
      const { broker, connect } = await start(data);
      await using _ = broker;
      const client = await connect();
      await client.confirmed("SUBSCRIBE", wish);
      await client.confirmed("SEND", { ...SEND, destination }, "in hand");
      await client.messages(1);
      await client.confirmed("SUBSCRIBE", { ...wish, id: "ended" });
      await client.confirmed("UNSUBSCRIBE", { id: "ended", ...durable });
      client.close();
    }
    const { broker, connect } = await start(data);
    await using _ = broker;
    const client = await connect();
    await client.confirmed("SEND", { ...SEND, destination }, "later");
    await client.confirmed("SUBSCRIBE", wish);
    const messages = await client.messages(2);
    assert.deepEqual(bodies(messages), ["in hand", "later"]);
    assert.equal(messages[0]!.headers.get("redelivered"), "true");
    await client.confirmed("SUBSCRIBE", { ...wish, id: "ended" });
    assert.deepEqual(await client.pending(), []);
    client.close();
  }));

Deno.test("ssm broker --data keeps messages over an orderly restart, and refuses a second broker", () =>
  withDirectory(async (data) => {
    {
      const { broker, connect } = await start(data);
      await using _ = broker;
      const client = await connect();
      await client.confirmed("SEND", SEND, "1");
      client.close();
      await using second = new Running(
        ssmCommand(["broker", "--port=0", `--data=${data}`]),
      );
      const { status, stderr } = await second.end();
      assert.equal(status, 1);
      assert.equal(
        stderr,
        `ssm: error: Cannot open the message store in ${data}: another broker uses it\n`,
      );
      const { stdout } = await broker.stop();
      assert.match(stdout, /Broker has shut down\.\n$/);
    }
    const { broker, connect } = await start(data);
    await using _ = broker;
    const client = await connect();
    subscribe(client, "auto");
    assert.deepEqual(bodies(await client.messages(1)), ["1"]);
    client.close();
    const { stdout } = await broker.stop();
    assert.match(stdout, /Recovered 1 messages in 1 queues from /);
  }));

Deno.test("Broker stores no messages of topics and temporary queues", () =>
  withDirectory(async (directory) => {
    {
      const store = await SqliteStore.open(directory);
      await using server = await TestBroker.start({ store });
      const client = await server.connect();
      for (const destination of ["/topic/a", "/temp-queue/a"]) {
        await client.confirmed("SEND", { destination, persistent: "true" });
      }
    }
    await using store = await SqliteStore.open(directory);
    assert.deepEqual(await Array.fromAsync(store.recover()), []);
  }));

Deno.test("Broker delivers in order what does not fit into memory", () =>
  withDirectory(async (directory) => {
    const store = await SqliteStore.open(directory, { memoryBytes: 5000 });
    await using server = await TestBroker.start({ store });
    const client = await server.connect();
    await fill(client, 50);
    subscribe(client, "auto");
    const numbers = Array.from({ length: 50 }, (_, n) => `${n + 1}`);
    assert.deepEqual(bodies(await client.messages(50)), numbers);
    await client.pending();
    while (server.broker.stats().queued > 0) await client.pending();
  }));

testWith(
  ["root"],
  "Broker tells producers that the disk is full, and serves consumers on",
  () =>
    withDirectory(async (directory) => {
      await using _ = await mountSmall(`${directory}/small`);
      const store = await SqliteStore.open(`${directory}/small/data`, {
        reserveBytes: 64 << 10,
      });
      await using server = await TestBroker.start({ store });
      const producer = await server.connect();
      const body = (n: number) => `${n} ${"x".repeat(4000)}`;
      for (let n = 0; n < 200; n++) {
        producer.send("SEND", { ...SEND, receipt: `${n}` }, body(n));
      }
      const frames = await producer.rest();
      const error = frames.find(({ command }) => command === "ERROR");
      assert.equal(
        error?.headers.get("message"),
        "Cannot store messages: the disk is full",
      );
      const confirmed = frames.length - 1;
      assert.equal(error.headers.get("receipt-id"), `${confirmed}`);
      assert.ok(confirmed > 0);
      const consumer = await server.connect();
      subscribe(consumer);
      const messages = await consumer.messages(server.broker.stats().queued);
      for (const { headers } of messages) {
        await consumer.confirmed("ACK", { id: headers.get("ack") });
      }
      assert.equal(server.broker.stats().queued, 0);
      const kept = messages.map((message) => parseInt(text(message)));
      assert.deepEqual(kept.slice(0, confirmed), [...Array(confirmed).keys()]);
      const again = await server.connect();
      await again.confirmed("SEND", SEND, body(0));
    }),
);
