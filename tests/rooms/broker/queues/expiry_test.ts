import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { bodies, QUEUE, subscribe } from "../queue_client.ts";

const SEND = { destination: QUEUE };

/** A broker whose time of day is set by the test. */
async function start() {
  const clock = new ManualClock();
  clock.timeOfDay = 1_800_000_000_000;
  const server = await TestBroker.start({ clock });
  return { server, clock, soon: `${clock.timeOfDay + 1000}` };
}

Deno.test("Broker does not deliver what has expired", async () => {
  const { server, clock, soon } = await start();
  await using _ = server;
  const client = await server.connect();
  await client.confirmed("SEND", { ...SEND, expires: soon }, "in a second");
  await client.confirmed(
    "SEND",
    { ...SEND, expires: `${clock.timeOfDay}` },
    "now",
  );
  await client.confirmed("SEND", { ...SEND, expires: "0" }, "never");
  assert.equal(server.broker.stats().queued, 3);
  clock.timeOfDay += 1000;
  subscribe(client, "auto");
  const [message] = await client.messages(1);
  assert.equal(text(message!), "never");
  assert.equal(message!.headers.get("expires"), "0");
  await client.pending();
  const { messagesExpired, queued } = server.broker.stats();
  assert.deepEqual({ messagesExpired, queued }, {
    messagesExpired: 2,
    queued: 0,
  });
});

Deno.test("Broker counts the milliseconds of RabbitMQ's expiration; the sooner of two moments counts", async () => {
  const { server, clock, soon } = await start();
  await using _ = server;
  const client = await server.connect();
  const [second, late] = [{ expiration: "1000" }, { expiration: "2000" }];
  await client.confirmed("SEND", { ...SEND, ...second }, "a second");
  await client.confirmed("SEND", { ...SEND, ...late }, "two seconds");
  await client.confirmed("SEND", { ...SEND, ...late, expires: soon }, "soon");
  await client.confirmed("SEND", { ...SEND, ...late, expires: "0" }, "in two");
  clock.timeOfDay += 1000;
  subscribe(client, "auto");
  const messages = await client.messages(2);
  assert.deepEqual(bodies(messages), ["two seconds", "in two"]);
});

Deno.test("Broker delivers what has not expired, with its moment", async () => {
  const { server, soon } = await start();
  await using _ = server;
  const client = await server.connect();
  client.send("SEND", { ...SEND, expires: soon, priority: "9" }, "1");
  subscribe(client);
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("expires"), soon);
  assert.equal(message!.headers.get("priority"), "9");
});

Deno.test("Broker drops what expires in a client's hands and comes back", async () => {
  const { server, clock, soon } = await start();
  await using _ = server;
  const client = await server.connect();
  client.send("SEND", { ...SEND, expires: soon }, "1");
  subscribe(client);
  const [message] = await client.messages(1);
  clock.timeOfDay += 1000;
  client.send("NACK", { id: message!.headers.get("ack") });
  assert.deepEqual(await client.pending(), []);
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker drops from time to time what expires behind other messages", async () => {
  const { server, clock, soon } = await start();
  await using _ = server;
  const client = await server.connect("1.0");
  const later = `${Number(soon) + 60_000}`;
  for (const expires of ["0", soon, later, soon]) {
    await client.confirmed("SEND", { ...SEND, expires }, expires);
  }
  await client.confirmed("SEND", { destination: "other", expires: soon });
  assert.equal(server.broker.stats().queues, 2);
  clock.timeOfDay += 30_000;
  clock.advance(30_000);
  assert.equal(server.broker.stats().queues, 1);
  assert.equal(server.broker.stats().messagesExpired, 3);
  clock.timeOfDay += 60_000;
  clock.advance(30_000);
  assert.equal(server.broker.stats().messagesExpired, 4);
  await client.pending();
  assert.equal(server.broker.stats().queued, 1);
  subscribe(client);
  assert.deepEqual(bodies(await client.messages(1)), ["0"]);
});

Deno.test("Broker drops what expires while it waits for a slow subscriber of a topic", async () => {
  const { server, clock, soon } = await start();
  await using _ = server;
  const client = await server.connect();
  const destination = "/topic/a";
  const window = { ack: "client-individual", "prefetch-count": "1" };
  client.send("SUBSCRIBE", { destination, id: "s", ...window });
  client.send("SEND", { destination }, "1");
  client.send("SEND", { destination, expires: soon }, "2");
  client.send("SEND", { destination }, "3");
  const [first] = await client.messages(1);
  await client.pending();
  clock.timeOfDay += 1000;
  client.send("ACK", { id: first!.headers.get("ack") });
  assert.equal(text((await client.messages(1))[0]!), "3");
  assert.equal(server.broker.stats().messagesExpired, 1);
});
