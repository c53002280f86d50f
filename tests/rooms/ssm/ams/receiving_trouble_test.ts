/**
 * A receiver whose messaging service fails it, or is used by somebody else, too.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import { confirm, next, Receiver, settle } from "./receiver.ts";
import { amsError, type Call } from "./service.ts";

/** How often a line with these words was logged. */
function count({ stage }: Receiver, words: string | RegExp): number {
  return stage.lines.filter((line) => line.search(words) >= 0).length;
}

Deno.test("a service that goes away is said in the words of the original, and tried again for ever", async () => {
  await using receiver = await Receiver.open();
  const { service, clock } = receiver;
  service.put("1");
  await receiver.start();
  await receiver.until(1);
  await settle();
  const times: number[] = [];
  service.before = () => {
    times.push(clock.now());
    throw new SsmError("CONNECT", "Cannot connect: refused");
  };
  await receiver.passUntil(() => times.length === 9);
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  assert.deepEqual(pauses, [
    ...[1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000],
  ]);
  assert.equal(count(receiver, /^WARNING Connection lost\.$/), 1);
  assert.equal(count(receiver, "Connection lost because: Cannot connect"), 1);
  assert.equal(count(receiver, "Failed to connect: Cannot connect"), 8);
  service.before = () => {};
  service.put("2");
  await receiver.passUntil(() => receiver.filed.length === 2);
  await settle();
  assert.equal(count(receiver, /^INFO Connected\.$/), 2);
});

Deno.test("a service that asks to be left alone is left alone", async () => {
  await using receiver = await Receiver.open();
  const { service, clock } = receiver;
  const times: number[] = [];
  service.before = () => {
    times.push(clock.now());
    throw amsError("unavailable", 503, "busy", { retryAfterMs: 45_000 });
  };
  await receiver.start();
  await receiver.passUntil(() => times.length === 2);
  assert.equal(times[1]! - times[0]!, 45_000);
});

for (
  const [kind, status] of [
    ["unauthorized", 401],
    ["unregistered", 404],
    ["forbidden", 403],
    ["not found", 404],
    ["conflict", 409],
    ["redirected", 302],
  ] as const
) {
  Deno.test(`a refusal is said once, with what to do, and tried again without a restart: ${kind}`, async () => {
    await using receiver = await Receiver.open();
    const { service, clock } = receiver;
    const hint = "ask for the role";
    const times: number[] = [];
    service.before = ({ name }) => {
      if (name !== "pull") return;
      times.push(clock.now());
      throw amsError(kind, status, kind, { hint });
    };
    await receiver.start();
    await receiver.passUntil(() => times.length === 6);
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    assert.deepEqual(pauses, [60_000, 120_000, 240_000, 480_000, 600_000]);
    assert.equal(count(receiver, `ERROR Cannot ask the service: ${kind}`), 1);
    assert.equal(count(receiver, `Hint: ${hint}`), 1);
    service.before = () => {};
    service.put("1");
    await receiver.passUntil(() => receiver.filed.length === 1);
  });
}

Deno.test("a token that may not acknowledge is told of once, and nothing is stored twice", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1");
  service.before = ({ name }) => {
    if (name === "acknowledge") throw amsError("forbidden", 403);
  };
  await receiver.start();
  await receiver.passUntil(() => service.asked("acknowledge").length === 5);
  assert.equal(count(receiver, "ERROR Cannot ask the service: forbidden"), 1);
  assert.equal(receiver.filed.length, 1);
});

for (const what of ["before it was taken", "after it was taken"] as const) {
  Deno.test(`an acknowledgement that is cut off ${what} costs nothing`, async () => {
    await using receiver = await Receiver.open();
    const { service } = receiver;
    service.put("1", "2");
    let cuts = 0;
    const cut = ({ name }: Call) => {
      if (name !== "acknowledge" || ++cuts > 1) return;
      throw new SsmError("CONNECTION_LOST", "The connection was lost");
    };
    if (what === "before it was taken") service.before = cut;
    else service.after = cut;
    await receiver.start();
    await receiver.until(2);
    service.put("3");
    await receiver.passUntil(() => service.current === 3n);
    assert.deepEqual(
      receiver.filed.map(({ outcome }) => outcome),
      Array(3).fill("incoming"),
    );
    assert.deepEqual(receiver.stage.complaints, [
      "WARNING Failed to connect: The connection was lost",
    ]);
  });
}

