import assert from "node:assert/strict";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { endpoint, QUEUE } from "../../kit/stage.ts";
import { MadeCorpus } from "./made.ts";
import { clear, RECORD } from "./message.ts";
import { HostileReceiver } from "./receiver.ts";
import { dnOf } from "./site.ts";

const PARTS = ["openssl"] as const;

const corpus = sharedServer(PARTS, () => MadeCorpus.make());

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

testWith(
  PARTS,
  "receive() files the whole corpus by its verdicts, unharmed and with an honest log",
  async () => {
    const { site, messages } = corpus();
    await using broker = await TestBroker.start();
    await using receiver = await HostileReceiver.start(
      endpoint(broker.port),
      await site.opener(),
    );
    const { signal } = new AbortController();
    await using sender = await endpoint(broker.port).connect(signal);
    for (const { name, body } of messages) {
      await sender.send(QUEUE, body, {
        headers: { "empa-id": name },
        receipt: true,
      });
    }
    await receiver.until(messages.length);
    await receiver.stop();
    assert.equal(broker.broker.stats().queued, 0);
    assert.deepEqual(receiver.strangePaths(), []);

    const good = messages.filter(({ error }) => error === undefined);
    const incoming = await receiver.elements("incoming");
    assert.deepEqual(
      incoming.map(({ empaid }) => text(empaid)),
      good.map(({ name }) => name),
    );
    for (const { body, signer } of incoming) {
      assert.equal(text(body), RECORD);
      assert.equal(text(signer), dnOf("honest"));
    }

    const log = await receiver.log();
    const bad = messages.filter(({ error }) => error !== undefined);
    const rejected = await receiver.elements("reject");
    assert.equal(rejected.length, bad.length);
    for (const [index, { name, body, error, signer }] of bad.entries()) {
      const element = rejected[index]!;
      assert.equal(text(element["empaid"]), name);
      assert.ok(equal(element["body"]!, body), `${name}: another body is kept`);
      assert.equal(text(element["signer"]), signer ?? "Not available.");
      const said = text(element["error"]);
      if (typeof error === "string") assert.equal(said, error);
      else assert.match(said, error!);
      assert.ok(log.includes(`Message rejected: ${said}`), said);
    }
  },
);

/** `assert` would take megabytes apart first. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** What somebody may call a message. */
const IDS: readonly string[] = [
  "x\n2026-11-20 09:16:29,086 - test - INFO - Valid signer: /CN=forged",
  "x\r\n\r\n",
  "\x1b[2J\x1b]0;title\x07",
  "\u009b31m\u202e\u2066\u061c\u2028\u2029\u0085",
  "../../../../escaped",
  "/escaped",
  "..",
  ".",
  "a/b/c",
  "spool/incoming",
  "locked",
  "%s%n$(id)`id`;|&",
  '"},{"name":"forged","x":"',
  "\ufeff",
  "ü".repeat(8000),
  "\n".repeat(8000),
  "noid",
  "__proto__",
];

testWith(
  PARTS,
  "receive() makes of a message's id neither a path nor a line of its own",
  async () => {
    const { site } = corpus();
    await using broker = await TestBroker.start();
    await using receiver = await HostileReceiver.start(
      endpoint(broker.port),
      await site.opener(),
    );
    const { signal } = new AbortController();
    await using sender = await endpoint(broker.port).connect(signal);
    for (const id of IDS) {
      const headers = { "empa-id": id, "ssm-msg-id": id, "message-id": id };
      const body = await clear(site.honest);
      await sender.send(QUEUE, body, { headers, receipt: true });
    }
    await receiver.until(IDS.length);
    await receiver.stop();
    assert.deepEqual(receiver.strangePaths(), []);
    const incoming = await receiver.elements("incoming");
    // Where it is kept, it is kept as it came.
    assert.deepEqual(incoming.map(({ empaid }) => text(empaid)), IDS);
    const log = await receiver.log();
    assert.equal(
      log.filter((line) => line.startsWith("Valid signer: ")).length,
      IDS.length,
    );
    const received = log.filter((line) => line.startsWith("Received message."));
    assert.equal(received.length, IDS.length);
  },
);
