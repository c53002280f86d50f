import assert from "node:assert/strict";
import { AckGate } from "./ack_gate.ts";
import { ourConsumer } from "./ours.ts";
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

/** What a stored message of `pki.host` with this content looks like. */
function stored(content: string | Uint8Array) {
  const body = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  return { body, sig: `${PRODUCER_DN}\n` };
}

for (const kind of [EMBEDDED, ACTIVEMQ]) {
  const test = stageTests(kind);

  test("our consumer answers, stores and acks what a foreign producer sends, and forgets it on request", async (stage) => {
    const ours = ourConsumer(stage);
    await using running = await ours.consume();
    await using producer = await stage.producer();
    const hash = md5(BINARY);
    await producer.send("20260101", BINARY);
    await producer.event("delivered", { id: "20260101", hash });

    assert.deepEqual(await ours.stored(), [stored(BINARY)]);
    const [id = ""] = [...(await ours.files("incoming")).keys()];
    assert.match(id, /^\d{8}-\d{6}-\d{3}$/);
    const acks = [...await ours.files("ack")];
    assert.deepEqual(acks.map(([name, line]) => [name, text(line)]), [
      [hash, `${ours.path}/incoming/${id}\t${PRODUCER_DN}\n`],
    ]);
    const [ack] = producer.received("ack");
    assert.equal(ack?.["ssm-msg-id"], hash);
    assert.equal(ack?.["reply-to"], undefined);
    const [answer] = producer.received("certresp");
    assert.equal(answer?.["ssm-msg-id"], "noid");

    await producer.ping();
    // Nothing answers a ping; but what comes after it is dealt with after it.
    await producer.send("20260102", "next");
    await producer.event("delivered", { id: "20260102" });
    assert.deepEqual([...(await ours.files("ack")).keys()], [md5("next")]);
    assert.deepEqual(producer.troubles, []);
    assert.equal((await running.stop()).status, 0);
  });

  test("our consumer answers to a temporary queue", async (stage) => {
    const ours = ourConsumer(stage);
    await using _ = await ours.consume();
    await using producer = await stage.producer({
      producer: stage.producing("/temp-queue/acks"),
    });
    await producer.send("a", "content");
    await producer.event("delivered", { id: "a" });
    assert.deepEqual(await ours.stored(), [stored("content")]);
  });
}

const test = stageTests(EMBEDDED);

test("our consumer stores once what comes twice, and acks it twice", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using producer = await stage.producer();
  await producer.send("a", "content", { times: 2 });
  const id = md5("content");
  await producer.event("ack", { id });
  await producer.event("ack", { id });
  // Later, from a producer that has lost the ack.
  await producer.send("a", "content", { reack: "" });
  await producer.event("ack", { id });
  assert.deepEqual(await ours.stored(), [stored("content")]);
});

for (const reack of ["ssm-reack", "ssm-react"]) {
  test(`our consumer stores the same content again after ${reack}`, async (stage) => {
    const ours = ourConsumer(stage);
    await using _ = await ours.consume();
    await using producer = await stage.producer();
    for (const name of ["a", "b"]) {
      await producer.send(name, "content", { reack });
      await producer.event("delivered", { id: name });
    }
    assert.deepEqual(await ours.stored(), [
      stored("content"),
      stored("content"),
    ]);
  });
}

test("our consumer killed between store and ack stores nothing a second time", async (stage) => {
  await using gate = new AckGate(stage.port);
  const ours = ourConsumer(stage, { port: gate.port });
  await using producer = await stage.producer();
  {
    await using running = await ours.consume();
    await producer.send("a", "content");
    await gate.held;
    assert.deepEqual(await ours.stored(), [stored("content")]);
    running.kill("SIGKILL");
    await running.end();
  }
  await producer.giveUp();
  await producer.event("unacknowledged", { id: "a" });
  await using _ = await ours.consume();
  await producer.again("a");
  await producer.event("delivered", { id: "a" });
  assert.deepEqual(await ours.stored(), [stored("content")]);
});

