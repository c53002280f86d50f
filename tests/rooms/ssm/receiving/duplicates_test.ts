import assert from "node:assert/strict";
import type { Peer } from "../../../kit/net/scripted_peer.ts";
import { RunningReceiver } from "../../../kit/receiving.ts";
import {
  acks,
  deliver,
  type Message,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { Stage } from "../../../kit/stage.ts";

/** Receives these messages from a broker that confirms nothing but ACKs. */
async function receiveAll(messages: readonly Message[]) {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, messages);
    await acks(peer, messages.length);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint]);
  const outcomes = await receiver.until(messages.length);
  await receiver.stop();
  return { outcomes, incoming: await stage.delivered("incoming") };
}

Deno.test("receive() does not confuse messages whose id and signer read alike together", async () => {
  await using stage = await Stage.open();
  const signers = ["/CN=a/CN=b", "/CN=b"];
  const envelope = {
    open: (payload: Uint8Array) =>
      Promise.resolve({
        status: "accepted" as const,
        payload,
        signer: signers.shift()!,
      }),
  };
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, [
      { body: "same", id: "1" },
      { body: "same", id: "1/CN=a" },
    ]);
    await acks(peer, 2);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
  });
  assert.deepEqual(await receiver.until(2), ["incoming", "incoming"]);
  await receiver.stop();
});

Deno.test("receive() keeps both of two messages with one empa-id and different content", async () => {
  const { outcomes, incoming } = await receiveAll([
    { body: "one", id: "20261120/20261120091629", messageId: "1" },
    { body: "two", id: "20261120/20261120091629", messageId: "2" },
  ]);
  assert.deepEqual(outcomes, ["incoming", "incoming"]);
  assert.deepEqual(incoming.map(({ body }) => body), ["one", "two"]);
});

Deno.test("receive() keeps both of two equal messages without an empa-id", async () => {
  const { incoming } = await receiveAll([
    { body: "same", messageId: "1" },
    { body: "same", messageId: "2" },
    { body: "same", id: "", messageId: "3" },
  ]);
  assert.deepEqual(incoming.map(({ empaid }) => empaid), [
    "noid",
    "noid",
    "noid",
  ]);
});

Deno.test("receive() writes a message once when it comes twice", async () => {
  const { outcomes, incoming } = await receiveAll([
    { body: "same", id: "a", messageId: "1" },
    { body: "same", id: "a", messageId: "2" },
    { body: "none", messageId: "3" },
    { body: "none", messageId: "3" },
  ]);
  assert.deepEqual(outcomes, [
    "incoming",
    "duplicate",
    "incoming",
    "duplicate",
  ]);
  assert.equal(incoming.length, 2);
});

Deno.test("receive() writes a message once when it comes again after a restart", async () => {
  await using stage = await Stage.open();
  const messages = [{ body: "record", id: "a" }];
  const session = async (peer: Peer) => {
    await subscribed(peer);
    await deliver(peer, messages);
    await acks(peer, 1);
    await sayGoodbye(peer);
  };
  await using broker = await ScriptedBroker.start(session, session);
  for (const outcome of ["incoming", "duplicate"] as const) {
    const receiver = await RunningReceiver.start(stage, [broker.endpoint]);
    assert.deepEqual(await receiver.until(1), [outcome]);
    await receiver.stop();
  }
  assert.equal((await stage.delivered("incoming")).length, 1);
  assert.ok(
    stage.lines.includes("INFO Message was received before, ignored. ID = a"),
  );
});
