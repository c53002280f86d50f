import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

const REQUESTS = { destination: "/queue/requests" };
const TEMPORARY = "/temp-queue/answers";

Deno.test("Broker carries an answer back through a temporary queue in reply-to", async () => {
  await using server = await TestBroker.start();
  const service = await server.connect("1.1");
  await service.confirmed("SUBSCRIBE", { ...REQUESTS, id: "s" });
  const clients = [await server.connect(), await server.connect("1.0")];
  for (const [index, client] of clients.entries()) {
    client.send("SEND", { ...REQUESTS, "reply-to": TEMPORARY }, `${index}`);
  }
  const requests = await service.messages(2);
  const replyTo = requests.map((r) => r.headers.get("reply-to")!);
  assert.notEqual(replyTo[0], replyTo[1]);
  for (const name of replyTo) assert.match(name, /^\/reply-queue\/.{20,}$/);
  for (const [index, request] of requests.entries()) {
    const answer = `answer to ${text(request)}`;
    await service.confirmed("SEND", { destination: replyTo[index] }, answer);
  }
  for (const [index, client] of clients.entries()) {
    const [answer] = await client.messages(1);
    assert.equal(text(answer!), `answer to ${index}`);
    assert.equal(answer!.headers.get("subscription"), TEMPORARY);
  }
});

Deno.test("Broker lets a client subscribe to its own temporary queue", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const other = await server.connect();
  client.send("SUBSCRIBE", { destination: TEMPORARY, id: "mine" });
  client.send("SEND", { destination: TEMPORARY }, "to myself");
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("subscription"), "mine");
  await other.confirmed("SEND", { destination: TEMPORARY }, "another queue");
  assert.deepEqual(await client.pending(), []);
});

Deno.test("Broker prefers an explicit subscription to the one that reply-to makes", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SEND", { ...REQUESTS, "reply-to": TEMPORARY });
  assert.equal(server.broker.stats().subscriptions, 1);
  await client.confirmed("SUBSCRIBE", { destination: TEMPORARY, id: "mine" });
  await client.confirmed("SEND", { ...REQUESTS, "reply-to": TEMPORARY });
  assert.equal(server.broker.stats().subscriptions, 1);
  client.send("SEND", { destination: TEMPORARY }, "answer");
  const [answer] = await client.messages(1);
  assert.equal(answer!.headers.get("subscription"), "mine");
});

Deno.test("Broker leaves reply-to alone when it names no temporary queue", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  client.send("SUBSCRIBE", { ...REQUESTS, id: "s" });
  client.send("SEND", { ...REQUESTS, "reply-to": "/topic/acks.$host" });
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("reply-to"), "/topic/acks.$host");
});

Deno.test("Broker removes a temporary queue with its owner, and confirms late answers", async () => {
  await using server = await TestBroker.start();
  const service = await server.connect();
  await service.confirmed("SUBSCRIBE", { ...REQUESTS, id: "s" });
  const client = await server.connect();
  const window = { ack: "client-individual", "prefetch-count": "1" };
  client.send("SUBSCRIBE", { destination: TEMPORARY, id: "mine", ...window });
  client.send("SEND", { ...REQUESTS, "reply-to": TEMPORARY });
  const [request] = await service.messages(1);
  const destination = request!.headers.get("reply-to");
  for (const body of ["in hand", "waits"]) {
    await service.confirmed("SEND", { destination }, body);
  }
  assert.equal(server.broker.stats().queued, 2);
  await client.confirmed("DISCONNECT");
  await client.rest();
  assert.equal(server.broker.stats().queued, 0);
  await service.confirmed("SEND", { destination }, "too late");
  await service.pending();
  assert.equal(server.broker.stats().queued, 0);
  assert.equal(server.broker.stats().queues, 1);
});

for (const version of ["1.0", "1.2"] as const) {
  Deno.test(`Broker removes a temporary queue upon UNSUBSCRIBE, in STOMP ${version}`, async () => {
    await using server = await TestBroker.start({
      limits: { maxSubscriptions: 2 },
    });
    const service = await server.connect();
    await service.confirmed("SUBSCRIBE", { ...REQUESTS, id: "s" });
    const client = await server.connect(version);
    // A name for each request, more than there may be at once.
    for (const name of ["a", "b", "c", "d"]) {
      const own = `/temp-queue/${name}`;
      client.send("SEND", { ...REQUESTS, "reply-to": own }, name);
      const [request] = await service.messages(1);
      const destination = request!.headers.get("reply-to");
      service.send("SEND", { destination }, `answer to ${name}`);
      const [answer] = await client.messages(1);
      assert.equal(text(answer!), `answer to ${name}`);
      await client.confirmed("UNSUBSCRIBE", { id: own, destination: own });
      await service.confirmed("SEND", { destination }, "too late");
      assert.equal(server.broker.stats().queued, 0);
      assert.equal(server.broker.stats().queues, 1);
    }
  });
}

Deno.test("Broker drops what waits in a temporary queue upon UNSUBSCRIBE, and says so", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const window = { ack: "client-individual", "prefetch-count": "1" };
  client.send("SUBSCRIBE", { destination: TEMPORARY, id: "mine", ...window });
  for (let n = 0; n < 3; n++) client.send("SEND", { destination: TEMPORARY });
  await client.messages(1);
  await client.confirmed("UNSUBSCRIBE", { id: "mine" });
  assert.equal(server.broker.stats().queued, 0);
  assert.match(server.log.join("\n"), /Dropped 3 replies in \/reply-queue\//);
  await client.confirmed("SEND", { destination: TEMPORARY }, "a new one");
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker keeps a temporary queue as long as another subscription is there", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  for (const id of ["one", "two"]) {
    client.send("SUBSCRIBE", { destination: TEMPORARY, id });
  }
  await client.confirmed("UNSUBSCRIBE", { id: "one" });
  client.send("SEND", { destination: TEMPORARY }, "still there");
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("subscription"), "two");
});

Deno.test("Broker takes no browser of a temporary queue for its consumer", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const browse = async (shown: number) => {
    const headers = { destination: TEMPORARY, id: "look", browser: "true" };
    client.send("SUBSCRIBE", headers);
    const frames = await client.messages(shown + 1);
    assert.equal(frames.at(-1)!.headers.get("browser"), "end");
  };
  await client.confirmed("SEND", { destination: TEMPORARY }, "waits");
  await browse(1);
  await client.confirmed("UNSUBSCRIBE", { id: "look" });
  assert.equal(server.broker.stats().queued, 1);
  // The subscription that reply-to makes comes beside it, and is left alone.
  await browse(1);
  client.send("SEND", { ...REQUESTS, "reply-to": TEMPORARY });
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("subscription"), TEMPORARY);
  await client.confirmed("UNSUBSCRIBE", { id: "look" });
  await browse(0);
  client.send("SEND", { destination: TEMPORARY }, "an answer");
  const [answer] = await client.messages(1);
  assert.equal(answer!.headers.get("subscription"), TEMPORARY);
});

Deno.test("Broker limits the temporary queues of a connection", async () => {
  await using server = await TestBroker.start({
    limits: { maxSubscriptions: 2 },
  });
  const client = await server.connect();
  for (const name of ["a", "b", "c"]) {
    client.send("SEND", { destination: `/temp-queue/${name}` });
  }
  assert.match(text(await client.refused()), /a connection may have 2/);
});