test("our consumer answers REJECTED to whom it does not know, and stores nothing", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using producer = await stage.producer({ as: stage.pki.unlisted });
  await producer.send("a", "content");
  await producer.event("refused", { id: "a" });
  assert.deepEqual(await ours.stored(), []);
});

test("our consumer compares the DNs of its list in any case", async (stage) => {
  await Deno.writeTextFile(stage.dns, `  ${PRODUCER_DN.toUpperCase()}  \n`);
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using producer = await stage.producer();
  await producer.send("a", "content");
  await producer.event("delivered", { id: "a" });
  assert.deepEqual(await ours.stored(), [stored("content")]);
});

test("our consumer takes other ciphers, SHA-1, an empty file, and a message that nobody wants an ack for", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using producer = await stage.producer();
  for (const cipher of ["-aes128", "-aes192", "-aes256"]) {
    await producer.send(cipher, cipher, { cipher: [cipher] });
    await producer.event("delivered", { id: cipher });
  }
  await producer.send("sha1", "sha1", { digest: "sha1" });
  await producer.event("delivered", { id: "sha1" });
  await producer.send("silent", "silent", { headers: { "reply-to": null } });
  await producer.giveUp();
  await producer.event("unacknowledged", { id: "silent" });
  await producer.send("empty", "");
  await producer.event("delivered", { id: "empty" });
  await producer.send("last", "last");
  await producer.event("delivered", { id: "last" });
  assert.deepEqual(
    (await ours.stored()).map(({ body }) => text(body)),
    ["-aes128", "-aes192", "-aes256", "sha1", "silent", "", "last"],
  );
});

test("our consumer takes 20 MB that cannot be compressed", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using producer = await stage.producer();
  const large = noise(20 << 20);
  await producer.send("a", large);
  await producer.event("delivered", { id: "a", hash: md5(large) });
  const [{ body } = stored("")] = await ours.stored();
  assert.equal(md5(body), md5(large));
});

test("our consumer answers two producers at once, each in its own queue", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using one = await stage.producer();
  await using two = await stage.producer();
  const names = Array.from({ length: 5 }, (_, i) => `file-${i}`);
  const all: string[] = [];
  for (const name of names) {
    for (const [who, producer] of Object.entries({ one, two })) {
      const content = `${name} of ${who}`;
      all.push(content);
      await producer.send(name, content);
    }
  }
  for (const producer of [one, two]) {
    for (const id of names) await producer.event("delivered", { id });
    assert.equal(producer.received("ack").length, names.length);
  }
  const bodies = (await ours.stored()).map(({ body }) => text(body));
  assert.deepEqual(bodies.sort(), all.sort());
});

test("our consumer takes over the directory of a foreign one, with what that remembers", async (stage) => {
  const ours = ourConsumer(stage);
  await using producer = await stage.producer();
  {
    await using consumer = await stage.consumer({ path: ours.path });
    await consumer.misbehave({ lose: { ack: [true] } });
    await producer.send("a", "content");
    await consumer.event("ack-lost");
  }
  await producer.giveUp();
  await producer.event("unacknowledged", { id: "a" });
  await using _ = await ours.consume();
  await producer.again("a");
  await producer.event("delivered", { id: "a" });
  assert.deepEqual(await ours.stored(), [stored("content")]);
});

test("a foreign consumer takes over our directory, with what that remembers", async (stage) => {
  const ours = ourConsumer(stage);
  await using producer = await stage.producer();
  {
    await using running = await ours.consume();
    await producer.send("a", "content");
    await producer.event("delivered", { id: "a" });
    assert.equal((await running.stop()).status, 0);
  }
  await using consumer = await stage.consumer({ path: ours.path });
  const hash = md5("content");
  await producer.send("b", "content", { reack: "" });
  await producer.event("delivered", { id: "b" });
  await consumer.event("duplicate", { hash });
  assert.deepEqual(await ours.stored(), [stored("content")]);
  await producer.ping();
  await consumer.event("forgotten", { hash });
});