Deno.test("a second consumer is told of once in an hour, and nothing is stored twice", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1", "2", "3");
  const other = service.subscription();
  let disturbances = 4;
  const { signal } = new AbortController();
  // Its smaller pull makes the acknowledgement wrong.
  service.before = async ({ name }) => {
    if (name === "acknowledge" && disturbances-- > 0) {
      await other.pull(1, signal);
    }
  };
  await receiver.start();
  await receiver.passUntil(() => service.current === 3n);
  assert.equal(receiver.filed.length, 3);
  assert.equal(count(receiver, "Another consumer seems to use"), 1);
});

Deno.test("what another consumer took is told of", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1");
  await receiver.start();
  await receiver.until(1);
  await settle();
  service.put("2", "3", "4");
  service.current = 3n;
  await receiver.passUntil(() => receiver.filed.length === 2);
  assert.equal(
    count(
      receiver,
      /^WARNING Another consumer.* 2 messages of S, between offset 1 and 2, were acknowledged by somebody else/,
    ),
    1,
  );
});

Deno.test("what expired before it was received is an error, with how many and which", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1");
  await receiver.start();
  await receiver.until(1);
  await settle();
  service.put("2", "3", "4");
  service.min = 3n;
  await receiver.passUntil(() => receiver.filed.length === 2);
  assert.equal(
    count(
      receiver,
      /^ERROR 2 messages of S, between offset 1 and 2, did not come: AMS keeps messages for a limited time.*have it sent again/,
    ),
    1,
  );
  assert.deepEqual(await receiver.incoming(), ["1", "4"]);
});

Deno.test("a jump that cannot be explained is told of as such", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.mayReadOffsets = false;
  service.put("1");
  await receiver.start();
  await receiver.until(1);
  await settle();
  service.put("2", "3");
  service.current = 2n;
  await receiver.passUntil(() => receiver.filed.length === 2);
  assert.equal(
    count(receiver, /^ERROR 1 messages of S.*either they expired.*or another/),
    1,
  );
});

Deno.test("a subscription beyond its end, which brings nothing for ever, is told of at the start", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1");
  service.current = 999n;
  await receiver.start();
  await settle();
  assert.equal(
    count(receiver, /^ERROR.*offset 999.*Have it moved to offset 1/),
    1,
  );
});

Deno.test("a subscription that was moved back brings what is known, which is recognised, without haste", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1", "2");
  await receiver.start();
  await receiver.until(2);
  await settle();
  service.after = ({ name }) => {
    if (name === "acknowledge") service.current = 0n;
  };
  service.current = 0n;
  await receiver.passUntil(() => receiver.filed.length === 8);
  assert.deepEqual(
    receiver.filed.slice(2).map(({ outcome }) => outcome),
    Array(6).fill("duplicate"),
  );
  assert.ok(receiver.clock.now() >= 500 + 1000 + 2000);
});

Deno.test("what cannot be pulled together is pulled in smaller parts", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put(...Array.from({ length: 10 }, (_, index) => `${index}`));
  service.before = ({ name, asked }) => {
    if (name === "pull" && Number(asked) > 2) {
      throw amsError("answer too long", 200);
    }
  };
  await receiver.start();
  await receiver.until(10);
  assert.equal(receiver.clock.now(), 0);
  assert.deepEqual(receiver.stage.complaints, []);
});

Deno.test("a broken message is found, said once with its offset and the remedy, and nothing before it waits", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put(...Array.from({ length: 9 }, (_, index) => `${index}`));
  service.brokenOffsets.add(6n);
  await receiver.start();
  await receiver.passUntil(() => receiver.filed.length === 6);
  await receiver.passUntil(() => count(receiver, "offset 6") > 0);
  const pulls = service.calls.length;
  await receiver.passUntil(() => service.calls.length >= pulls + 3);
  assert.equal(
    count(receiver, /^ERROR The message with offset 6 of S is stored broken/),
    1,
  );
  assert.equal(count(receiver, /^ERROR Hint: .*S to offset 7/), 1);
  assert.deepEqual(service.asked("moveOffset"), []);
  // An administrator has helped.
  service.current = 7n;
  await receiver.passUntil(() => receiver.filed.length === 8);
});

