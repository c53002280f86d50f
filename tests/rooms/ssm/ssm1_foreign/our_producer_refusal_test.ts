import assert from "node:assert/strict";
import { testKey } from "../../../peers/openssl/openssl.ts";
import { ourProducer, PATIENT } from "./ours.ts";
import { assertRun, storedBy, waiting } from "./producer_runs.ts";
import { CONSUMER_DN, EMBEDDED, stageTests } from "./stage.ts";

/** Where no answer comes, none is waited for. */
const HASTY = { "ack-timeout": 1 };

/** Where some answers are lost, others come on a busy machine, too. */
const IMPATIENT = { "ack-timeout": 3 };

const test = stageTests(EMBEDDED);

test("our producer says at once that a message was rejected, keeps it, and sends the others", async (stage) => {
  await using consumer = await stage.consumer();
  await consumer.misbehave({ reject: 1 });
  const ours = ourProducer(stage, PATIENT);
  await ours.drop({ a: "bad", b: "good", c: "good, too" });
  // At once, not when it would wait no longer for an ack.
  assertRun(await ours.run(), 1, /Message a was rejected by consumer/);
  assert.deepEqual(await storedBy(consumer), ["good", "good, too"]);
  assert.deepEqual(await waiting(ours), ["a"]);
  assertRun(await ours.run(), 0);
  assert.deepEqual(await waiting(ours), []);
});

test("our producer whose ack was lost keeps the message, sends the others, and the next run is acked as a duplicate", async (stage) => {
  await using consumer = await stage.consumer();
  await consumer.misbehave({ lose: { ack: [true] } });
  const ours = ourProducer(stage, IMPATIENT);
  await ours.drop({ a: "first", b: "second" });
  assertRun(
    await ours.run(),
    1,
    /No acknowledgement received for message a/,
    /Consumer received message: b/,
  );
  assert.deepEqual(await waiting(ours), ["a"]);
  assertRun(await ours.run(), 0);
  assert.deepEqual(
    consumer.told("stored", "duplicate"),
    ["stored", "stored", "duplicate"],
  );
  assert.deepEqual(await storedBy(consumer), ["first", "second"]);
});

test("our producer whose ack was lost lets a content be stored once, even if the one before it was equal", async (stage) => {
  await using consumer = await stage.consumer();
  await consumer.misbehave({ lose: { ack: [false, true] } });
  const ours = ourProducer(stage, IMPATIENT);
  await ours.drop({ a: "equal", b: "equal", c: "other" });
  assertRun(await ours.run(), 1, /No acknowledgement received for message b/);
  assert.deepEqual(await waiting(ours), ["b"]);
  assertRun(await ours.run(), 0);
  assert.deepEqual(await storedBy(consumer), ["equal", "equal", "other"]);
});

test("our producer gives up when message after message stays unanswered, and keeps them all", async (stage) => {
  await using consumer = await stage.consumer();
  await consumer.misbehave({ lose: { ack: [true, true, true, true] } });
  const ours = ourProducer(stage, HASTY);
  const files = { a: "1", b: "2", c: "3", d: "4", e: "5" };
  await ours.drop(files);
  assertRun(await ours.run(), 1, /No acknowledgement received for message c/);
  assert.deepEqual(await waiting(ours), Object.keys(files));
  for (const _ of ["a", "b", "c"]) await consumer.event("ack-lost");
  assert.deepEqual(await storedBy(consumer), ["1", "2", "3"]);
});

test("our producer asks again for a certificate that was lost", async (stage) => {
  await using consumer = await stage.consumer();
  await consumer.misbehave({ lose: { certresp: [true] } });
  const ours = ourProducer(stage, IMPATIENT);
  await ours.drop({ a: "content" });
  assertRun(await ours.run(), 0);
  assert.deepEqual(consumer.told("certresp-lost"), ["certresp-lost"]);
  assert.deepEqual(await storedBy(consumer), ["content"]);
});

test("our producer says that nobody sends it a certificate, and keeps its files", async (stage) => {
  const ours = ourProducer(stage, HASTY);
  await ours.drop({ a: "content" });
  assertRun(
    await ours.run(),
    1,
    /Cannot obtain the consumer's certificate: it has not answered/,
    /is the consumer running/,
  );
  assert.deepEqual(await waiting(ours), ["a"]);
});

for (
  const [whose, answer, why] of [
    ["another DN", "ec", /its DN is \/C=UK\/O=Test\/CN=ec\.example\.org, not /],
    ["an unknown CA", "rogue", /certificate is refused: /],
    ["the past", "expired", /certificate is refused: /],
    ["the CRL", "revoked", /certificate is refused: /],
  ] as const
) {
  test(`our producer encrypts to no certificate of ${whose}`, async (stage) => {
    await using consumer = await stage.consumer();
    const { certificatePath: certificate } = stage.pki[answer];
    await consumer.misbehave({ certificate });
    const dn = answer === "ec" ? {} : { "consumer-dn": dnOf(answer) };
    const ours = ourProducer(stage, { ...HASTY, ...dn });
    await ours.drop({ a: "content" });
    assertRun(await ours.run(), 1, why);
    assert.deepEqual(consumer.received("msg"), []);
    assert.deepEqual(await waiting(ours), ["a"]);
  });
}

function dnOf(who: string): string {
  return `/C=UK/O=Test/CN=${who === "rogue" ? "host" : who}.example.org`;
}

test("our producer takes the second answer when the first is from somebody else", async (stage) => {
  await using impostor = await stage.consumer({ as: stage.pki.ec });
  await using consumer = await stage.consumer();
  const ours = ourProducer(stage);
  await ours.drop({ a: "content" });
  assertRun(await ours.run(), 0);
  assert.deepEqual(await storedBy(consumer), ["content"]);
  await impostor.event("unreadable");
});

test("our producer that stays asks for the certificate again once the consumer has another key", async (stage) => {
  const ours = ourProducer(stage, { ...IMPATIENT, "msg-check-time": 0.1 });
  await using running = ours.start();
  {
    await using consumer = await stage.consumer();
    await ours.drop({ a: "before" });
    await consumer.event("stored");
    await running.line(/Consumer received message: a/);
  }
  const as = await stage.pki.ca.issue({
    subject: CONSUMER_DN,
    key: { pem: await testKey("rsa:2048", 2) },
  });
  await using consumer = await stage.consumer({ as });
  await ours.drop({ b: "for the old key" });
  await consumer.event("unreadable");
  await running.line(/No acknowledgement received for message b/);
  await ours.drop({ c: "after" });
  await running.line(/Consumer received message: c/);
  assert.deepEqual(await storedBy(consumer), ["after"]);
  // It is not lost, and comes again later.
  assert.deepEqual(await waiting(ours), ["b"]);
  assertRun(await running.stop(), 0);
});
