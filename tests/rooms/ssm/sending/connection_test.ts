import assert from "node:assert/strict";
import { Ssm2OutgoingCarrier } from "../../../../lib/ssm/mod.ts";
import { InstantClock } from "../../../kit/clocks.ts";
import type { Script } from "../../../kit/net/scripted_peer.ts";
import {
  killing,
  ScriptedBroker,
  swallow,
  takeMessages,
  taking,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

/** Confirms one message, and hangs up at the next. */
const takingOne: Script = async (peer) => {
  await peer.welcome();
  await takeMessages(peer, 1);
  await peer.expect("SEND");
};

Deno.test("sendAll() sends again, in order, what a lost connection left unconfirmed, and nothing else", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four", "five");
  const arrived: string[] = [];
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await takeMessages(peer, 1);
    assert.deepEqual(await swallow(peer, 3), names.slice(1, 4));
  }, taking(4, arrived));
  const { sent, failed } = await stage.send([broker.endpoint], { window: 3 });
  assert.deepEqual({ sent, failed }, { sent: 5, failed: 0 });
  assert.deepEqual(arrived, names.slice(1));
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("sendAll() goes on with the next broker of the list when the first is gone", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three");
  const arrived: string[] = [];
  await using second = await ScriptedBroker.start(taking(2, arrived));
  await using first: ScriptedBroker = await ScriptedBroker.start(
    async (peer) => {
      await peer.welcome();
      await takeMessages(peer, 1);
      await swallow(peer, 1);
      first.refuseMore();
    },
  );
  const { sent } = await stage.send([first.endpoint, second.endpoint]);
  assert.equal(sent, 3);
  assert.deepEqual(arrived, names.slice(1));
});

Deno.test("sendAll() passes over a broker that lets it in and confirms nothing", async () => {
  await using stage = await Stage.open();
  await stage.put("one", "two");
  await using deaf = await ScriptedBroker.start(killing(), killing());
  await using good = await ScriptedBroker.start(taking(2));
  const { sent } = await stage.send([deaf.endpoint, good.endpoint]);
  assert.equal(sent, 2);
});

Deno.test("sendAll() passes over a broker that hangs before CONNECTED, and one that speaks no STOMP", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using hanging = await ScriptedBroker.start(async (peer) => {
    await peer.expect("CONNECT");
    await peer.expectEnd();
  });
  await using web = await ScriptedBroker.start(async (peer) => {
    await peer.expect("CONNECT");
    await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await using good = await ScriptedBroker.start(taking(1));
  const { sent } = await stage.send([
    endpoint(hanging.port, { connectTimeoutMs: 20 }),
    web.endpoint,
    good.endpoint,
  ]);
  assert.equal(sent, 1);
  assert.match(stage.complaints[0]!, /^WARNING Failed to connect to .*no CONN/);
  assert.match(stage.complaints[1]!, /^WARNING Failed to connect to /);
});

Deno.test("sendAll() does not insist when the broker does not let it in", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one");
  const clock = new InstantClock();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.expect("CONNECT");
    await peer.send("ERROR\nmessage:bad password\n\n\0");
    await peer.expectEnd();
  });
  await assert.rejects(stage.send([broker.endpoint], { clock }), {
    code: "STOMP_ERROR",
    message: /^Attempts to start the SSM failed: .*bad password$/,
  });
  assert.deepEqual(clock.slept, []);
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
});

Deno.test("sendAll() reconnects at once, and then with growing pauses", async () => {
  await using stage = await Stage.open();
  await stage.put("one", "two");
  const clock = new InstantClock();
  await using broker = await ScriptedBroker.start(
    killing(),
    killing(),
    killing(),
    taking(2),
  );
  await stage.send([broker.endpoint], { clock });
  assert.deepEqual(clock.slept.filter((ms) => ms > 0), [1000, 2000]);
});

Deno.test("sendAll() gives up a broker that never confirms, and sends the message elsewhere", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one");
  const arrived: string[] = [];
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await peer.expect("SEND");
    await peer.expectEnd();
  }, taking(1, arrived));
  const { sent } = await stage.send([
    endpoint(broker.port, { receiptTimeoutMs: 20 }),
  ]);
  assert.equal(sent, 1);
  assert.deepEqual(arrived, names);
  assert.match(stage.complaints[0]!, /^WARNING Lost connection\. .*no receipt/);
});

Deno.test("sendAll() goes on over any number of lost connections as long as messages get through", async () => {
  await using stage = await Stage.open();
  await stage.put("1", "2", "3", "4", "5", "6", "7", "8", "9");
  await using broker = await ScriptedBroker.start(
    ...Array(8).fill(takingOne),
    taking(1),
  );
  const { sent, failed } = await stage.send([broker.endpoint]);
  assert.deepEqual({ sent, failed }, { sent: 9, failed: 0 });
});

Deno.test("sendAll() ends when the broker is gone for longer than the limit", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four");
  await using broker: ScriptedBroker = await ScriptedBroker.start(
    async (peer) => {
      await peer.welcome();
      await takeMessages(peer, 1);
      await swallow(peer, 2);
      broker.refuseMore();
    },
  );
  const sending = stage.send([broker.endpoint], {
    window: 2,
    retryForMs: 5000,
  });
  await assert.rejects(sending, { code: "CONNECT" });
  assert.deepEqual(await stage.left(), { elements: names.slice(1), locks: [] });
});

Deno.test("Ssm2OutgoingCarrier can be opened again after it was closed, and after it gave up", async () => {
  await using stage = await Stage.open();
  const { log, signal } = stage;
  await using broker = await ScriptedBroker.start(
    taking(1),
    killing(),
    taking(1),
  );
  let reachable = true;
  await using carrier = new Ssm2OutgoingCarrier({
    endpoints: [{
      name: broker.endpoint.name,
      connect(signal) {
        if (reachable) return broker.endpoint.connect(signal);
        throw new Error("nobody there");
      },
    }],
    destination: QUEUE,
    retryForMs: 0,
    signal,
    log,
    clock: new InstantClock(),
  });
  const body = bytes("x");
  await carrier.open();
  await carrier.send("one", { body });
  await carrier.close();
  await carrier.open();
  reachable = false;
  await assert.rejects(carrier.send("two", { body }));
  reachable = true;
  await carrier.open();
  await carrier.send("two", { body });
});

Deno.test("sendAll() keeps trying for all its time when connections are lost, whatever was under way", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put("one");
  const arrived: string[] = [];
  const lost = Array.from({ length: 5 }, () => killing());
  await using broker = await ScriptedBroker.start(...lost, taking(1, arrived));
  const clock = new InstantClock();
  const { sent, failed } = await stage.send([broker.endpoint], { clock });
  assert.deepEqual({ sent, failed }, { sent: 1, failed: 0 });
  assert.deepEqual(arrived, [name]);
  assert.deepEqual(clock.slept.filter((ms) => ms > 0), [
    1000,
    2000,
    4000,
    8000,
  ]);
});

Deno.test("sendAll() makes no pause after a connection over which a message got through", async () => {
  await using stage = await Stage.open();
  await stage.put("1", "2", "3", "4", "5", "6", "7", "8", "9");
  await using broker = await ScriptedBroker.start(
    ...Array(8).fill(takingOne),
    taking(1),
  );
  const clock = new InstantClock();
  await stage.send([broker.endpoint], { clock });
  assert.deepEqual(clock.slept.filter((ms) => ms > 0), []);
});

Deno.test("sendAll() connects no more when nothing is left to send", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await takeMessages(peer, 1);
  });
  assert.equal((await stage.send([broker.endpoint])).sent, 1);
});