Deno.test("a broken message is skipped where that is asked for and allowed", async () => {
  await using receiver = await Receiver.open({ skipBroken: true });
  const { service } = receiver;
  service.put(...Array.from({ length: 9 }, (_, index) => `${index}`));
  service.brokenOffsets.add(0n).add(6n).add(8n);
  await receiver.start();
  await receiver.passUntil(() => service.current === 9n);
  assert.deepEqual(service.asked("moveOffset"), [1n, 7n, 9n]);
  assert.equal(receiver.filed.length, 6);
  assert.deepEqual(
    receiver.stage.complaints,
    [0, 6, 8].map((offset) =>
      `ERROR The message with offset ${offset} of S is stored broken; it is skipped, and lost.`
    ),
  );
});

Deno.test("a message larger than what is taken is said once with its offset and the remedy, and skipped where that is asked for", async () => {
  for (const skipBroken of [false, true]) {
    await using receiver = await Receiver.open({ skipBroken });
    const { service } = receiver;
    service.put(...Array.from({ length: 9 }, (_, index) => `${index}`));
    service.before = ({ name, asked }) => {
      if (name !== "pull") return;
      const end = service.current + BigInt(Number(asked));
      if (service.current <= 6n && end > 6n) {
        throw amsError("answer too long", 200, "it is longer than 9 bytes");
      }
    };
    await receiver.start();
    await receiver.passUntil(() => receiver.filed.length >= 6);
    if (skipBroken) {
      await receiver.passUntil(() => receiver.filed.length === 8);
      assert.deepEqual(service.asked("moveOffset"), [7n]);
      assert.deepEqual(receiver.stage.complaints, [
        "ERROR The message with offset 6 of S is larger than max_message_size allows; it is skipped, and lost.",
      ]);
      continue;
    }
    await receiver.passUntil(() => count(receiver, "offset 6") > 0);
    const pulls = service.calls.length;
    await receiver.passUntil(() => service.calls.length >= pulls + 3);
    assert.equal(
      count(receiver, /^ERROR The message with offset 6 of S is larger than /),
      1,
    );
    assert.equal(
      count(receiver, /^ERROR Hint: raise max_message_size .*S to offset 7/),
      1,
    );
    assert.deepEqual(service.asked("moveOffset"), []);
  }
});

for (
  const [what, change] of [
    ["the token may not move it", { mayMoveOffset: false }],
    ["the token may not read offsets", { mayReadOffsets: false }],
  ] as const
) {
  Deno.test(`a broken message that cannot be skipped stays, and is told of once: ${what}`, async () => {
    await using receiver = await Receiver.open({ skipBroken: true });
    const { service } = receiver;
    Object.assign(service, change);
    service.put("0");
    service.brokenOffsets.add(0n);
    await receiver.start();
    const pulls = () => service.asked("pull").length;
    await receiver.passUntil(() => pulls() === 8);
    assert.equal(count(receiver, /^ERROR .*stored broken.*skipped:/), 1);
    assert.equal(service.current, 0n);
  });
}

Deno.test("skipping does not trust the answer: it looks where the subscription is", async () => {
  await using receiver = await Receiver.open({ skipBroken: true });
  const { service } = receiver;
  service.put("0", "1");
  service.brokenOffsets.add(0n);
  let moves = 0;
  service.before = ({ name }) => {
    if (name !== "moveOffset") return;
    // It says no and does it all the same.
    if (++moves === 1) service.current = 1n;
    throw amsError("invalid", 400);
  };
  await receiver.start();
  await receiver.until(1);
  assert.equal(moves, 1);
  assert.deepEqual(await receiver.incoming(), ["1"]);
});

Deno.test("a stop ends the long pauses", async () => {
  await using receiver = await Receiver.open();
  receiver.service.before = () => {
    throw amsError("forbidden", 403);
  };
  await receiver.start();
  await receiver.clock.awaited();
  await receiver.stop();
});

Deno.test("a fault of ours is no trouble of the service: it ends the receiver with its own words", async () => {
  await using receiver = await Receiver.open();
  const fault = new TypeError("a fault");
  receiver.service.before = () => {
    throw fault;
  };
  await assert.rejects(receiver.deliveries().next(), fault);
});

Deno.test("with a disk that is full for long, everything is filed once when it is not any more", async () => {
  await using receiver = await Receiver.open();
  const { service, clock } = receiver;
  service.put("1", "2");
  const deliveries = receiver.deliveries();
  const held = [await next(deliveries), await next(deliveries)];
  clock.advance(3_600_000);
  for (const delivery of held) await confirm(delivery);
  let came = false;
  const coming = deliveries.next().finally(() => came = true);
  await receiver.passUntil(() => service.current === 2n);
  service.put("3");
  await receiver.passUntil(() => came);
  const { value } = await coming;
  assert.equal(await confirm(value), "3");
});
