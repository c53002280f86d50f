import assert from "node:assert/strict";
import type { Certificate } from "../../../../lib/pki/mod.ts";
import { contentDigest } from "../../../../lib/spool/mod.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { ACKS, digestOnly, Ssm1Stage, WatchedEndpoint } from "./ssm1_stage.ts";
import { report } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";

const PARTS = ["openssl"] as const;
const pki = sharedServer(PARTS, testPki);
const CONSUMER = "/C=UK/O=Test/CN=server.example.org";

/** The headers of the protocol, without what a broker adds. */
function protocolHeaders(headers: ReadonlyMap<string, string>) {
  const names = ["ssm-msg-type", "ssm-msg-id", "reply-to", "ssm-reack"];
  return Object.fromEntries(
    [...headers].filter(([name]) => names.includes(name)),
  );
}

testWith(
  PARTS,
  "Ssm1OutgoingCarrier asks for the certificate, sends in the order of names, and reacks on the next frame",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ b: "second", a: "first" });
    const consumer = await site.consumer();
    const sending = site.send(site.producer(CONSUMER));
    const request = await consumer.certify(pki().server);
    assert.deepEqual(protocolHeaders(request.headers), {
      "ssm-msg-type": "certreq",
      "ssm-msg-id": "noid",
      "reply-to": ACKS,
    });
    assert.equal(request.body.length, 0);
    const first = await consumer.take();
    assert.equal(text(first.body), "first");
    assert.deepEqual(protocolHeaders(first.headers), {
      "ssm-msg-type": "msg",
      "ssm-msg-id": "a",
      "reply-to": ACKS,
    });
    const second = await consumer.take();
    assert.deepEqual(protocolHeaders(second.headers), {
      "ssm-msg-type": "msg",
      "ssm-msg-id": "b",
      "reply-to": ACKS,
      "ssm-reack": contentDigest(bytes("first")),
    });
    assert.deepEqual(protocolHeaders((await consumer.expect("ping")).headers), {
      "ssm-msg-type": "ping",
      "ssm-msg-id": "ping",
      "reply-to": ACKS,
      "ssm-reack": contentDigest(bytes("second")),
    });
    assert.deepEqual(await sending, report({ found: 2, sent: 2 }));
    assert.deepEqual(await site.left(), []);
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier keeps a rejected message, says so at once, and goes on",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "bad", b: "good" });
    const consumer = await site.consumer();
    const sending = site.send(site.producer(CONSUMER));
    await consumer.certify(pki().server);
    consumer.answer(await consumer.expect("msg"), "ack", "REJECTED");
    const { headers } = await consumer.take();
    assert.equal(headers.get("ssm-msg-id"), "b");
    assert.equal(headers.get("ssm-reack"), undefined);
    assert.deepEqual(await sending, report({ found: 2, sent: 1, failed: 1 }));
    assert.deepEqual(await site.left(), ["a"]);
    assert.ok(site.stage.complaints.includes(
      "ERROR Message a was not sent and stays in outgoing: Message a was rejected by consumer",
    ));
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier takes no other ack for the one it waits for",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "content" });
    const consumer = await site.consumer();
    const sending = site.send(site.producer(CONSUMER));
    const request = await consumer.certify(pki().server);
    // Left over from an earlier run: nothing is being waited for.
    consumer.answer(request, "ack", "REJECTED");
    const message = await consumer.expect("msg");
    for (const id of ["", "noid", contentDigest(bytes("another")), "a"]) {
      consumer.answer(message, "ack", id);
    }
    consumer.answer(message, "ping", contentDigest(bytes("content")));
    consumer.answer(message, "certresp", "noid", pki().ec.certificatePem);
    consumer.answer(message, "ack", contentDigest(bytes("content")));
    assert.deepEqual(await sending, report({ found: 1, sent: 1 }));
    assert.ok(
      site.stage.lines.includes("WARNING Unexpected certificate - ignored."),
    );
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier keeps what is not answered, and goes on",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "lost", b: "good" });
    const consumer = await site.consumer();
    const carrier = site.producer(CONSUMER, { ackTimeoutMs: 50 });
    // The certificate needs no patience: it is there when the messages are sent.
    await consumer.open(carrier, pki().server);
    const sending = site.send(carrier);
    await consumer.expect("msg");
    await consumer.take();
    assert.deepEqual(await sending, report({ found: 2, sent: 1, failed: 1 }));
    assert.deepEqual(await site.left(), ["a"]);
    assert.ok(site.stage.complaints.includes(
      "ERROR Message a was not sent and stays in outgoing: No acknowledgement received for message a",
    ));
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier gives up when nobody answers any more",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "1", b: "2", c: "3", d: "4", e: "5" });
    const consumer = await site.consumer();
    const carrier = site.producer(CONSUMER, { ackTimeoutMs: 40 });
    await consumer.open(carrier, pki().server);
    await assert.rejects(site.send(carrier), {
      code: "TIMEOUT",
      message:
        "No acknowledgement received for message c, nor for the 2 before it",
    });
    assert.deepEqual(await site.left(), ["a", "b", "c", "d", "e"]);
  },
);

const CERTIFICATES: readonly [string, (pem: string) => string, RegExp][] = [
  ["of another DN", () => pki().ec.certificatePem, /its DN is .*CN=ec/],
  ["that is none", () => "hello", /certificate is refused: /],
  ["that is empty", () => "", /certificate is refused: /],
  ["that is huge", (pem) => pem.padEnd(70_000), /it has 70000 bytes/],
];

