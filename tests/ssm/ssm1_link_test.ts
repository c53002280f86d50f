import assert from "node:assert/strict";
import { Ssm1Link } from "../../lib/ssm/ssm1/link.ts";
import { type StompClient, systemClock } from "../../lib/stomp/mod.ts";
import type { Script } from "../stomp/peer.ts";
import {
  confirm,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "./scripted_broker.ts";
import { bytes, endpoint, QUEUE, Stage } from "./stage.ts";

const MESSAGE = {
  type: "msg",
  id: "a",
  body: bytes("a"),
  digest: "d",
} as const;
const PATIENCE = { ms: 60_000, otherwise: "No acknowledgement received" };

/** Takes so many messages, and answers each as its consumer would. */
function answering(count: number): Script {
  return async (peer) => {
    await subscribed(peer);
    for (let i = 0; i < count; i++) {
      await confirm(peer, await peer.expect("SEND"));
      await peer.send(messageFrame("", {
        "message-id": `${i}`,
        "ssm-msg-type": "ack",
        "ssm-msg-id": MESSAGE.digest,
      }));
    }
    await sayGoodbye(peer);
  };
}

function open(stage: Stage, client: StompClient): Promise<Ssm1Link> {
  const { log, signal } = stage;
  return Ssm1Link.open(client, {
    destination: QUEUE,
    ackQueue: "/queue/acks",
    log,
    clock: systemClock,
    signal,
  });
}

Deno.test("Ssm1Link leaves nothing behind on a connection that lives for months", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(answering(3));
  await using client = await broker.endpoint.connect(stage.signal);
  let listeners = 0;
  client.closed.then = (...reactions) => {
    listeners++;
    return Promise.prototype.then.apply(client.closed, reactions) as never;
  };
  const link = await open(stage, client);
  await link.exchange(MESSAGE, PATIENCE);
  const before = listeners;
  for (let i = 0; i < 2; i++) await link.exchange(MESSAGE, PATIENCE);
  assert.equal(listeners, before);
});

Deno.test("Ssm1Link fails who waits for an answer when the connection ends", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await confirm(peer, await peer.expect("SEND"));
  });
  const client = await broker.endpoint.connect(stage.signal);
  const link = await open(stage, client);
  await assert.rejects(link.exchange(MESSAGE, PATIENCE), {
    code: "CONNECTION_LOST",
  });
  assert.equal(link.open, false);
  await assert.rejects(link.exchange(MESSAGE, PATIENCE), {
    code: "CONNECTION_LOST",
  });
});

Deno.test("Ssm1Link takes a broker that does not confirm in time for one that is gone", async () => {
  await using stage = await Stage.open();
  const over = Promise.withResolvers<void>();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await peer.expect("SEND");
    await over.promise;
  });
  const { connect } = endpoint(broker.port, { receiptTimeoutMs: 20 });
  const link = await open(stage, await connect(stage.signal));
  try {
    await assert.rejects(link.exchange(MESSAGE, PATIENCE), {
      code: "CONNECTION_LOST",
      message: /^Cannot confirm frame: no receipt /,
    });
    assert.equal(link.open, false);
  } finally {
    over.resolve();
    link.close();
  }
});
