import assert from "node:assert/strict";
import { ourProducer } from "./ours.ts";
import { assertRun, storedBy, waiting } from "./producer_runs.ts";
import {
  ACTIVEMQ,
  BINARY,
  EMBEDDED,
  md5,
  noise,
  PRODUCER_DN,
  stageTests,
} from "./stage.ts";
import { text } from "../../../kit/text.ts";

for (const kind of [EMBEDDED, ACTIVEMQ]) {
  const test = stageTests(kind);

  test("our producer sends to a foreign consumer, in the order of names, and says goodbye with a ping", async (stage) => {
    await using consumer = await stage.consumer();
    const ours = ourProducer(stage);
    // Written against the order of their names.
    await ours.drop({ c: "last", b: BINARY, a: "a:1\r\nb: é\n" });
    assertRun(await ours.run(), 0);
    await consumer.event("ping");
    assert.deepEqual(await waiting(ours), []);
    assert.deepEqual(consumer.troubles, []);

    const stored = consumer.events.filter(({ event }) => event === "stored");
    const hashes = [md5("a:1\r\nb: é\n"), md5(BINARY), md5("last")];
    assert.deepEqual(stored.map(({ hash }) => hash), hashes);
    const incoming = await consumer.files("incoming");
    assert.deepEqual(incoming.get(`${stored[1]!["id"]}`), BINARY);
    assert.equal(
      text(incoming.get(`${stored[1]!["id"]}.sig`)),
      `${PRODUCER_DN}\n`,
    );
    // The last re-ack came with the ping, so nothing is remembered any more.
    assert.equal((await consumer.files("ack")).size, 0);

    const seen = (type: string) =>
      consumer.received(type).map((headers) => [
        headers["ssm-msg-id"],
        headers["ssm-reack"],
        headers["reply-to"],
        headers["destination"],
      ]);
    const ack = stage.ackQueue("our-producer");
    assert.deepEqual(seen("certreq"), [["noid", undefined, ack, stage.topic]]);
    assert.deepEqual(seen("msg"), [
      ["a", undefined, ack, stage.topic],
      ["b", hashes[0], ack, stage.topic],
      ["c", hashes[1], ack, stage.topic],
    ]);
    assert.deepEqual(seen("ping"), [["ping", hashes[2], ack, stage.topic]]);
  });

  test("our producer hears its answers in a temporary queue", async (stage) => {
    await using consumer = await stage.consumer();
    const ours = ourProducer(stage, { ack: "/temp-queue/acks" });
    await ours.drop({ a: "content" });
    assertRun(await ours.run(), 0);
    assert.deepEqual(await storedBy(consumer), ["content"]);
  });
}

const test = stageTests(EMBEDDED);

test("our producer that has the consumer's certificate asks nobody for it", async (stage) => {
  await using consumer = await stage.consumer();
  const ours = ourProducer(stage, {
    "consumer-certificate": stage.pki.server.certificatePath,
  });
  await ours.drop({ a: "content" });
  assertRun(await ours.run(), 0);
  assert.deepEqual(await storedBy(consumer), ["content"]);
  assert.deepEqual(consumer.received("certreq"), []);
});

test("our producer encrypts to no certificate of somebody else", async (stage) => {
  const ours = ourProducer(stage, {
    "consumer-certificate": stage.pki.host.certificatePath,
  });
  await ours.drop({ a: "content" });
  const { status, stdout } = await ours.run();
  assert.equal(status, 1);
  assert.match(
    stdout,
    /Cannot use the consumer's certificate \S+: its DN is \/C=UK\/O=Test\/CN=host\.example\.org, not /,
  );
  assert.deepEqual(await waiting(ours), ["a"]);
});

test("our producer lets equal contents be stored as often as there are files", async (stage) => {
  await using consumer = await stage.consumer();
  const ours = ourProducer(stage);
  await ours.drop({ a: "equal", b: "equal", c: "equal" });
  assertRun(await ours.run(), 0);
  assert.deepEqual(await storedBy(consumer), ["equal", "equal", "equal"]);
});

test("our producer delivers 20 MB that cannot be compressed", async (stage) => {
  await using consumer = await stage.consumer();
  const ours = ourProducer(stage);
  const large = noise(20 << 20);
  await ours.drop({ a: large, b: "small" });
  assertRun(await ours.run(), 0);
  const stored = consumer.events.filter(({ event }) => event === "stored");
  assert.deepEqual(stored.map(({ hash }) => hash), [md5(large), md5("small")]);
});

test("two of our producers at once get their own acks", async (stage) => {
  await using consumer = await stage.consumer();
  const files = Array.from({ length: 10 }, (_, i) => `file-${i}`);
  const producers = ["one", "two"].map((name) =>
    ourProducer(stage, {}, { name })
  );
  const expected: string[] = [];
  for (const ours of producers) {
    for (const name of files) {
      const content = `${name} of ${ours.path}`;
      expected.push(content);
      await ours.drop({ [name]: content });
    }
  }
  const runs = await Promise.all(producers.map((ours) => ours.run()));
  for (const run of runs) assertRun(run, 0);
  assert.deepEqual((await storedBy(consumer)).sort(), expected.sort());
  assert.deepEqual(consumer.told("duplicate"), []);
});

test("our producer that stays sends what comes, and forgets nothing to confirm when it is stopped", async (stage) => {
  await using consumer = await stage.consumer();
  const ours = ourProducer(stage, { "msg-check-time": 0.1 });
  await using running = ours.start();
  for (const content of ["first", "second"]) {
    await ours.drop({ a: content });
    await consumer.event("stored", { hash: md5(content) });
    await running.line(/Consumer received message: a/);
  }
  assertRun(await running.stop(), 0);
  await consumer.event("forgotten", { hash: md5("second") });
  assert.deepEqual(await waiting(ours), []);
});

test("our producer expands $host and $pid in the name of its queue, and sends with the cipher it is told", async (stage) => {
  await using consumer = await stage.consumer();
  const more = { certificates: { cipher: "aes256" } };
  const ack = `${stage.ackQueue("$host")}.$pid.fixed`;
  const ours = ourProducer(stage, { ack }, { more });
  await ours.drop({ a: "content" });
  assertRun(await ours.run(), 0);
  assert.deepEqual(await storedBy(consumer), ["content"]);
  const [asked] = consumer.received("certreq");
  const [, host, pid] = /^\/queue\/accounting\.[^.]+\.(.+)\.(\d+)\.fixed$/
    .exec(asked?.["reply-to"] ?? "") ?? [];
  assert.equal(host, Deno.hostname());
  assert.ok(Number(pid) > 1);
});

test("our producer leaves alone what is hidden in outgoing, and directories", async (stage) => {
  await using consumer = await stage.consumer();
  const ours = ourProducer(stage);
  await ours.drop({ ".tmp-half": "half", a: "content" });
  await Deno.mkdir(`${ours.path}/outgoing/directory`);
  assertRun(await ours.run(), 0);
  assert.deepEqual(await storedBy(consumer), ["content"]);
  await Deno.stat(`${ours.path}/outgoing/.tmp-half`);
});
