import assert from "node:assert/strict";
import { Logger } from "../../../../lib/broker/mod.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { AmsCaller, refusal, withAms } from "../../../kit/net/test_ams.ts";

const SUBSCRIPTION = "/projects/p/subscriptions/s";

Deno.test("AMS takes one acknowledgement for each pull, up to the highest id", () =>
  withAms({}, async (ams) => {
    await ams.publish("0", "1", "2", "3");
    assert.deepEqual(refusal(await ams.acknowledge(0)), [
      500,
      "no ack pending",
    ]);
    assert.deepEqual(Object.keys(await ams.pull(3)), ["0", "1", "2"]);
    const ids = [1, 0].map((n) => `projects/p/subscriptions/s:${n}`);
    const both = await ams.post(`${SUBSCRIPTION}:acknowledge`, { AckIDs: ids });
    assert.equal(both.status, 200);
    assert.deepEqual(refusal(await ams.acknowledge(2)), [
      500,
      "no ack pending",
    ]);
    assert.deepEqual(Object.keys(await ams.pull(3)), ["2", "3"]);
  }));

Deno.test("AMS lets only the latest pull be acknowledged", () =>
  withAms({}, async (ams, server) => {
    using other = new AmsCaller(server.port);
    await ams.publish("0", "1", "2");
    assert.equal(Object.keys(await ams.pull(3)).length, 3);
    // No leases: the other gets the same, and its smaller pull counts.
    assert.deepEqual(await other.pull(1), { 0: "0" });
    assert.deepEqual(refusal(await ams.acknowledge(2)), [500, "wrong ack"]);
    assert.equal((await other.acknowledge(0)).status, 200);
    assert.deepEqual(refusal(await ams.acknowledge(0)), [
      500,
      "no ack pending",
    ]);
    assert.deepEqual(await ams.pull(), { 1: "1", 2: "2" });
    assert.deepEqual(refusal(await ams.acknowledge(0)), [500, "wrong ack"]);
    assert.equal((await ams.acknowledge(2)).status, 200);
    assert.deepEqual(await ams.offsets(), [0, 3, 3]);
  }));

Deno.test("AMS refuses ids that are none of the subscription's", () =>
  withAms({}, async (ams) => {
    await ams.publish("0");
    await ams.pull();
    for (
      const ackIds of [
        [],
        null,
        ["0"],
        ["projects/p/subscriptions/s2:0"],
        ["projects/q/subscriptions/s:0"],
        ["projects/p/subscriptions/s:"],
        ["projects/p/subscriptions/s:0x0"],
        ["projects/p/subscriptions/s:0", "projects/p/subscriptions/s:1:2"],
      ]
    ) {
      const said = await ams.post(`${SUBSCRIPTION}:acknowledge`, { ackIds });
      assert.deepEqual(refusal(said), [400, "Invalid ack id"]);
    }
    for (const body of ["", "{", '{"ackIds":"x"}', '{"ackIds":[1]}']) {
      const said = await ams.post(`${SUBSCRIPTION}:acknowledge`, body);
      assert.deepEqual(refusal(said), [400, "Invalid ack parameter"]);
    }
    assert.equal((await ams.acknowledge(0)).status, 200);
  }));

Deno.test("AMS refuses an acknowledgement that comes after the deadline, which can be set", async () => {
  const clock = new ManualClock();
  await withAms({ clock }, async (ams) => {
    await ams.publish("0");
    await ams.pull();
    // Whole seconds count.
    clock.advance(10_999 + 1);
    assert.deepEqual(refusal(await ams.acknowledge(0)), [408, "ack timeout"]);
    const set = await ams.post(`${SUBSCRIPTION}:modifyAckDeadline`, {
      ackDeadlineSeconds: 30,
    });
    assert.deepEqual([set.status, set.text], [200, ""]);
    assert.equal(set.contentType, "application/json; charset=utf-8");
    await ams.pull();
    clock.advance(30_999);
    assert.equal((await ams.acknowledge(0)).status, 200);
    for (const ackDeadlineSeconds of [-1, 601, 1.5, "30"]) {
      const said = await ams.post(`${SUBSCRIPTION}:modifyAckDeadline`, {
        ackDeadlineSeconds,
      });
      assert.deepEqual(refusal(said), [
        400,
        "Invalid ackDeadlineSeconds(needs value between 0 and 600) Arguments",
      ]);
    }
  });
});

