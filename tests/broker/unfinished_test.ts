import assert from "node:assert/strict";
import { Unfinished } from "../../lib/broker/limits/unfinished.ts";
import { TestBroker } from "./harness.ts";

/** A SEND frame without its end. */
function begun(bytes: number): string {
  return `SEND\ndestination:a\nreceipt:done\ncontent-length:800\n\n${
    "x".repeat(bytes)
  }`;
}

Deno.test("Broker refuses who holds most when all clients together hold too much of unfinished frames", async () => {
  await using server = await TestBroker.start({
    limits: { maxBodyBytes: 800, maxUnfinishedBytes: 1000 },
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
    limits: { maxBodyBytes: 800, maxUnfinishedBytes: 1000 },
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

Deno.test("Unfinished.note() refuses one after the other until little enough is held", () => {
  const unfinished = new Unfinished(10);
  const refused: string[] = [];
  const sender = (name: string) => ({ fail: () => void refused.push(name) });
  const [a, b, c] = [sender("a"), sender("b"), sender("c")];
  unfinished.note(a, 4);
  unfinished.note(b, 6);
  unfinished.note(a, 3);
  assert.deepEqual(refused, []);
  unfinished.note(c, 2);
  assert.deepEqual(refused, ["b"]);
  unfinished.note(c, 20);
  assert.deepEqual(refused, ["b", "c"]);
  unfinished.note(a, 10);
  assert.deepEqual(refused, ["b", "c"]);
});
