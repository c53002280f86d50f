import assert from "node:assert/strict";
import {
  AmsServer,
  MemoryStore,
  SqliteStore,
} from "../../../../lib/broker/mod.ts";
import { AmsCaller, refusal, withAms } from "../../../kit/net/test_ams.ts";

const TOPICS = [{ project: "p", topic: "t", subscriptions: ["s", "s2"] }];

/** Runs a test with what starts an AMS on one and the same directory. */
async function withData(
  fn: (
    start: (topics?: typeof TOPICS) => Promise<
      AsyncDisposable & { readonly ams: AmsCaller; readonly server: AmsServer }
    >,
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await fn(async (topics = TOPICS) => {
      const store = await SqliteStore.open(directory);
      const server = await AmsServer.listen({ store, topics });
      const ams = new AmsCaller(server.port);
      return {
        ams,
        server,
        async [Symbol.asyncDispose]() {
          ams[Symbol.dispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("AMS has after a restart what it had, and the offsets go on", () =>
  withData(async (start) => {
    {
      await using run = await start();
      await run.ams.publish("0", "1", "2", "3");
      await run.ams.pull(3);
      await run.ams.acknowledge(1);
      await run.ams.pull(3, "s2");
      await run.ams.acknowledge(0, "s2");
      await run.ams.post("/projects/p/subscriptions/s:modifyAckDeadline", {
        ackDeadlineSeconds: 77,
      });
    }
    await using run = await start();
    const { ams } = run;
    assert.deepEqual(await ams.offsets(), [1, 2, 4]);
    assert.deepEqual(await ams.offsets("s2"), [1, 1, 4]);
    const shown = await ams.get("/projects/p/subscriptions/s");
    assert.equal(shown.json.ackDeadlineSeconds, 77);
    // What was handed out before is not known any more.
    assert.deepEqual(refusal(await ams.acknowledge(2)), [
      500,
      "no ack pending",
    ]);
    assert.deepEqual(await ams.pull(), { 2: "2", 3: "3" });
    assert.deepEqual(await ams.publish("4"), ["4"]);
  }));

Deno.test("AMS goes on with the offsets of a topic that was read to its end", () =>
  withData(async (start) => {
    {
      await using run = await start();
      await run.ams.publish("0", "1");
      for (const subscription of ["s", "s2"]) {
        await run.ams.pull(2, subscription);
        await run.ams.acknowledge(1, subscription);
      }
    }
    await using run = await start();
    assert.deepEqual(await run.ams.offsets(), [2, 2, 2]);
    assert.deepEqual(await run.ams.publish("2"), ["2"]);
    assert.deepEqual(await run.ams.pull(), { 2: "2" });
  }));

Deno.test("AMS keeps what is not named any more, and makes what is new", () =>
  withData(async (start) => {
    {
      await using run = await start();
      await run.ams.publish("0");
      await run.ams.pull();
      await run.ams.acknowledge(0);
      await run.ams.publish("1");
    }
    const topics = [{ project: "p", topic: "t", subscriptions: ["s3"] }];
    await using run = await start(topics);
    const { ams } = run;
    assert.deepEqual(await ams.pull(9, "s"), { 1: "1" });
    assert.deepEqual(await ams.pull(9, "s2"), { 0: "0", 1: "1" });
    assert.deepEqual(await ams.pull(9, "s3"), {});
    await ams.publish("2");
    assert.deepEqual(await ams.pull(9, "s3"), { 2: "2" });
  }));

Deno.test("AMS keeps for the first subscription what came before there was one", () =>
  withData(async (start) => {
    const none = [{ project: "p", topic: "t", subscriptions: [] }];
    {
      await using run = await start(none);
      await run.ams.publish("0", "1");
    }
    await using run = await start();
    assert.deepEqual(await run.ams.pull(), { 0: "0", 1: "1" });
    assert.deepEqual(await run.ams.pull(9, "s2"), {});
  }));

Deno.test("AMS without room for a message says try later, and takes acknowledgements", () =>
  withAms({ store: new MemoryStore({ maxBytes: 5000 }) }, async (ams) => {
    await ams.publish("x".repeat(1000), "1");
    const full = await ams.post("/projects/p/topics/t:publish", {
      messages: [{ data: "x".repeat(5000) }],
    });
    assert.deepEqual(refusal(full), [503, "Backend Error"]);
    for (const subscription of ["s", "s2"]) {
      await ams.pull(9, subscription);
      assert.equal((await ams.acknowledge(1, subscription)).status, 200);
    }
    assert.deepEqual(await ams.publish("x".repeat(2000)), ["2"]);
  }));

Deno.test("AMS gives calls at the same time offsets without gaps, in the order of the store", () =>
  withData(async (start) => {
    {
      await using run = await start();
      const calls = Array.from(
        { length: 40 },
        (_, n) => run.ams.publish(...Array(n % 3 + 1).fill(String(n))),
      );
      const ids = (await Promise.all(calls)).flat().map(Number);
      ids.sort((a, b) => a - b);
      assert.deepEqual(ids, ids.map((_, n) => n));
    }
    await using run = await start();
    const [min, current, max] = await run.ams.offsets();
    assert.deepEqual([min, current], [0, 0]);
    const pulled = await run.ams.pull(1000);
    assert.equal(Object.keys(pulled).length, max);
  }));

Deno.test("AMS saves acknowledgements of many consumers at the same time", () =>
  withData(async (start) => {
    const subscriptions = Array.from({ length: 20 }, (_, n) => `s${n}`);
    const topics = [{ project: "p", topic: "t", subscriptions }];
    {
      await using run = await start(topics);
      await run.ams.publish("0", "1", "2");
      await Promise.all(subscriptions.map(async (name, n) => {
        await run.ams.pull(3, name);
        await run.ams.acknowledge(n % 3, name);
      }));
    }
    await using run = await start(topics);
    for (const [n, name] of subscriptions.entries()) {
      assert.deepEqual(await run.ams.offsets(name), [1, n % 3 + 1, 3]);
    }
  }));
