import assert from "node:assert/strict";
import { Ssm1Incoming, Ssm1Reject } from "../../lib/spool/mod.ts";
import { receive, Ssm1IncomingCarrier } from "../../lib/ssm/mod.ts";
import type { OpeningEnvelope } from "../../lib/ssm/mod.ts";
import { contentDigest } from "../../lib/ssm/ssm1_envelope.ts";
import { systemClock } from "../../lib/stomp/mod.ts";
import type { Peer } from "../stomp/peer.ts";
import {
  confirm,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "./scripted_broker.ts";
import { bytes, QUEUE, Stage } from "./stage.ts";

const BODY = "a record";

const envelope: OpeningEnvelope = {
  open: (payload) =>
    Promise.resolve({ status: "accepted", payload, signer: "/CN=producer" }),
};

/** A message, and right behind it the leave to forget it, which its producer was given for its first copy. */
async function deliverBoth(peer: Peer): Promise<void> {
  await peer.send(
    messageFrame(BODY, {
      ...{ "message-id": "1", ack: "message", "ssm-msg-type": "msg" },
      "ssm-msg-id": "name",
    }) +
      messageFrame("", {
        ...{ "message-id": "2", ack: "leave", "ssm-msg-type": "ping" },
        "ssm-reack": contentDigest(bytes(BODY)),
      }),
  );
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
      await deliverBoth(peer);
      // Written, but the broker dies over it.
      await expectAck(peer, "message");
    },
    async (peer) => {
      await subscribed(peer);
      await deliverBoth(peer);
      await confirm(peer, await expectAck(peer, "message"));
      await expectAck(peer, "leave");
      stop.abort();
      await sayGoodbye(peer);
    },
  );
  const incoming = await Ssm1Incoming.open(stage.dir);
  const forgotten: boolean[] = [];
  await receive({
    incoming,
    reject: await Ssm1Reject.open(stage.dir),
    envelope,
    carrier: new Ssm1IncomingCarrier({
      endpoints: [broker.endpoint],
      destination: QUEUE,
      certificatePem: () => "none",
      forget: async (digest) => {
        forgotten.push(await incoming.forget(digest));
      },
      log: stage.log,
      clock: systemClock,
    }),
    log: stage.log,
    signal: stop.signal,
    clock: systemClock,
  });
  const names = Array.from(
    Deno.readDirSync(`${stage.dir}/incoming`),
    ({ name }) => name,
  );
  assert.equal(names.filter((name) => !name.endsWith(".sig")).length, 1);
  assert.deepEqual(forgotten, [true]);
});