Deno.test("AMS goes to another offset, but to none where nothing is", () =>
  withAms({}, async (ams) => {
    await ams.publish("0", "1", "2");
    await ams.pull();
    const move = (offset: unknown) =>
      ams.post(`${SUBSCRIPTION}:modifyOffset`, { offset });
    const moved = await move(2);
    assert.deepEqual([moved.status, moved.text], [200, ""]);
    assert.deepEqual(refusal(await ams.acknowledge(2)), [
      500,
      "no ack pending",
    ]);
    assert.deepEqual(await ams.pull(), { 2: "2" });
    for (const offset of [-1, 4]) {
      assert.deepEqual(refusal(await move(offset)), [
        400,
        "Offset out of bounds",
      ]);
    }
    assert.deepEqual(refusal(await move("1")), [
      400,
      "Invalid Offset Arguments",
    ]);
    assert.deepEqual(await ams.offsets(), [0, 2, 3]);
    // Back, too: the other subscription has not read it, so it is there.
    assert.equal((await move(1)).status, 200);
    assert.deepEqual(await ams.pull(), { 1: "1", 2: "2" });
  }));

Deno.test("AMS keeps a message until every subscription is behind it", () =>
  withAms({}, async (ams, server) => {
    await ams.publish("0", "1", "2");
    await ams.pull(2);
    await ams.acknowledge(1);
    assert.deepEqual(await ams.offsets(), [0, 2, 3]);
    await ams.pull(3, "s2");
    await ams.acknowledge(2, "s2");
    assert.deepEqual(await ams.offsets(), [2, 2, 3]);
    assert.equal(server.stats().messages, 1);
    assert.deepEqual(await ams.pull(), { 2: "2" });
  }));

Deno.test("AMS removes messages whose time is over, and says what nobody read", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const logger = new Logger("ams", [({ message }) => lines.push(message)]);
  const limits = { retentionMs: 100_000, sweepMs: 1000 };
  await withAms({ clock, logger, limits }, async (ams) => {
    await ams.publish("0", "1");
    clock.advance(60_000);
    await ams.publish("2");
    await ams.pull(1);
    await ams.acknowledge(0);
    clock.advance(41_000);
    assert.deepEqual(await ams.offsets(), [2, 2, 3]);
    assert.deepEqual(await ams.offsets("s2"), [2, 2, 3]);
    assert.deepEqual(await ams.pull(), { 2: "2" });
    assert.deepEqual(lines, [
      "Lost 2 messages of topic p/t: nobody pulled them in time",
    ]);
  });
});

Deno.test("AMS finds the offset of a time", async () => {
  const clock = new ManualClock();
  await withAms({ clock }, async (ams) => {
    await ams.publish("0", "1");
    clock.advance(5000);
    await ams.publish("2");
    const find = (time: string) =>
      ams.get(`${SUBSCRIPTION}:timeToOffset?time=${time}`);
    assert.deepEqual((await find("1970-01-01T00:00:00.000Z")).json, {
      offset: 0,
    });
    assert.deepEqual((await find("1970-01-01T00:00:00.001Z")).json, {
      offset: 2,
    });
    assert.deepEqual((await find("1970-01-01T00:00:05.000Z")).json, {
      offset: 2,
    });
    assert.equal((await find("1970-01-01T00:00:05.001Z")).status, 409);
    assert.equal((await find("yesterday")).status, 400);
  });
});
