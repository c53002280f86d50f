import assert from "node:assert/strict";
import { SharedLimit } from "../../../../lib/broker/limits/shared_limit.ts";
import {
  type RawClient,
  TestBroker,
  text,
} from "../../../kit/net/test_broker.ts";

/** A SEND frame without its end. */
function begun(bytes: number): string {
  return `SEND\ndestination:a\nreceipt:done\ncontent-length:800\n\n${
    "x".repeat(bytes)
  }`;
}

Deno.test("Broker refuses who holds most when all clients together hold too much of unfinished frames", async () => {
  await using server = await TestBroker.start({
    limits: { frames: { maxBodyBytes: 800 }, maxUnfinishedBytes: 1000 },
  });
  const large = await server.connect();
  const small = await server.connect();
  large.bytes(begun(700));
  // In whatever order they are read, it is the last that makes it too much.
  small.bytes(begun(100));
  const third = await server.connect();
  third.bytes(begun(300));
  const error = await large.refused();
  assert.match(
    error.headers.get("message")!,
    /^Cannot take so much at once: clients have sent 1000 bytes of messages that do not end, you 7\d\d of them$/,
  );
  for (const [client, rest] of [[small, 700], [third, 500]] as const) {
    client.bytes(`${"x".repeat(rest)}\0`);
    await client.expect("RECEIPT");
  }
  assert.equal(server.broker.stats().queued, 2);
});

Deno.test("Broker forgets the unfinished frames of clients that are gone", async () => {
  await using server = await TestBroker.start({
    limits: { frames: { maxBodyBytes: 800 }, maxUnfinishedBytes: 1000 },
  });
  const stays = await server.connect();
  await stays.confirmed("SEND", { destination: "a" }, "x".repeat(800));
  for (let i = 0; i < 5; i++) {
    const leaves = await server.connect();
    leaves.bytes(begun(700));
    await leaves.finish();
    await leaves.rest();
  }
  stays.bytes(begun(799));
  stays.bytes("x\0");
  await stays.expect("RECEIPT");
});

Deno.test("SharedLimit.note() refuses one after the other until little enough is held", () => {
  const limit = new SharedLimit(10, () => "too much");
  const refused: string[] = [];
  const holder = (name: string) => ({ fail: () => void refused.push(name) });
  const [a, b, c] = [holder("a"), holder("b"), holder("c")];
  limit.note(a, 4);
  limit.note(b, 6);
  limit.note(a, 3);
  assert.deepEqual(refused, []);
  limit.note(c, 2);
  assert.deepEqual(refused, ["b"]);
  limit.note(c, 20);
  assert.deepEqual(refused, ["b", "c"]);
  limit.note(a, 10);
  assert.deepEqual(refused, ["b", "c"]);
});

Deno.test("Broker bounds what all transactions hold, however many there are", async () => {
  await using server = await TestBroker.start({
    limits: { maxTransactionBytes: 10_000, maxOpenTransactionBytes: 20_000 },
  });
  const destination = "/queue/a";
  const send = async (client: RawClient, transaction: string, size: number) => {
    client.send("BEGIN", { transaction });
    const headers = { destination, transaction };
    await client.confirmed("SEND", headers, "x".repeat(size));
  };
  const large = await server.connect();
  const small = await server.connect();
  await send(large, "one", 8000);
  await send(large, "two", 3000);
  // What has ended is held no more.
  await send(small, "over", 8000);
  await small.confirmed("COMMIT", { transaction: "over" });
  await send(small, "over", 7000);
  await small.confirmed("ABORT", { transaction: "over" });
  await send(small, "last", 9000);
  assert.match(
    text(await large.refused()),
    /^Cannot take so much at once: clients have sent 20000 bytes of transactions that do not end, you 1\d{4} of them$/m,
  );
  await small.confirmed("COMMIT", { transaction: "last" });
  assert.equal(server.broker.stats().queued, 2);
});

Deno.test("Broker counts a message in a transaction once for each destination, and forgets all of it", async () => {
  await using server = await TestBroker.start({
    limits: { maxTransactionBytes: 40_000, maxOpenTransactionBytes: 20_000 },
  });
  const send = async (client: RawClient, destination: string) => {
    await client.confirmed("BEGIN", { transaction: "t" });
    const headers = { destination, transaction: "t", receipt: "sent" };
    client.send("SEND", headers, "x".repeat(8000));
  };
  const many = await server.connect();
  // The second is accepted, the third is too much, and a fourth comes after it.
  await send(many, "/queue/a,/queue/b,/queue/c,/queue/d");
  const error = await many.expect("ERROR");
  assert.match(text(error), /20000 bytes of transactions/);
  // It has not hung up, and holds nothing any more.
  const few = await server.connect();
  await send(few, "/queue/a,/queue/b");
  await few.expect("RECEIPT");
  await few.confirmed("COMMIT", { transaction: "t" });
  assert.equal(server.broker.stats().queued, 2);
  await many.rest();
});

Deno.test("Broker bounds the subscriptions of all clients; who has most is refused", async () => {
  await using server = await TestBroker.start({
    limits: { maxSubscriptions: 10, maxAllSubscriptions: 7 },
  });
  const subscribe = (client: RawClient, id: number) =>
    client.confirmed("SUBSCRIBE", { destination: `/topic/${id}`, id: `${id}` });
  const [many, few] = [await server.connect(), await server.connect()];
  for (let n = 0; n < 5; n++) await subscribe(many, n);
  for (let n = 0; n < 2; n++) await subscribe(few, n);
  // What has ended counts no more.
  await few.confirmed("UNSUBSCRIBE", { id: "0" });
  await subscribe(few, 0);
  await subscribe(few, 2);
  assert.match(
    text(await many.refused()),
    /^Cannot subscribe: all clients together may have 7 subscriptions, and you have most, 5$/m,
  );
  for (let n = 3; n < 7; n++) await subscribe(few, n);
  assert.equal(server.broker.stats().subscriptions, 7);
});
