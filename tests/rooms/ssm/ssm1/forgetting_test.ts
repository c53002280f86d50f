import assert from "node:assert/strict";
import {
  contentDigest,
  Ssm1Incoming,
  Ssm1Reject,
} from "../../../../lib/spool/mod.ts";
import { receive, Ssm1IncomingCarrier } from "../../../../lib/ssm/mod.ts";
import type { OpeningEnvelope } from "../../../../lib/ssm/mod.ts";
import { systemClock } from "../../../../lib/stomp/mod.ts";
import type { Peer } from "../../../kit/net/scripted_peer.ts";
import {
  confirm,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

const BODY = "a record";

const envelope: OpeningEnvelope = {
  open: (payload) =>
    Promise.resolve({ status: "accepted", payload, signer: "/CN=producer" }),
};

/** A message of that number. */
function record(number: string): string {
  return messageFrame(BODY, {
    ...{ "message-id": number, ack: number, "ssm-msg-type": "msg" },
    "ssm-msg-id": "name",
  });
}

/** The leave to forget such a message, given by a ping or along with another message. */
function leave(number: string, type: "ping" | "msg" = "ping"): string {
  return messageFrame(type === "msg" ? "another record" : "", {
    ...{ "message-id": number, ack: number, "ssm-msg-type": type },
    "ssm-reack": contentDigest(bytes(BODY)),
  });
}

/** Takes the ACK of that name; its headers. */
async function expectAck(
  peer: Peer,
  id: string,
): Promise<Record<string, string>> {
  const headers = await peer.expect("ACK");
  assert.equal(headers["id"], id);
  return headers;
}

Deno.test("Ssm1IncomingCarrier forgets nothing that the broker may deliver again, for want of the ACK", async () => {
  await using stage = await Stage.open();
  const stop = new AbortController();
  await using broker = await ScriptedBroker.start(
    async (peer) => {
      await subscribed(peer);
      await peer.send(record("1") + leave("2"));
      // Written, but the broker dies over it.
      await expectAck(peer, "1");
    },
    async (peer) => {
      await subscribed(peer);
      await peer.send(record("1") + leave("2"));
      await confirm(peer, await expectAck(peer, "1"));
      await expectAck(peer, "2");
      stop.abort();
      await sayGoodbye(peer);
    },
  );
  const { stored, forgotten } = await consume(stage, broker, stop.signal);
  assert.equal(stored, 1);
  assert.deepEqual(forgotten, [true]);
});

for (const type of ["ping", "msg"] as const) {
  Deno.test(`Ssm1IncomingCarrier takes nothing after a ${type} that forgets before that is confirmed`, async () => {
    await using stage = await Stage.open();
    const stop = new AbortController();
    await using broker = await ScriptedBroker.start(
      async (peer) => {
        await subscribed(peer);
        await peer.send(record("1"));
        await confirm(peer, await expectAck(peer, "1"));
        await peer.send(leave("2", type) + record("3"));
        // Dies over it. Had the next one been stored by now, it would be forgotten.
        await expectAck(peer, "2");
      },
      async (peer) => {
        await subscribed(peer);
        await peer.send(leave("2", type) + record("3"));
        await confirm(peer, await expectAck(peer, "2"));
        await confirm(peer, await expectAck(peer, "3"));
        stop.abort();
        await sayGoodbye(peer);
      },
    );
    const { stored, forgotten } = await consume(stage, broker, stop.signal);
    assert.equal(stored, type === "msg" ? 3 : 2);
    assert.deepEqual(forgotten, [true, false]);
  });
}

/** Runs a consumer until it is stopped: how much it stored, and what its forgetting came to. */
async function consume(
  stage: Stage,
  broker: ScriptedBroker,
  signal: AbortSignal,
): Promise<{ stored: number; forgotten: boolean[] }> {
  const incoming = await Ssm1Incoming.open(stage.dir);
  const forgotten: boolean[] = [];
  await receive({
    incoming,
    reject: await Ssm1Reject.open(stage.dir),
    envelope,
    carrier: new Ssm1IncomingCarrier({
      endpoints: [broker.endpoint],
      destination: QUEUE,
      certificates: () => [],
      received: {
        digestOf: (content) => incoming.digestOf(content),
        forget: async (digest) => {
          forgotten.push(await incoming.forget(digest));
        },
      },
      log: stage.log,
      clock: systemClock,
    }),
    log: stage.log,
    signal,
    clock: systemClock,
  });
  const names = Array.from(
    Deno.readDirSync(`${stage.dir}/incoming`),
    ({ name }) => name,
  );
  const stored = names.filter((name) => /^\d.*\d$/.test(name)).length;
  return { stored, forgotten };
}