for (const [which, make, said] of CERTIFICATES) {
  testWith(
    PARTS,
    `Ssm1OutgoingCarrier refuses a certificate ${which}, and takes the right one after it`,
    async () => {
      await using site = await Ssm1Stage.open();
      const consumer = await site.consumer();
      const carrier = site.producer(CONSUMER);
      const { server } = pki();
      const opening = carrier.open();
      const request = await consumer.expect("certreq");
      const bad = make(server.certificatePem);
      consumer.answer(request, "certresp", "noid", bad);
      consumer.answer(request, "certresp", "noid", server.certificatePem);
      await opening;
      assert.match(site.stage.complaints.join("\n"), said);
      assert.equal(carrier.recipient.notAfter > new Date(), true);
      await carrier.close();
    },
  );
}

testWith(
  PARTS,
  "Ssm1OutgoingCarrier refuses a certificate that does not chain to the CA directory",
  async () => {
    await using site = await Ssm1Stage.open();
    const consumer = await site.consumer();
    const trust = (
      _: Certificate,
    ) => ({ ok: false, reason: "no such CA" } as const);
    const carrier = site.producer(CONSUMER, {
      consumer: { consumerDn: CONSUMER, trust },
      ackTimeoutMs: 90,
    });
    const opening = carrier.open();
    opening.catch(() => {});
    for (let request = 0; request < 3; request++) {
      await consumer.certify(pki().server);
    }
    await assert.rejects(opening, {
      code: "TIMEOUT",
      message:
        "Cannot obtain the consumer's certificate: its certificate is refused: no such CA",
    });
    assert.throws(() => carrier.recipient, { code: "CERTIFICATE" });
    await carrier.close();
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier asks again when the certificate is lost on the way",
  async () => {
    await using site = await Ssm1Stage.open();
    const consumer = await site.consumer();
    const carrier = site.producer(CONSUMER, { ackTimeoutMs: 300 });
    const opening = carrier.open();
    await consumer.expect("certreq");
    await consumer.certify(pki().server);
    await opening;
    await carrier.close();
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier asks for the certificate again after its life, not before",
  async () => {
    await using site = await Ssm1Stage.open();
    const consumer = await site.consumer();
    const clock = new ManualClock();
    const lifeMs = 24 * 3_600_000;
    const carrier = site.producer(CONSUMER, {
      clock,
      pingEveryMs: 10 * lifeMs,
      consumer: {
        consumerDn: CONSUMER,
        trust: () => ({ ok: true, chain: [] }),
        lifeMs,
      },
    });
    await consumer.open(carrier, pki().server);
    clock.advance(lifeMs - 1);
    await carrier.open();
    clock.advance(1);
    const again = carrier.open();
    await consumer.certify(pki().server);
    await again;
    await carrier.close();
    await consumer.expect("ping");
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier sends a message again over another connection",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "content" });
    const consumer = await site.consumer();
    const watched = new WatchedEndpoint(site.broker.port);
    const carrier = site.producer(CONSUMER, { endpoints: [watched] });
    const sending = site.send(carrier);
    await consumer.certify(pki().server);
    await consumer.expect("msg");
    watched.clients[0]!.close();
    await consumer.take();
    assert.deepEqual(await sending, report({ found: 1, sent: 1 }));
    assert.equal(watched.attempts, 2);
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier stops at once when it is asked to; the message stays",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "content" });
    const consumer = await site.consumer();
    const sending = site.send(site.producer(CONSUMER));
    sending.catch(() => {});
    await consumer.certify(pki().server);
    await consumer.expect("msg");
    site.stage.stop();
    await assert.rejects(sending, { code: "ABORTED" });
    assert.deepEqual(await site.left(), ["a"]);
  },
);

testWith(PARTS, "Ssm1OutgoingCarrier reacks only what is removed", async () => {
  await using site = await Ssm1Stage.open();
  const consumer = await site.consumer();
  const carrier = site.producer(CONSUMER);
  await consumer.open(carrier, pki().server);
  const content = bytes("content");
  const sending = carrier.send("a", await digestOnly.seal(content));
  await consumer.take();
  await sending;
  // Not removed yet: if it is sent again, the consumer must still know it.
  const again = carrier.send("a", await digestOnly.seal(content));
  assert.equal((await consumer.take()).headers.get("ssm-reack"), undefined);
  await again;
  carrier.removed("a");
  carrier.removed("a");
  await carrier.close();
  const { headers } = await consumer.expect("ping");
  assert.equal(headers.get("ssm-reack"), contentDigest(content));
});

testWith(
  PARTS,
  "Ssm1OutgoingCarrier pings now and then, and says what may be forgotten",
  async () => {
    await using site = await Ssm1Stage.open();
    const consumer = await site.consumer();
    const carrier = site.producer(CONSUMER, { pingEveryMs: 20 });
    await consumer.open(carrier, pki().server);
    assert.equal(
      (await consumer.expect("ping")).headers.get("ssm-reack"),
      undefined,
    );
    await consumer.expect("ping");
    await carrier.close();
  },
);

testWith(
  PARTS,
  "Ssm1OutgoingCarrier says what may be forgotten over another connection, if that of the last ack is gone",
  async () => {
    await using site = await Ssm1Stage.open();
    const consumer = await site.consumer();
    const watched = new WatchedEndpoint(site.broker.port);
    const carrier = site.producer(CONSUMER, { endpoints: [watched] });
    await consumer.open(carrier, pki().server);
    const content = bytes("content");
    const sending = carrier.send("a", await digestOnly.seal(content));
    await consumer.take();
    await sending;
    watched.clients[0]!.close();
    carrier.removed("a");
    await carrier.close();
    const { headers } = await consumer.expect("ping");
    assert.equal(headers.get("ssm-reack"), contentDigest(content));
    assert.equal(watched.clients.length, 2);
  },
);
