import assert from "node:assert/strict";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { ourConsumer, ourProducer, Ours } from "./ours.ts";
import type { Sections } from "../../../kit/ini_text.ts";
import {
  ACTIVEMQ,
  BINARY,
  CONSUMER_DN,
  EMBEDDED,
  md5,
  PRODUCER_DN,
  RABBITMQ,
  type Stage,
  stageTests,
} from "./stage.ts";

for (const kind of [EMBEDDED, ACTIVEMQ]) {
  const test = stageTests(kind);

  for (
    const [ack, what] of [
      ["/queue/acks.$host.$pid", "a queue of its own"],
      ["/temp-queue/acks", "a temporary queue"],
    ] as const
  ) {
    test(`our producer and our consumer understand each other over ${what}`, (stage) =>
      understandEachOther(stage, ack));
  }
}

stageTests(RABBITMQ)(
  "our producer and our consumer understand each other, with a password",
  (stage) =>
    understandEachOther(stage, "/queue/acks.$host.$pid", {
      broker: { "use-pwd": "true", username: "guest", password: "guest" },
    }),
);

/** Two files go from a producer that runs once to a consumer that stays. */
async function understandEachOther(
  stage: Stage,
  ack: string,
  more: Sections = {},
): Promise<void> {
  const consumer = ourConsumer(stage, { more });
  await using running = await consumer.consume();
  const producer = ourProducer(stage, { ack }, { more });
  await producer.drop({ a: BINARY, b: "text" });
  const { status, stdout, stderr } = await producer.run();
  assert.equal(status, 0, stdout + stderr);
  await running.line(/Received ping/);
  assert.deepEqual(
    (await consumer.stored()).map(({ body, sig }) => [md5(body), sig]),
    [BINARY, "text"].map((content) => [md5(content), `${PRODUCER_DN}\n`]),
  );
  assert.equal((await consumer.files("ack")).size, 0);
  assert.equal((await producer.files("outgoing")).size, 0);
  assert.equal((await running.stop()).status, 0);
}

const test = stageTests(EMBEDDED);

test("one process of ours is both, and sends to itself", async (stage) => {
  await Deno.writeTextFile(stage.dns, `${CONSUMER_DN}\n`);
  const topic = stage.topic;
  const both = new Ours(stage, "both", {
    as: stage.pki.server,
    sections: [{
      consumer: { topic, "valid-dns": stage.dns, "read-valid-dns": 10 },
      producer: {
        ...{ topic, "consumer-dn": CONSUMER_DN, ack: stage.ackQueue("both") },
        "msg-check-time": 0.1,
      },
    }],
  });
  await using running = await both.consume();
  await both.drop({ a: "to myself" });
  await running.line(/Consumer received message: a/);
  const [stored] = await both.stored();
  assert.equal(stored?.sig, `${CONSUMER_DN}\n`);
  assert.equal(new TextDecoder().decode(stored?.body), "to myself");
  assert.equal((await running.stop()).status, 0);
});

test("ours speaks TLS, and shows the broker its certificate", async (stage) => {
  const { certificatePem: certificate, keyPem: key } = stage.pki.unlisted;
  const shown = new Set<string>();
  await using strict = await TestBroker.start({}, {
    tls: {
      keyPair: { certificate, key },
      clientCertificate: "required",
      verify: ({ leaf }) => void shown.add(leaf.toBase64()),
    },
  });
  const more = { broker: { "use-ssl": "true" } };
  const { port } = strict;
  const consumer = ourConsumer(stage, { more, port });
  await using _ = await consumer.consume();
  const producer = ourProducer(stage, {}, { more, port });
  await producer.drop({ a: "content" });
  const { status, stdout, stderr } = await producer.run();
  assert.equal(status, 0, stdout + stderr);
  assert.equal((await consumer.stored()).length, 1);
  assert.equal(shown.size, 2);
});

test("ours has nothing to do as a consumer that is not to stay", async (stage) => {
  const { status, stderr } = await ourConsumer(stage).run();
  assert.equal(status, 2);
  assert.match(stderr, /a consumer keeps running\nssm: hint: add -d\n/);
});

test("ours runs once in each directory at a time", async (stage) => {
  const consumer = ourConsumer(stage);
  await using running = await consumer.consume();
  await using second = consumer.start();
  const { status, stderr } = await second.end();
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`${running.pid}`));
  assert.equal((await running.stop()).status, 0);
});

test("ours that cannot use its file says where and why, and exits with 1", async (stage) => {
  const wrong = ourProducer(stage, { "ack-timeout": "soon" });
  const { status, stderr } = await wrong.run();
  assert.equal(status, 1);
  assert.match(
    stderr,
    /"ack-timeout" in section \[producer\] of .*our-producer\.cfg, line \d+: "soon"/,
  );
});
