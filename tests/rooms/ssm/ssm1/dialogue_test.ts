import assert from "node:assert/strict";
import { openOutgoingClient } from "../../../../lib/ssm/brokers.ts";
import {
  Ssm1Dialogue,
  type Verdict,
} from "../../../../lib/ssm/ssm1/dialogue.ts";
import {
  type Endpoint,
  type ReconnectingClient,
  type StompClient,
  systemClock,
} from "../../../../lib/stomp/mod.ts";
import type { Script } from "../../../kit/net/scripted_peer.ts";
import {
  confirm,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

const MESSAGE = {
  type: "msg",
  id: "a",
  body: bytes("a"),
  digest: "d",
} as const;
const PATIENCE_MS = 60_000;

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

/** A producer's client, and a way to ask over it. */
function open(stage: Stage, broker: Endpoint, retryForMs = 60_000): {
  client: ReconnectingClient;
  ask(): Promise<Verdict>;
} {
  const { log, signal } = stage;
  const ackQueue = "/queue/acks";
  const clock = systemClock;
  const options = { destination: QUEUE, log, clock, signal };
  const dialogue = new Ssm1Dialogue({ ...options, ackQueue });
  const client = openOutgoingClient(
    { ...options, endpoints: [broker], retryForMs },
    { onLost: (why) => dialogue.lost(why) },
  );
  const answers = client.subscribe(ackQueue, { ack: "auto", receipt: false });
  (async () => {
    for await (const { headers, body } of answers) dialogue.hear(headers, body);
  })().catch(() => {});
  return {
    client,
    ask: () =>
      client.perform((connection) =>
        dialogue.exchange(connection, MESSAGE, PATIENCE_MS)
      ),
  };
}

Deno.test("Ssm1Dialogue leaves nothing behind on a connection that lives for months", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(answering(3));
  let listeners = 0;
  const watched: Endpoint = {
    name: "watched",
    connect: async (signal) => {
      const client: StompClient = await broker.endpoint.connect(signal);
      client.closed.then = (...reactions) => {
        listeners++;
        return Promise.prototype.then.apply(client.closed, reactions) as never;
      };
      return client;
    },
  };
  const { client, ask } = open(stage, watched);
  assert.equal(await ask(), "taken");
  const before = listeners;
  for (let i = 0; i < 2; i++) await ask();
  assert.equal(listeners, before);
  await client.disconnect();
});

Deno.test("Ssm1Dialogue asks again over another connection when that ends before the answer", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await confirm(peer, await peer.expect("SEND"));
  }, answering(1));
  const { client, ask } = open(stage, broker.endpoint);
  assert.equal(await ask(), "taken");
  await client.disconnect();
});

Deno.test("Ssm1Dialogue fails who waits for an answer when there is no other connection", async () => {
  await using stage = await Stage.open();
  const hangUp: Script = async (peer) => {
    await subscribed(peer);
    await confirm(peer, await peer.expect("SEND"));
  };
  await using broker = await ScriptedBroker.start(hangUp, hangUp);
  const { client, ask } = open(stage, broker.endpoint, 0);
  await assert.rejects(ask(), { code: "CONNECTION_LOST" });
  await client.disconnect();
});

Deno.test("Ssm1Dialogue takes a broker that does not confirm in time for one that is gone", async () => {
  await using stage = await Stage.open();
  const over = Promise.withResolvers<void>();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await peer.expect("SEND");
    await over.promise;
  }, answering(1));
  let connections = 0;
  const { client, ask } = open(stage, {
    name: "slow",
    connect: (signal) => {
      const receiptTimeoutMs = connections++ === 0 ? 20 : 60_000;
      return endpoint(broker.port, { receiptTimeoutMs }).connect(signal);
    },
  });
  assert.equal(await ask(), "taken");
  assert.match(
    stage.complaints.join("\n"),
    /^WARNING Lost connection\. Cannot confirm frame: no receipt /,
  );
  over.resolve();
  await client.disconnect();
});
