/**
 * The receiver's carrier of the messaging service, pull by pull.
 *
 * @module
 */
import assert from "node:assert/strict";
import { GatedEnvelope } from "../../../kit/receiving.ts";
import { bytes } from "../../../kit/text.ts";
import { confirm, next, Receiver, settle } from "./receiver.ts";
import { amsError } from "./service.ts";

Deno.test("messages are filed in order, and each pull is acknowledged once, as a whole", async () => {
  await using receiver = await Receiver.open();
  const { service, stage } = receiver;
  const texts = Array.from({ length: 25 }, (_, index) => `${index}`);
  service.put(...texts);
  await receiver.start();
  await receiver.until(25);
  await receiver.clock.awaited();
  assert.deepEqual(await receiver.incoming(), texts);
  assert.deepEqual(service.asked("acknowledge"), [9n, 24n]);
  assert.deepEqual(service.asked("pull"), [10, 20, 40]);
  assert.deepEqual(stage.complaints, []);
  const said = (words: string) =>
    assert.ok(stage.lines.includes(`INFO ${words}`), words);
  said("Will connect to ams.example.org");
  said("Will subscribe to: S");
  said("Messages that wait in S: 25");
  said("Connected.");
  said("Received message. ID = id/3, Argo ID = 3");
  await receiver.stop();
  assert.equal(service.open, 0);
});

Deno.test("whatever a message looks like, it goes to incoming or reject, and the next one is taken", async () => {
  await using receiver = await Receiver.open();
  const { service, stage } = receiver;
  const attributes = new Map<string, string>();
  service.keep({
    attributes,
    data: { broken: "no data", raw: new Uint8Array() },
  });
  service.keep({
    attributes: new Map([["empaid", "x\n\u001b[2Jy"]]),
    data: { broken: "broken base64", raw: bytes("%%%") },
  });
  service.keep({ attributes, data: { bytes: bytes("no attributes") } });
  service.keep({
    attributes: new Map([["empaid", "e".repeat(100_000)], ["other", "1"]]),
    data: { bytes: bytes("long id") },
  });
  service.keep({
    attributes: new Map([["empaid", "ping"]]),
    data: { bytes: bytes("no ping") },
  });
  service.keep({ attributes, data: { bytes: bytes("last") } });
  await receiver.start();
  assert.deepEqual(await receiver.until(6), [
    "reject",
    "reject",
    ...Array(4).fill("incoming"),
  ]);
  await receiver.clock.awaited();
  const rejected = await stage.delivered("reject");
  assert.deepEqual(
    rejected.map(({ body, error, empaid }) => ({ body, error, empaid })),
    [
      { body: "", error: "no data", empaid: "N/A" },
      { body: "%%%", error: "broken base64", empaid: "x\n\u001b[2Jy" },
    ],
  );
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body, empaid }) => [body, empaid]), [
    ["no attributes", "N/A"],
    ["long id", "e".repeat(255)],
    ["no ping", "ping"],
    ["last", "N/A"],
  ]);
  assert.equal(service.current, 6n);
});

Deno.test("equal messages without an id are two, each again is one: also after a restart", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  const data = { bytes: bytes("the same") };
  service.keep({ attributes: new Map(), data });
  service.keep({ attributes: new Map(), data });
  await receiver.start();
  assert.deepEqual(await receiver.until(2), ["incoming", "incoming"]);
  await settle();
  // The acknowledgement is lost, and so is the memory of the process.
  service.current = 0n;
  const again = receiver.another();
  await again.start();
  assert.deepEqual(await again.until(2), ["duplicate", "duplicate"]);
  await again.stop();
});

Deno.test("what a sender publishes twice under one name is filed once", async () => {
  await using receiver = await Receiver.open();
  receiver.service.put("1", "2", "1", "2", "3");
  await receiver.start();
  assert.deepEqual(await receiver.until(5), [
    "incoming",
    "incoming",
    "duplicate",
    "duplicate",
    "incoming",
  ]);
  await receiver.clock.awaited();
  assert.deepEqual(await receiver.incoming(), ["1", "2", "3"]);
  assert.equal(receiver.service.current, 5n);
});

