import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import {
  contentDigest,
  Ssm1Incoming,
  Ssm1Reject,
} from "../../../../lib/spool/mod.ts";
import { receive, Ssm1IncomingCarrier } from "../../../../lib/ssm/mod.ts";
import { Ssm1Answers } from "../../../../lib/ssm/ssm1/answers.ts";
import { systemClock } from "../../../../lib/stomp/mod.ts";
import {
  confirm,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

Deno.test("Ssm1Answers gives a broker up that does not confirm in time", async () => {
  await using stage = await Stage.open();
  const over = Promise.withResolvers<void>();
  await using broker = await ScriptedBroker.start(
    async (peer) => {
      await peer.welcome();
      await peer.expect("SEND");
      await over.promise;
    },
    async (peer) => {
      await peer.welcome();
      const headers = await peer.expect("SEND");
      assert.equal(headers["destination"], "/queue/replies");
      await confirm(peer, headers);
      await sayGoodbye(peer);
    },
  );
  const answers = new Ssm1Answers(stage.log);
  let connections = 0;
  answers.moveTo({
    name: "broker",
    connect: (signal) => {
      const receiptTimeoutMs = connections++ === 0 ? 20 : 60_000;
      return endpoint(broker.port, { receiptTimeoutMs }).connect(signal);
    },
  });
  answers.send({
    destination: "/queue/replies",
    headers: {},
    body: bytes("answer"),
  });
  await answers.idle();
  await answers.close();
  over.resolve();
  assert.deepEqual(stage.complaints, []);
});

Deno.test("Ssm1IncomingCarrier stops although its answers do not get away", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await peer.send(messageFrame("a record", {
      "message-id": "1",
      "ack": "1",
      "ssm-msg-type": "msg",
      "ssm-msg-id": "a",
      "reply-to": "/queue/replies",
    }));
    await confirm(peer, await peer.expect("ACK"));
    stage.stop();
    await sayGoodbye(peer);
  });
  let connections = 0;
  const carrier = new Ssm1IncomingCarrier({
    endpoints: [{
      name: "broker",
      connect: (signal) =>
        connections++ === 0
          ? broker.endpoint.connect(signal)
          : new Promise((_, reject) => {
            const stopped = new SsmError("ABORTED", "Dialling was stopped");
            if (signal.aborted) reject(stopped);
            signal.addEventListener("abort", () => reject(stopped));
          }),
    }],
    destination: QUEUE,
    certificates: () => [],
    received: { digestOf: contentDigest, forget: () => Promise.resolve() },
    stopGraceMs: 20,
    log: stage.log,
    clock: systemClock,
  });
  await receive({
    carrier,
    envelope: {
      open: (payload) =>
        Promise.resolve({ status: "accepted", payload, signer: "/CN=a" }),
    },
    incoming: await Ssm1Incoming.open(stage.dir),
    reject: await Ssm1Reject.open(stage.dir),
    log: stage.log,
    signal: stage.signal,
    clock: systemClock,
  });
  assert.deepEqual(stage.complaints, [
    "WARNING Cannot answer to /queue/replies: Dialling was stopped",
  ]);
});
