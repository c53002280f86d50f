import assert from "node:assert/strict";
import { ourConsumer, type Ours } from "./ours.ts";
import type { Peer } from "../../../peers/ssm1/peer.ts";
import type { Deviations } from "../../../peers/ssm1/peer_orders.ts";
import { EMBEDDED, type Stage, stageTests } from "./stage.ts";
import { text } from "../../../kit/text.ts";

const test = stageTests(EMBEDDED);

/** A content that compresses well, and becomes too large when it is unpacked. */
const BOMB = new Uint8Array(3 << 20);
const LIMITS = { messagedb: { "max-unpacked-size": "1M" } };

/** What must be answered by silence, and the reason that is kept with it. */
const UNREADABLE: readonly {
  readonly what: string;
  readonly deviations: (stage: Stage) => Deviations;
  readonly content?: Uint8Array;
  readonly why: RegExp;
}[] = [
  {
    what: "neither signed nor encrypted",
    deviations: () => ({ form: "plain" }),
    why: /^Failed to decrypt message: /,
  },
  {
    what: "signed, not encrypted",
    deviations: () => ({ form: "unencrypted" }),
    why: /^Failed to decrypt message: it is not encrypted/,
  },
  {
    what: "encrypted, not signed",
    deviations: () => ({ form: "unsigned" }),
    why: /^Failed to verify message: /,
  },
  {
    what: "cut in half",
    deviations: () => ({ form: "truncated" }),
    why: /^Failed to decrypt message: /,
  },
  {
    what: "encrypted for somebody else",
    deviations: ({ pki }) => ({ recipient: pki.host.certificatePath }),
    why: /^Failed to decrypt message: /,
  },
  {
    what: "not compressed",
    deviations: () => ({ form: "uncompressed" }),
    why: /^Failed to unpack message: /,
  },
  {
    what: "compressed, cut short",
    deviations: () => ({ form: "zlib" }),
    why: /^Failed to unpack message: /,
  },
  {
    what: "too large when it is unpacked",
    deviations: () => ({}),
    content: BOMB,
    why: /^Failed to unpack message: .*larger than 1048576 bytes/,
  },
  {
    what: "signed by somebody whose CA nobody knows",
    deviations: ({ pki }) => ({
      signer: {
        certificate: pki.rogue.certificatePath,
        key: pki.rogue.keyPath,
      },
    }),
    why: /^Failed to verify message: /,
  },
  {
    what: "signed with MD5",
    deviations: () => ({ digest: "md5" }),
    why: /^Failed to verify message: /,
  },
  {
    what: "signed by somebody who is on the CRL",
    deviations: ({ pki }) => ({
      signer: {
        certificate: pki.revoked.certificatePath,
        key: pki.revoked.keyPath,
      },
    }),
    why: /^Failed to verify message: /,
  },
];

/** A good message gets through; whatever came before it has been dealt with then. */
async function assertAlive(producer: Peer, ours: Ours): Promise<void> {
  const before = (await ours.stored()).length;
  await producer.send("good", `good ${before}`);
  await producer.event("delivered", { id: "good" });
  const bodies = (await ours.stored()).map(({ body }) => text(body));
  assert.deepEqual(bodies.slice(before), [`good ${before}`]);
}

test("our consumer answers by silence to what it cannot read, keeps it with the reason, and goes on", async (stage) => {
  const ours = ourConsumer(stage, { more: LIMITS });
  await using _ = await ours.consume();
  await using producer = await stage.producer();
  await assertAlive(producer, ours);
  const reasons: string[] = [];
  for (const [number, unreadable] of UNREADABLE.entries()) {
    const { what, deviations, content, why } = unreadable;
    // Under one name they would be tries to send one message.
    const id = `bad ${number}`;
    await producer.send(id, content ?? what, deviations(stage));
    await producer.giveUp();
    await producer.event("unacknowledged", { id });
    await assertAlive(producer, ours);
    const errors = [...await ours.files("reject")]
      .filter(([name]) => name.endsWith(".err"));
    reasons.push(text(errors.at(-1)?.[1]));
    assert.equal(errors.length, reasons.length, what);
    assert.match(reasons.at(-1)!, why, what);
  }
  const answers = producer.received("ack").map((ack) => ack["ssm-msg-id"]);
  assert.equal(answers.includes("REJECTED"), false);
  assert.equal(answers.length, UNREADABLE.length + 1);
});

/** Frames that no SSM1 sends, without a body. */
const STRANGE: Readonly<Record<string, Record<string, string>>> = {
  "a certificate request without reply-to": { "ssm-msg-type": "certreq" },
  "an ack where there are only questions": {
    "ssm-msg-type": "ack",
    "ssm-msg-id": "0e9f1e8e40bb79e800fae9a0e1d7c3d3",
  },
  "an answer where there are only questions": { "ssm-msg-type": "certresp" },
  "a re-ack that is a path": {
    "ssm-msg-type": "ping",
    "ssm-reack": "../../our-consumer.cfg",
  },
  "a re-ack of what nobody knows": {
    "ssm-msg-type": "ping",
    "ssm-reack": "0e9f1e8e40bb79e800fae9a0e1d7c3d3",
  },
  "a request whose answer is wanted nowhere": {
    "ssm-msg-type": "certreq",
    "reply-to": "nowhere",
  },
  "no type": { "ssm-msg-id": "untyped" },
  "a type that nobody knows": { "ssm-msg-type": "certificate" },
};

test("our consumer goes on after frames that no SSM1 sends", async (stage) => {
  const ours = ourConsumer(stage);
  await using running = await ours.consume();
  await using producer = await stage.producer();
  for (const [what, headers] of Object.entries(STRANGE)) {
    await producer.raw({ destination: stage.topic, ...headers }, what);
    await assertAlive(producer, ours);
  }
  assert.ok((await Deno.stat(`${ours.path}.cfg`)).isFile);
  const { status, stderr } = await running.stop();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});

test("our consumer names in its log what it ignored, and why", async (stage) => {
  const ours = ourConsumer(stage);
  await using running = await ours.consume();
  await using producer = await stage.producer();
  await producer.raw({ destination: stage.topic, "ssm-msg-type": "certreq" });
  await running.line(/WARNING - .*certificate request without reply-to/);
  await producer.send("bad", "content", {
    form: "unencrypted",
    recipient: stage.pki.server.certificatePath,
  });
  await running.line(/WARNING - .*it is not encrypted/);
});