Deno.test("what is left ends what is acknowledged; what is saved behind it is known when it comes again", async () => {
  await using receiver = await Receiver.open();
  const { service } = receiver;
  service.put("1", "2", "3", "4");
  const deliveries = receiver.deliveries();
  const [one, two, three, four] = [
    await next(deliveries),
    await next(deliveries),
    await next(deliveries),
    await next(deliveries),
  ];
  for (const delivery of [one, three, four]) await confirm(delivery);
  two.abandon();
  const again = await next(deliveries);
  assert.equal(await confirm(again), "2");
  service.put("5");
  assert.equal(await confirm(await next(deliveries)), "5");
  const end = deliveries.next();
  await settle();
  assert.deepEqual(service.asked("acknowledge"), [0n, 3n, 4n]);
  receiver.stage.stop();
  assert.deepEqual(await end, { value: undefined, done: true });
});

Deno.test("when the time for confirming runs out, what is saved by then is confirmed", async () => {
  await using receiver = await Receiver.open();
  const { service, clock } = receiver;
  service.put("1", "2", "3");
  const deliveries = receiver.deliveries();
  const first = await next(deliveries);
  const second = await next(deliveries);
  const third = await next(deliveries);
  await confirm(first);
  const coming = deliveries.next();
  await settle();
  assert.deepEqual(service.asked("acknowledge"), []);
  clock.advance(7000);
  assert.deepEqual(service.asked("acknowledge"), [0n]);
  await confirm(third);
  clock.advance(600_000);
  await confirm(second);
  await settle();
  // The rest is pulled again, known, and confirmed at once.
  assert.deepEqual(service.asked("acknowledge"), [0n, 2n]);
  assert.equal(service.current, 3n);
  assert.deepEqual(receiver.stage.complaints, []);
  service.put("4");
  await clock.step(500);
  const { value: fourth } = await coming;
  assert.equal(await confirm(fourth), "4");
});

Deno.test("when nothing is saved as the time runs out, the first is confirmed as soon as it is", async () => {
  await using receiver = await Receiver.open();
  const { service, clock } = receiver;
  service.put("1", "2");
  const deliveries = receiver.deliveries();
  const first = await next(deliveries);
  const second = await next(deliveries);
  clock.advance(9000);
  assert.deepEqual(service.asked("acknowledge"), []);
  await confirm(first);
  assert.deepEqual(service.asked("acknowledge"), [0n]);
  await confirm(second);
});

Deno.test("a pull that outlives its time is pulled again, and nothing of it is opened twice", async () => {
  await using receiver = await Receiver.open();
  const { service, clock, stage } = receiver;
  service.put("1", "2");
  service.deadlineMs = 3000;
  const envelope = new GatedEnvelope();
  await receiver.start(envelope);
  await envelope.arrival("1");
  clock.advance(60_000);
  envelope.release("1", "2");
  await receiver.until(2);
  await settle();
  assert.deepEqual(receiver.filed.map(({ outcome }) => outcome), [
    "incoming",
    "incoming",
  ]);
  assert.equal(service.current, 2n);
  assert.deepEqual(stage.complaints, []);
  // So slow, fewer are pulled at a time.
  assert.equal(service.asked("pull").at(-1), 1);
});

Deno.test("the time for confirming is read from the subscription; where that is not allowed, 10 s are assumed", async () => {
  await using receiver = await Receiver.open({
    connect: () => ({
      ...receiver.service.subscription(),
      show: () => Promise.reject(amsError("forbidden", 403)),
    }),
  });
  const { service, clock, stage } = receiver;
  service.mayReadOffsets = false;
  service.put("1", "2");
  const deliveries = receiver.deliveries();
  await confirm(await next(deliveries));
  await next(deliveries);
  clock.advance(6999);
  assert.deepEqual(service.asked("acknowledge"), []);
  clock.advance(1);
  assert.deepEqual(service.asked("acknowledge"), [0n]);
  const said = stage.lines.filter((line) => line.includes("forbidden"));
  assert.deepEqual(said, [
    "INFO Cannot ask the service: forbidden; an acknowledgement deadline of 10 s is assumed.",
    "INFO Cannot ask the service: forbidden; how many messages wait, and whether some were missed, cannot be told.",
  ]);
});

