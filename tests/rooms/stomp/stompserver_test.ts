import assert from "node:assert/strict";
import { dial } from "../../../lib/net/mod.ts";
import { ReconnectingClient, StompClient } from "../../../lib/stomp/mod.ts";
import { freePort } from "../../kit/net/free_port.ts";
import { sharedServer } from "../../peers/parts.ts";
import { startStompserver } from "../../peers/stompserver.ts";
import { testStranger } from "../../peers/strangers.ts";
import { bytes, text } from "../../kit/text.ts";
import { newQueue, next } from "./live_broker.ts";

const PARTS = ["stompserver"] as const;
const server = sharedServer(PARTS, startStompserver);

const test = (what: string, fn: () => Promise<void>) =>
  testStranger({ peer: "stompserver", parts: PARTS }, what, fn);

async function connect(): Promise<StompClient> {
  const socket = await dial({ host: "127.0.0.1", port: server().port });
  return await StompClient.connect(socket);
}

/** The first message of a queue, which `the end` is put behind. */
async function found(queue: string): Promise<string> {
  await using client = await connect();
  const subscription = await client.subscribe(queue, { ack: "client" });
  await client.send(queue, bytes("the end"), { receipt: true });
  return text((await next(subscription)).body);
}

test("a message comes through as it was", async () => {
  await using client = await connect();
  assert.equal(client.version, "1.0");
  const queue = newQueue();
  const body = Uint8Array.from({ length: 70_000 }, (_, index) => index);
  const headers = { x: "a:b" };
  await client.send(queue, body, { headers, receipt: true });
  const subscription = await client.subscribe(queue, { ack: "client" });
  const message = await next(subscription);
  assert.deepEqual(new Uint8Array(message.body), body);
  assert.equal(message.headers.get("x"), "a:b");
  await message.ack({ receipt: true });
});

for (const ack of ["client", "client-individual"] as const) {
  test(`mode ${ack} keeps a message until it is confirmed`, async () => {
    const queue = newQueue();
    {
      await using client = await connect();
      await client.send(queue, bytes("kept"), { receipt: true });
      await next(await client.subscribe(queue, { ack }));
    }
    assert.equal(await found(queue), "kept");
  });
}

test("the next message comes when one is confirmed", async () => {
  await using client = await connect();
  const queue = newQueue();
  for (const body of ["one", "two"]) {
    await client.send(queue, bytes(body), { receipt: true });
  }
  const subscription = await client.subscribe(queue, { ack: "client" });
  await (await next(subscription)).ack({ receipt: true });
  assert.equal(text((await next(subscription)).body), "two");
});

test("a transaction takes effect as a whole or not at all", async () => {
  await using client = await connect();
  const queue = newQueue();
  const aborted = await client.begin({ receipt: true });
  await aborted.send(queue, bytes("aborted"));
  await aborted.abort({ receipt: true });
  const committed = await client.begin({ receipt: true });
  await committed.send(queue, bytes("committed"));
  await committed.commit();
  const subscription = await client.subscribe(queue, { ack: "client" });
  const message = await next(subscription);
  assert.equal(text(message.body), "committed");
  await message.ack({ receipt: true });
});

test("nothing comes after an unsubscription", async () => {
  await using client = await connect();
  const queue = newQueue();
  const subscription = await client.subscribe(queue, {
    ack: "client",
    receipt: true,
  });
  await subscription.unsubscribe();
  await client.send(queue, bytes("for others"), { receipt: true });
  assert.equal(await found(queue), "for others");
});

test("a topic reaches every subscriber", async () => {
  await using publisher = await connect();
  await using one = await connect();
  await using other = await connect();
  const options = { ack: "auto", receipt: true } as const;
  const subscriptions = [
    await one.subscribe("/topic/news", options),
    await other.subscribe("/topic/news", options),
  ];
  await publisher.send("/topic/news", bytes("published"), { receipt: true });
  for (const subscription of subscriptions) {
    assert.equal(text((await next(subscription)).body), "published");
  }
});

test("the goodbye is confirmed", async () => {
  const client = await connect();
  assert.equal(await client.disconnect(), true);
});

test("a client that reconnects survives its end", async () => {
  const port = freePort();
  const texts: string[] = [];
  const came = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let first = await startStompserver(port);
  await using client = new ReconnectingClient({
    dial: (signal) => dial({ host: "127.0.0.1", port, signal }),
    firstPauseMs: 10,
    maxPauseMs: 100,
  });
  const consumer = client.consume("/queue/a", ({ body }) => {
    texts.push(text(body));
    came[texts.length - 1]!.resolve();
  }, { ack: "client" });
  await consumer.ready;
  await client.send("/queue/a", bytes("before"));
  await came[0]!.promise;
  await first[Symbol.asyncDispose]();
  const second = client.send("/queue/a", bytes("after"));
  first = await startStompserver(port);
  await using _ = first;
  await second;
  await came[1]!.promise;
  assert.deepEqual(texts, ["before", "after"]);
});
