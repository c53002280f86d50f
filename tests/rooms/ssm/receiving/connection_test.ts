import assert from "node:assert/strict";
import { InstantClock } from "../../../kit/clocks.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import type { Script } from "../../../kit/net/scripted_peer.ts";
import { GatedEnvelope, RunningReceiver } from "../../../kit/receiving.ts";
import {
  acks,
  deliver,
  delivering,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, Stage } from "../../../kit/stage.ts";

/** Lets somebody subscribe, says something or nothing, and hangs up. */
function hangingUp(lastWords = ""): Script {
  return async (peer) => {
    await subscribed(peer);
    await peer.send(lastWords);
  };
}

/** A short grace, to tell it from the waits between connections. */
const stopGraceMs = 1;

/** The waits between connections. */
function pauses(clock: InstantClock): number[] {
  return clock.slept.filter((ms) => ms > stopGraceMs);
}

Deno.test("receive() writes a message once when its connection was lost before the ACK", async () => {
  await using stage = await Stage.open();
  const envelope = new GatedEnvelope();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, [{ body: "record", id: "a" }]);
    await envelope.arrival("record");
  }, async (peer) => {
    await subscribed(peer);
    envelope.release("record");
    await peer.send(messageFrame("record", {
      "message-id": "another",
      ack: "again",
      "empa-id": "a",
      redelivered: "true",
    }));
    assert.deepEqual(await acks(peer, 1), ["again"]);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
  });
  assert.deepEqual(await receiver.until(2), ["incoming", "duplicate"]);
  await receiver.stop();
  assert.equal((await stage.delivered("incoming")).length, 1);
});

Deno.test("receive() reconnects at once, then with growing pauses, and begins with the next broker each time", async () => {
  await using stage = await Stage.open();
  const clock = new InstantClock();
  await using first = await ScriptedBroker.start(
    hangingUp(),
    hangingUp(),
    hangingUp(),
  );
  await using second = await ScriptedBroker.start(
    hangingUp(),
    delivering("record"),
  );
  const receiver = await RunningReceiver.start(stage, [
    first.endpoint,
    second.endpoint,
  ], { connectClock: clock, stopGraceMs });
  assert.deepEqual(await receiver.until(1), ["incoming"]);
  await receiver.stop();
  assert.deepEqual(pauses(clock), [1000, 2000, 4000]);
});

Deno.test("receive() is patient again after a connection that was good for a while", async () => {
  await using stage = await Stage.open();
  const clock = new InstantClock();
  const lasting: Script = async (peer) => {
    await subscribed(peer);
    clock.skip(30_000);
  };
  await using broker = await ScriptedBroker.start(
    hangingUp(),
    hangingUp(),
    lasting,
    lasting,
    delivering("record"),
  );
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    connectClock: clock,
    stopGraceMs,
  });
  await receiver.until(1);
  await receiver.stop();
  assert.deepEqual(pauses(clock), [1000]);
});

Deno.test("receive() waits for ever for a broker", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(delivering("record"));
  let address = endpoint(freePort());
  const clock = new InstantClock((count) => {
    if (count === 20) address = broker.endpoint;
  });
  const receiver = await RunningReceiver.start(stage, [{
    name: "changing",
    connect: (signal) => address.connect(signal),
  }], { connectClock: clock, stopGraceMs });
  await receiver.until(1);
  await receiver.stop();
  assert.equal(Math.max(...clock.slept), 60_000);
});

Deno.test("receive() tells the broker's words when it is not allowed to subscribe, and tries another", async () => {
  await using stage = await Stage.open();
  const refusal = hangingUp("ERROR\nmessage:not authorized to read\n\n\0");
  await using strict = await ScriptedBroker.start(refusal, refusal);
  await using open = await ScriptedBroker.start(delivering("record"));
  const receiver = await RunningReceiver.start(stage, [
    strict.endpoint,
    open.endpoint,
  ], { connectClock: new InstantClock(), stopGraceMs });
  await receiver.until(1);
  await receiver.stop();
  assert.equal(stage.complaints[0], "WARNING Connection lost.");
  assert.match(
    stage.complaints[1]!,
    /^WARNING Connection lost because: .*not authorized to read$/,
  );
});

Deno.test("receive() leaves a broker that has fallen silent", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome("1.2", "heart-beat:10,0\n");
    await peer.expect("SUBSCRIBE");
    await peer.expectEnd();
  }, delivering("record"));
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { heartBeat: { sendMs: 0, receiveMs: 10 } }),
  ]);
  await receiver.until(1);
  await receiver.stop();
});

Deno.test("receive() survives frames that break the protocol, and messages beyond the limits", async () => {
  await using stage = await Stage.open();
  const long = "x".repeat(2000);
  await using broker = await ScriptedBroker.start(
    hangingUp("MESSAGE\ncontent-length\n\n\0"),
    hangingUp(messageFrame(long, { "message-id": "1", ack: "1" })),
    hangingUp("RECEIPT\nreceipt-id:\\t\n\n\0"),
    hangingUp("MESSAGE\ncontent-length:3\n\nabcdef\0"),
    hangingUp("WHAT\n\n\0"),
    hangingUp("MESSAGE\nsubscription:1\nmessage-id:2\nack:2\n\ncut off"),
    delivering("record"),
  );
  const limits = { maxHeaderBytes: 1000, maxBodyBytes: 1000 };
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { limits }),
  ], { connectClock: new InstantClock(), stopGraceMs });
  assert.deepEqual(await receiver.until(1), ["incoming"]);
  await receiver.stop();
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body }) => body), ["record"]);
});

