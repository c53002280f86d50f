/**
 * A sender whose messaging service fails it, or does not want a message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import { AmsOutgoingCarrier } from "../../../../lib/ssm/mod.ts";
import { bytes } from "../../../kit/text.ts";
import { failing, has, isBatch, Sender } from "./sender.ts";
import { amsError } from "./service.ts";

Deno.test("a batch that fails is taken apart: each message is sent alone, again under the same name", async () => {
  await using sender = await Sender.open();
  // Two are stored, then something fails.
  sender.service.before = failing(isBatch, () => {
    sender.service.put("1", "2");
    return amsError("unavailable", 500);
  });
  const fates = await sender.send("1", "2", "3");
  assert.deepEqual(Object.values(fates), [
    "Argo ID: 2",
    "Argo ID: 3",
    "Argo ID: 4",
  ]);
  assert.deepEqual(sender.stored, [
    "id/1: 1",
    "id/2: 2",
    "id/1: 1",
    "id/2: 2",
    "id/3: 3",
  ]);
  assert.deepEqual(sender.clock.slept, [1000]);
});

for (
  const [what, error] of [
    ["no connection", () => new SsmError("CONNECT", "Cannot connect")],
    ["503", () => amsError("unavailable", 503)],
    ["429", () => amsError("unavailable", 429)],
  ] as const
) {
  Deno.test(`a batch of which nothing is stored is sent again as it is: ${what}`, async () => {
    await using sender = await Sender.open();
    sender.service.before = failing(() => true, error, 2);
    await sender.send("1", "2", "3");
    assert.equal(sender.service.calls.length, 3);
    assert.deepEqual(sender.stored, ["id/1: 1", "id/2: 2", "id/3: 3"]);
    assert.deepEqual(sender.clock.slept, [1000, 2000]);
  });
}

Deno.test("an answer with another number of ids says nothing: each is sent again", async () => {
  await using sender = await Sender.open();
  const topic = sender.service.topic();
  const carrier = new AmsOutgoingCarrier({
    connect: () => ({
      ...topic,
      publish: async (messages, signal) => {
        const ids = await topic.publish(messages, signal);
        return messages.length > 1 ? ids.slice(1) : ids;
      },
    }),
    host: "",
    destination: "",
    retryForMs: 60_000,
    signal: sender.stage.signal,
    log: sender.stage.log,
    clock: sender.clock,
  });
  await carrier.open();
  const ids = await Promise.all(
    ["1", "2"].map((text) => carrier.send(text, { body: bytes(text) })),
  );
  assert.deepEqual(ids, ["Argo ID: 2", "Argo ID: 3"]);
  await carrier.close();
});

for (
  const [kind, status] of [
    ["too large", 413],
    ["too large", 500],
    ["invalid", 400],
  ] as const
) {
  Deno.test(`only the message that the service does not want is skipped: ${status} ${kind}`, async () => {
    await using sender = await Sender.open();
    sender.service.before = failing(has("3"), () => amsError(kind, status));
    const fates = await sender.send("1", "2", "3", "4", "5");
    assert.equal(fates["3"], "UNSENDABLE");
    assert.deepEqual(sender.stored, [
      "id/1: 1",
      "id/2: 2",
      "id/4: 4",
      "id/5: 5",
    ]);
    assert.deepEqual(sender.clock.slept, []);
  });
}

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
  Deno.test(`a refusal that concerns all messages ends the run at once: ${kind}`, async () => {
    await using sender = await Sender.open();
    const hint = "ask somebody";
    sender.service.before = failing(
      () => true,
      () => amsError(kind, status, kind, { hint }),
    );
    const fates = await sender.send("1", "2");
    assert.deepEqual(fates, { "1": "AMS_ERROR", "2": "AMS_ERROR" });
    assert.equal(sender.service.calls.length, 1);
    assert.deepEqual(await sender.send("3"), { "3": "AMS_ERROR" });
    assert.equal(sender.service.calls.length, 1);
    // Another run begins anew, with the same connections.
    sender.service.before = () => {};
    await sender.carrier.open();
    assert.deepEqual(await sender.send("4"), { "4": "Argo ID: 0" });
    assert.equal(sender.service.open, 1);
  });
}

Deno.test("while the service is away it is tried again with growing pauses, then given up", async () => {
  await using sender = await Sender.open({ retryForMs: 20_000 });
  sender.service.before = failing(
    () => true,
    () => new SsmError("CONNECT", "Cannot connect: refused"),
  );
  assert.deepEqual(await sender.send("1"), { "1": "CONNECT" });
  assert.deepEqual(sender.clock.slept, [1000, 2000, 4000, 8000]);
  assert.deepEqual(sender.stage.complaints.slice(0, 1), [
    "WARNING Lost connection. Cannot connect: refused",
  ]);
});

Deno.test("a success gives all the time back, and the service may ask for a longer pause", async () => {
  await using sender = await Sender.open({ retryForMs: 10_000 });
  const trouble = () =>
    failing(
      () => true,
      () => amsError("unavailable", 503, "busy", { retryAfterMs: 9000 }),
      1,
    );
  for (const text of ["1", "2", "3"]) {
    sender.service.before = trouble();
    assert.match((await sender.send(text))[text]!, /^Argo/);
  }
  assert.deepEqual(sender.clock.slept, [9000, 9000, 9000]);
});

Deno.test("one message that the service can never store does not hold up the others", async () => {
  await using sender = await Sender.open({ retryForMs: 10_000 });
  sender.service.before = failing(
    has("2"),
    () => amsError("unavailable", 500, "Backend Error"),
  );
  const fates = await sender.send("1", "2", "3", "4");
  assert.equal(fates["2"], "UNSENDABLE");
  assert.deepEqual(sender.stored, ["id/1: 1", "id/3: 3", "id/4: 4"]);
});

Deno.test("when the next message does not get through either, the service is at fault, not the message", async () => {
  await using sender = await Sender.open({ retryForMs: 10_000 });
  sender.service.before = failing(
    () => true,
    () => amsError("unavailable", 500, "Backend Error"),
  );
  const fates = await sender.send("1", "2", "3");
  assert.deepEqual(Object.values(fates), Array(3).fill("AMS_ERROR"));
});

Deno.test("with no time for trying again a batch is still taken apart", async () => {
  await using sender = await Sender.open({ retryForMs: 0 });
  sender.service.before = failing(
    has("2"),
    () => amsError("unavailable", 500, "Backend Error"),
  );
  const fates = await sender.send("1", "2", "3");
  assert.equal(fates["2"], "UNSENDABLE");
  assert.deepEqual(sender.stored, ["id/1: 1", "id/3: 3"]);
});

Deno.test("a stop lets the call that is under way end, and begins no other", async () => {
  await using sender = await Sender.open({ batchMessages: 2 });
  sender.service.before = () => sender.stage.stop();
  const fates = await sender.send("1", "2", "3");
  assert.deepEqual(Object.values(fates), [
    "Argo ID: 0",
    "Argo ID: 1",
    "ABORTED",
  ]);
});

Deno.test("a stop ends the pause between two attempts", async () => {
  await using sender = await Sender.open();
  sender.service.before = () => {
    sender.stage.stop();
    throw new SsmError("CONNECT", "Cannot connect");
  };
  assert.deepEqual(await sender.send("1"), { "1": "ABORTED" });
  assert.equal(sender.service.calls.length, 1);
});

for (const code of ["TLS", "TRUST"] as const) {
  Deno.test(`what waiting does not mend ends the run at once: ${code}`, async () => {
    await using sender = await Sender.open();
    sender.service.before = failing(
      () => true,
      () =>
        new SsmError(code, "Cannot connect: its certificate is not trusted"),
    );
    assert.deepEqual(await sender.send("1", "2"), { "1": code, "2": code });
    assert.equal(sender.service.calls.length, 1);
  });
}
