import assert from "node:assert/strict";
import type { Frame } from "../../../../lib/stomp/mod.ts";
import {
  type RawClient,
  TestBroker,
  text,
} from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { ackHeaders, bodies, fill, QUEUE, subscribe } from "../queue_client.ts";

/** Looks through the queue to its end. */
async function browse(
  client: RawClient,
  headers: Record<string, string> = {},
): Promise<{ shown: Frame[]; end: Frame }> {
  const browser = "true";
  client.send("SUBSCRIBE", {
    destination: QUEUE,
    id: "b",
    browser,
    ...headers,
  });
  const shown: Frame[] = [];
  for (;;) {
    const frame = await client.expect("MESSAGE");
    if (frame.headers.get("browser") === "end") return { shown, end: frame };
    shown.push(frame);
  }
}

for (const version of ["1.0", "1.1", "1.2"] as const) {
  Deno.test(`Broker shows a queue to a browser in STOMP ${version}, and takes nothing out of it`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect(version);
    await fill(client, 3);
    const { shown, end } = await browse(client);
    assert.deepEqual(bodies(shown), ["1", "2", "3"]);
    assert.equal(end.headers.get("subscription"), "b");
    assert.equal(end.headers.get("destination"), QUEUE);
    assert.ok(end.headers.has("message-id"));
    await client.confirmed("UNSUBSCRIBE", { id: "b" });
    assert.equal(server.broker.stats().queued, 3);
    subscribe(client);
    const messages = await client.messages(3);
    assert.deepEqual(bodies(messages), ["1", "2", "3"]);
    // To have been looked at is not to have been delivered.
    assert.ok(messages.every(({ headers }) => !headers.has("redelivered")));
  });
}

Deno.test("Broker tells a browser at once that there is nothing, and makes no queue for it", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const { shown } = await browse(client);
  assert.deepEqual(shown, []);
  assert.equal(server.broker.stats().queues, 0);
});

Deno.test("Broker shows a browser neither what comes later nor what is gone meanwhile", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await fill(client, 4);
  const viewer = await server.connect();
  const window = { ack: "client-individual", "prefetch-count": "1" };
  await viewer.confirmed("SUBSCRIBE", {
    destination: QUEUE,
    id: "b",
    browser: "true",
    ...window,
  });
  const [first] = await viewer.messages(1);
  assert.equal(text(first!), "1");
  // Somebody takes the first three, gives one back, and sends another.
  subscribe(client, "client-individual", { "prefetch-count": "3" });
  const taken = await client.messages(3);
  client.send("ACK", ackHeaders(taken[1]!, "1.2"));
  assert.deepEqual(bodies(await client.messages(1)), ["4"]);
  client.send("UNSUBSCRIBE", { id: "s" });
  await client.confirmed("SEND", { destination: QUEUE }, "5");
  viewer.send("ACK", ackHeaders(first!, "1.2"));
  const [third] = await viewer.messages(1);
  assert.equal(text(third!), "3");
  viewer.send("ACK", ackHeaders(third!, "1.2"));
  const [fourth, end] = await viewer.messages(2);
  assert.equal(text(fourth!), "4");
  assert.equal(end!.headers.get("browser"), "end");
  await viewer.confirmed("ACK", ackHeaders(fourth!, "1.2"));
  assert.equal(server.broker.stats().queued, 4);
});

Deno.test("Broker changes nothing when a browser refuses, for good or not, or is lost", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect();
  await fill(client, 3);
  const viewer = await server.connect();
  const { shown } = await browse(viewer, { ack: "client-individual" });
  const [one, two] = shown;
  viewer.send("NACK", { ...ackHeaders(one!, "1.2"), requeue: "false" });
  await viewer.confirmed("NACK", ackHeaders(two!, "1.2"));
  viewer.close();
  subscribe(client);
  assert.deepEqual(bodies(await client.messages(3)), ["1", "2", "3"]);
  assert.equal(server.broker.stats().messagesDead, 0);
});

Deno.test("Broker shows a browser what its window and its connection take, as it takes it", async () => {
  await using server = await TestBroker.start({
    limits: { maxOutputBytes: 10_000 },
  });
  const client = await server.connect();
  const body = "x".repeat(8000);
  for (let n = 0; n < 50; n++) {
    await client.confirmed("SEND", { destination: QUEUE }, body);
  }
  const { shown } = await browse(client);
  assert.equal(shown.length, 50);
});

Deno.test("Broker does not show a browser what has expired", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({ clock });
  const client = await server.connect();
  await fill(client, 1);
  const expires = `${clock.timeOfDay + 1000}`;
  await client.confirmed("SEND", { destination: QUEUE, expires }, "short");
  clock.timeOfDay += 1000;
  const { shown } = await browse(client);
  assert.deepEqual(bodies(shown), ["1"]);
});

Deno.test("Broker shows the dead letters, and a client's own temporary queue", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect();
  await fill(client, 1);
  subscribe(client);
  const [message] = await client.messages(1);
  await client.confirmed("NACK", ackHeaders(message!, "1.2"));
  const dead = await browse(client, { destination: "/queue/DLQ" });
  assert.deepEqual(bodies(dead.shown), ["1"]);
  const destination = "/temp-queue/mine";
  await client.confirmed("SEND", { destination }, "reply");
  const own = await browse(client, { destination, id: "c" });
  assert.deepEqual(bodies(own.shown), ["reply"]);
});

Deno.test("Broker lets no sender pretend that a browser has seen everything", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SEND", { destination: QUEUE, browser: "end" }, "1");
  await client.confirmed("SEND", { destination: QUEUE }, "2");
  const { shown } = await browse(client);
  assert.deepEqual(bodies(shown), ["1", "2"]);
});