Deno.test("receive() passes a message that is too large, which stays on the broker, and goes on", async () => {
  await using stage = await Stage.open();
  const long = "x".repeat(2000);
  const answers: string[] = [];
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    const frame = (id: string, body: string, headers = {}) =>
      messageFrame(body, { "message-id": id, ack: id, ...headers });
    await peer.send(frame("large", long, { "empa-id": "giant" }));
    const { id, "prefetch-count": more } = await peer.expect("SUBSCRIBE");
    assert.deepEqual({ id, more }, { id: "1+2", more: "1" });
    await peer.send(frame("odd", "odd", { "empa-id": long }));
    await peer.send(frame("good", "good", { "empa-id": "small" }));
    answers.push(...await acks(peer, 2));
    await sayGoodbye(peer);
  });
  const limits = { maxHeaderBytes: 1000, maxBodyBytes: 1000 };
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { limits, trimMessages: true }),
  ]);
  assert.deepEqual(await receiver.until(2), ["incoming", "incoming"]);
  await receiver.stop();
  assert.deepEqual(answers, ["odd", "good"]);
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body, empaid }) => [body, empaid]), [
    ["odd", "noid"],
    ["good", "small"],
  ]);
  assert.ok(stage.lines.includes(
    "ERROR Message giant in /queue/accounting stays on the broker: it has 2000 bytes, more than max_message_size allows.",
  ));
});

Deno.test("receive() passes nothing over for ever: after 200 messages that are too large it says that it is blocked", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    for (let n = 0; n < 202; n++) {
      await peer.send(
        messageFrame("large", { "message-id": `${n}`, ack: "x" }),
      );
      if (n < 200) await peer.expect("SUBSCRIBE");
    }
    await peer.send(messageFrame("ok", { "message-id": "ok", ack: "ok" }));
    assert.deepEqual(await acks(peer, 1), ["ok"]);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { limits: { maxBodyBytes: 3 }, trimMessages: true }),
  ]);
  await receiver.until(1);
  await receiver.stop();
  const blocked = stage.lines.filter((line) =>
    line.startsWith("ERROR Too many messages in /queue/accounting ")
  );
  assert.equal(blocked.length, 1);
});

Deno.test("receive() confirms what is too large on a topic, where nobody keeps it", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await peer.send(messageFrame("large", { "message-id": "1", ack: "1" }));
    await peer.send(messageFrame("ok", { "message-id": "2", ack: "2" }));
    assert.deepEqual(await acks(peer, 2), ["1", "2"]);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { limits: { maxBodyBytes: 3 }, trimMessages: true }),
  ], { destination: "/topic/a" });
  await receiver.until(1);
  await receiver.stop();
  assert.match(
    stage.complaints[0]!,
    /^ERROR Message 1 in \/topic\/a is lost, for a topic keeps nothing: /,
  );
});

Deno.test("receive() files a message by its content though headers of it cannot be read, and says so", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await peer.send(messageFrame("odd", {
      "message-id": "1",
      ack: "1",
      "empa-id": "bad\\escape",
      "": "no name",
    }));
    await peer.send(messageFrame("unnamed", { "message-id": "\\e" }));
    await peer.send(messageFrame("good", { "message-id": "3", ack: "3" }));
    assert.deepEqual(await acks(peer, 2), ["1", "3"]);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint]);
  await receiver.until(3);
  await receiver.stop();
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body, empaid }) => [body, empaid]), [
    ["odd", "noid"],
    ["unnamed", "noid"],
    ["good", "noid"],
  ]);
  assert.deepEqual(stage.complaints, [
    "WARNING Message 1 in /queue/accounting has 2 headers that cannot be read or are over the limits: they are ignored.",
    "WARNING Message noid in /queue/accounting has 1 headers that cannot be read or are over the limits: they are ignored.",
    'WARNING Message noid could not be acknowledged: Cannot acknowledge message "": it has no ack header',
  ]);
});

Deno.test("receive() says as an error that a message ends every connection, and which", async () => {
  await using stage = await Stage.open();
  const poison = hangingUp(
    "MESSAGE\nsubscription:1\ndestination:/queue/accounting\nmessage-id:7\n" +
      "content-length:3\n\nabcdef\0",
  );
  await using broker = await ScriptedBroker.start(
    poison,
    poison,
    poison,
    poison,
    delivering("record"),
  );
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    connectClock: new InstantClock(),
    stopGraceMs,
  });
  await receiver.until(1);
  await receiver.stop();
  const errors = stage.lines.filter((line) => line.startsWith("ERROR "));
  assert.equal(errors.length, 1);
  assert.match(
    errors[0]!,
    /^ERROR 4 connections in a row .* of \/queue\/accounting, .*message-id "7"/,
  );
});
