import assert from "node:assert/strict";
import type { Peer } from "../../../peers/ssm1/peer.ts";
import {
  ACTIVEMQ,
  BINARY,
  EMBEDDED,
  md5,
  PRODUCER_DN,
  type Stage,
  stageTests,
} from "./stage.ts";
import { text } from "../../../kit/text.ts";

/** A consumer and a producer; the consumer first, since a topic keeps nothing. */
async function both(
  stage: Stage,
  play: (producer: Peer, consumer: Peer) => Promise<void>,
): Promise<void> {
  await using consumer = await stage.consumer();
  await using producer = await stage.producer();
  await play(producer, consumer);
  assert.deepEqual([...producer.troubles, ...consumer.troubles], []);
}

for (const kind of [EMBEDDED, ACTIVEMQ]) {
  const test = stageTests(kind);

  test("foreign peers exchange certificate, message, ack, re-ack and ping", (stage) =>
    both(stage, async (producer, consumer) => {
      const hash = md5(BINARY);
      await producer.send("20260101", BINARY);
      await producer.event("delivered", { id: "20260101", hash });
      const { id } = await consumer.event("stored", { hash, dn: PRODUCER_DN });
      const incoming = await consumer.files("incoming");
      assert.deepEqual([...incoming.keys()], [id, `${id}.sig`]);
      assert.deepEqual(incoming.get(`${id}`), BINARY);
      assert.equal(text(incoming.get(`${id}.sig`)), `${PRODUCER_DN}\n`);
      const { path } = consumer.settings;
      assert.deepEqual(
        [...await consumer.files("ack")].map(([name, line]) => [
          name,
          text(line),
        ]),
        [[hash, `${path}/incoming/${id}\t${PRODUCER_DN}\n`]],
      );
      await producer.ping();
      await consumer.event("forgotten", { hash });
      await consumer.event("ping");
      assert.deepEqual((await consumer.files("ack")).size, 0);
      assert.deepEqual((await producer.files("outgoing")).size, 0);

      const ack = producer.settings.producer!.ack;
      const destination = stage.topic;
      assert.deepEqual(producer.sent("certreq"), [{
        destination,
        "ssm-msg-type": "certreq",
        "ssm-msg-id": "noid",
        receipt: "noid",
        "reply-to": ack,
      }]);
      assert.deepEqual(producer.sent("msg"), [{
        destination,
        "ssm-msg-type": "msg",
        "ssm-msg-id": "20260101",
        receipt: "20260101",
        "reply-to": ack,
      }]);
      assert.deepEqual(producer.sent("ping"), [{
        destination,
        "ssm-msg-type": "ping",
        "ssm-msg-id": "ping",
        receipt: "ping",
        "reply-to": ack,
        "ssm-reack": hash,
      }]);
      assert.deepEqual(
        consumer.sent("ack").map(({ destination: _, ...headers }) => headers),
        [{ "ssm-msg-type": "ack", "ssm-msg-id": hash, receipt: hash }],
      );
    }));

  test("foreign peers carry the re-ack on the next message, and store the same content again after it", (stage) =>
    both(stage, async (producer, consumer) => {
      for (const name of ["a", "b"]) {
        await producer.send(name, "the same");
        await producer.event("delivered", { id: name });
        await consumer.event("stored");
      }
      assert.deepEqual(
        producer.sent("msg").map((headers) => headers["ssm-reack"]),
        [undefined, md5("the same")],
      );
      assert.equal((await consumer.files("incoming")).size, 4);
    }));

  test("foreign peers answer from a temporary queue", async (stage) => {
    await using consumer = await stage.consumer();
    await using producer = await stage.producer({
      producer: stage.producing("/temp-queue/acks"),
    });
    await producer.send("a", "content");
    await producer.event("delivered", { id: "a" });
    await consumer.event("stored");
  });
}

const test = stageTests(EMBEDDED);

test("a foreign consumer that loses its ack stores the message once", (stage) =>
  both(stage, async (producer, consumer) => {
    await consumer.misbehave({ lose: { ack: [true] } });
    await producer.send("a", "content");
    await consumer.event("ack-lost");
    await producer.giveUp();
    await producer.event("unacknowledged", { id: "a" });
    await producer.again("a");
    await producer.event("delivered", { id: "a" });
    assert.deepEqual(consumer.told("stored", "duplicate"), [
      "stored",
      "duplicate",
    ]);
  }));

test("a foreign producer that has lost a certresp asks again", (stage) =>
  both(stage, async (producer, consumer) => {
    await consumer.misbehave({ lose: { certresp: [true] } });
    await producer.send("a", "content");
    await consumer.event("certresp-lost");
    await producer.giveUp();
    await producer.event("no-certificate", { id: "a" });
    await producer.again("a");
    await producer.event("delivered", { id: "a" });
  }));

test("a foreign consumer rejects whom it does not know, or whom it is told to", (stage) =>
  both(stage, async (producer, consumer) => {
    const { certificatePath: certificate, keyPath: key } = stage.pki.unlisted;
    await producer.send("a", "content", { signer: { certificate, key } });
    await producer.event("refused", { id: "a" });
    await consumer.misbehave({ reject: 1 });
    await producer.again("a");
    await producer.event("refused", { id: "a" });
    await producer.again("a");
    await producer.event("delivered", { id: "a" });
    assert.deepEqual(
      consumer.sent("ack").map((headers) => headers["ssm-msg-id"]),
      ["REJECTED", "REJECTED", md5("content")],
    );
  }));

test("a foreign producer takes no certificate but the consumer's", (stage) =>
  both(stage, async (producer, consumer) => {
    const { ec, rogue } = stage.pki;
    for (
      const [certificate, verdict] of [
        [ec.certificatePath, "certificate-foreign"],
        [rogue.certificatePath, "certificate-untrusted"],
      ] as const
    ) {
      await consumer.misbehave({ certificate });
      await producer.send("a", "content");
      await producer.event(verdict);
      await producer.giveUp();
      await producer.event("no-certificate", { id: "a" });
    }
    assert.equal((await consumer.files("incoming")).size, 0);
  }));

test("a foreign producer misbehaves as told, and a foreign consumer says what it saw", (stage) =>
  both(stage, async (producer, consumer) => {
    const bad = ["plain", "unencrypted", "unsigned", "truncated", "zlib"];
    for (const form of bad as ("plain" | "zlib")[]) {
      await producer.send(form, "content", { form });
      await consumer.event("unreadable");
      await producer.giveUp();
      await producer.event("unacknowledged", { id: form });
    }
    const content = "good";
    await producer.send("sha1", content, { digest: "sha1", times: 2 });
    await producer.event("delivered", { id: "sha1" });
    await consumer.event("duplicate");
    const headers = { "ssm-msg-id": "other", "reply-to": null };
    await producer.send("strange", "other", {
      cipher: ["-aes256"],
      reack: "ssm-react",
      headers,
    });
    await consumer.event("forgotten", { hash: md5(content) });
    const { reason } = await consumer.event("failed");
    assert.match(`${reason}`, /KeyError.*reply-to/);
    assert.equal("reply-to" in producer.sent("msg").at(-1)!, false);
    await producer.giveUp();
  }));