Deno.test("with nothing there the pauses grow, and a stop ends them", async () => {
  await using receiver = await Receiver.open({ pollPauseMs: 3000 });
  const { service, clock } = receiver;
  await receiver.start();
  const pauses: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await clock.awaited();
    const began = clock.now();
    const pulls = service.calls.length;
    while (service.calls.length === pulls) {
      clock.advance(100);
      await settle();
    }
    pauses.push(clock.now() - began);
  }
  assert.deepEqual(pauses, [500, 1000, 2000, 3000, 3000]);
  service.put("1");
  await clock.step(3000);
  await receiver.until(1);
  await clock.awaited();
  const pulls = service.calls.length;
  await clock.step(500);
  await settle();
  assert.equal(service.calls.length, pulls + 1);
  await receiver.stop();
});

Deno.test("how many are pulled follows their size and the time that each takes", async () => {
  await using receiver = await Receiver.open({ pullBytes: 1000 });
  const { service, clock } = receiver;
  service.put(...Array.from({ length: 10 }, () => "x".repeat(10)));
  service.put(...Array.from({ length: 21 }, () => "y".repeat(300)));
  const deliveries = receiver.deliveries();
  for (let count = 0; count < 31; count++) {
    const delivery = await next(deliveries);
    // From the second pull on, each takes a second.
    if (count >= 10) clock.advance(1000);
    await confirm(delivery);
  }
  const end = deliveries.next();
  await settle();
  const pulls = service.asked("pull");
  assert.deepEqual(pulls.slice(0, 2), [10, 20]);
  assert.equal(pulls.at(-1), 3);
  receiver.stage.stop();
  await end;
});

Deno.test("a stop waits for what is at hand, confirms it and pulls no more", async () => {
  await using receiver = await Receiver.open();
  const { service, stage } = receiver;
  service.put("1", "2", "3");
  const envelope = new GatedEnvelope();
  await receiver.start(envelope);
  await envelope.arrival("3");
  stage.stop();
  envelope.release("1", "2", "3");
  await receiver.stop();
  assert.deepEqual(await receiver.incoming(), ["1", "2", "3"]);
  assert.deepEqual(service.asked("acknowledge"), [2n]);
  assert.equal(service.open, 0);
});

Deno.test("a stop does not wait for ever: what is saved by then is confirmed", async () => {
  await using receiver = await Receiver.open({ stopGraceMs: 20_000 });
  const { service, stage, clock } = receiver;
  service.put("1", "2", "3");
  const deliveries = receiver.deliveries();
  await confirm(await next(deliveries));
  await next(deliveries);
  stage.stop();
  const end = deliveries.next();
  await settle();
  assert.deepEqual(service.asked("acknowledge"), []);
  clock.advance(15_000);
  assert.deepEqual(await end, { value: undefined, done: true });
  assert.deepEqual(service.asked("acknowledge"), [0n]);
});

Deno.test("when the last acknowledgement does not get through, a stop says what that means", async () => {
  await using receiver = await Receiver.open();
  const { service, stage } = receiver;
  service.put("1");
  service.before = ({ name }) => {
    if (name === "acknowledge") throw amsError("unavailable", 502, "bad");
  };
  const deliveries = receiver.deliveries();
  const delivery = await next(deliveries);
  stage.stop();
  await confirm(delivery);
  assert.deepEqual(await deliveries.next(), { value: undefined, done: true });
  assert.match(stage.complaints.join(), /could not be acknowledged.*: bad/);
});

Deno.test("two receivers with the same directories on one subscription file each message once", async () => {
  await using receiver = await Receiver.open();
  const { service, clock } = receiver;
  const other = receiver.another();
  const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
  service.put(...texts);
  await receiver.start();
  await other.start();
  while (service.current < 60n) {
    await settle();
    clock.advance(1000);
  }
  await receiver.stop();
  await other.stop();
  assert.deepEqual(
    (await receiver.incoming()).sort(),
    texts.toSorted(),
  );
});
