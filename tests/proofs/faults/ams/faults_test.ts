/**
 * A whole sender and a whole receiver, with an AMS behind a layer that does wrong.
 *
 * @module
 */
import assert from "node:assert/strict";
import { amsUserTable, hashToken } from "../../../../lib/broker/mod.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { RunningReceiver } from "../../../kit/receiving.ts";
import { Stage } from "../../../kit/stage.ts";
import { type CallName, FaultLayer } from "./fault_layer.ts";
import { cutAfter, FAULTS, type KindOfFault, LATE, MISSING } from "./faults.ts";

const BODIES = Array.from({ length: 6 }, (_, index) => `record ${index}`);

/** Each message alone, and again, and one vain attempt at each: more is a loop. */
const MOST_CALLS = 4 * BODIES.length;

const CUTS = Array.from({ length: 12 }, (_, index) => cutAfter(index / 11));

const pki = sharedServer(["openssl"], testPki);

/** From outgoing to incoming, with that fault at the first such call. */
async function walk(call: CallName, kind: KindOfFault): Promise<void> {
  await using layer = await FaultLayer.start(pki());
  await using stage = await Stage.open();
  await stage.put(...BODIES);
  layer.fail(call, kind.fault);
  const sending = stage.send(layer.outgoing(), { window: 4 });
  if (call === "publish" && kind.means === "end") {
    await assert.rejects(sending, { code: "AMS_ERROR" });
    const { elements, locks } = await stage.left();
    assert.deepEqual([elements.length, locks], [BODIES.length, []]);
  } else {
    const { sent, failed } = await sending;
    // Together with others it is only published again; alone it is left.
    const isLeft = call === "publish" && kind.means === "unwanted" &&
      failed === 1;
    assert.equal(failed, isLeft ? 1 : 0);
    assert.equal(sent, BODIES.length - failed);
  }
  await stage.send(layer.outgoing(), { window: 4 });
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
  await receiveAll(stage, layer);
  assert.equal(layer.faults, 1, "nothing went wrong");
  assert.ok(layer.calls.publish <= MOST_CALLS, `${layer.calls.publish} calls`);
}

/** Receives until everything is acknowledged; each body is in incoming, once. */
async function receiveAll(stage: Stage, layer: FaultLayer): Promise<void> {
  await using receiver = await RunningReceiver.start(stage, layer.incoming());
  await layer.emptied();
  await receiver.stop();
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body }) => body).sort(), BODIES);
  assert.deepEqual(await stage.delivered("reject"), []);
}

for (const call of ["publish", "pull", "acknowledge"] as const) {
  testWith(
    ["openssl"],
    `AMS: whatever goes wrong with a call to ${call}, nothing is lost, and each file arrives once`,
    async () => {
      const kinds = [...FAULTS, ...CUTS];
      const results = await Promise.allSettled(
        kinds.map((kind) => walk(call, kind)),
      );
      const wrong = results.flatMap((result, index) =>
        result.status === "rejected"
          ? [`${kinds[index]!.name}: ${result.reason}`]
          : []
      );
      assert.deepEqual(wrong, []);
    },
  );
}

for (
  const [what, fault] of [["missing", MISSING], ["late", LATE]] as const
) {
  testWith(
    ["openssl"],
    `AMS: an acknowledgement that is ${what} brings nothing a second time`,
    () => walk("acknowledge", { name: what, fault }),
  );
}

testWith(
  ["openssl"],
  "AMS: a token that is changed while messages travel costs none of them",
  async () => {
    let valid = "first-token";
    let known = valid;
    await using layer = await FaultLayer.start(
      pki(),
      () =>
        amsUserTable([{
          name: "site",
          grants: [{ right: "publish" }, { right: "pull" }],
          credential: { kind: "token", sha256: hashToken(valid) },
        }]),
    );
    await using stage = await Stage.open();
    await stage.put(...BODIES);
    // The service changes it first: what is sent with the old one waits.
    layer.fail("publish", async ({ socket, forward }) => {
      valid = "second-token";
      const { status, body } = await forward();
      socket.write(
        `HTTP/1.1 ${status} Said\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
    const token = () => known;
    await assert.rejects(
      stage.send(layer.outgoing({ token })),
      { code: "AMS_ERROR" },
    );
    assert.deepEqual((await stage.left()).locks, []);
    known = valid;
    const second = await stage.send(layer.outgoing({ token }));
    assert.equal(second.sent, BODIES.length);
    layer.fail("acknowledge", async ({ socket, forward }) => {
      valid = "third-token";
      const { status, body } = await forward();
      known = valid;
      socket.write(
        `HTTP/1.1 ${status} Said\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
    await using receiver = await RunningReceiver.start(
      stage,
      layer.incoming({ token }),
    );
    await layer.emptied();
    await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(incoming.map(({ body }) => body).sort(), BODIES);
  },
);
