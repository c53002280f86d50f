import assert from "node:assert/strict";
import { InstantClock } from "../../../kit/clocks.ts";
import {
  confirm,
  killing,
  sayGoodbye,
  ScriptedBroker,
  swallow,
  takeMessages,
  taking,
} from "../../../kit/net/scripted_broker.ts";
import { Stage } from "../../../kit/stage.ts";

const ERROR = "ERROR\nmessage:not wanted\n\n\0";

Deno.test("sendAll() lays an ERROR with a receipt-id at the door of that message only", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const [one, , three] = await swallow(peer, 3);
    await peer.send(
      `ERROR\nreceipt-id:${names[1]}\nmessage:not wanted\n\n\0`,
    );
    await confirm(peer, { receipt: three! });
    await confirm(peer, { receipt: one! });
    await takeMessages(peer, 1);
    await sayGoodbye(peer);
  });
  const { sent, failed } = await stage.send([broker.endpoint], { window: 3 });
  assert.deepEqual({ sent, failed }, { sent: 3, failed: 1 });
  assert.deepEqual(await stage.left(), { elements: [names[1]], locks: [] });
  assert.match(
    stage.complaints.join("\n"),
    /^ERROR Message (\S+) was not sent and stays in outgoing: Cannot send message "\1": .*not wanted$/,
  );
});

Deno.test("sendAll() sends the others again when the broker hangs up after an ERROR with a receipt-id", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three");
  const arrived: string[] = [];
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await swallow(peer, 3);
    await peer.send(
      `ERROR\nreceipt-id:${names[1]}\nmessage:not wanted\n\n\0`,
    );
  }, taking(2, arrived));
  const { sent, failed } = await stage.send([broker.endpoint], { window: 3 });
  assert.deepEqual({ sent, failed }, { sent: 2, failed: 1 });
  assert.deepEqual(arrived, [names[0], names[2]]);
});

Deno.test("sendAll() finds out which of several messages an ERROR without a receipt-id was about", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four", "five");
  const arrived: string[] = [];
  await using broker = await ScriptedBroker.start(
    async (peer) => {
      await peer.welcome();
      await swallow(peer, 3);
      await peer.send(ERROR);
    },
    async (peer) => {
      await peer.welcome();
      arrived.push(...await takeMessages(peer, 1));
      assert.deepEqual(await swallow(peer, 1), [names[1]]);
      await peer.send(ERROR);
    },
    async (peer) => {
      await peer.welcome();
      arrived.push(...await takeMessages(peer, 1));
      // All suspicion is gone: the window is open again.
      const rest = await swallow(peer, 2);
      for (const id of rest) await confirm(peer, { receipt: id });
      arrived.push(...rest);
      await sayGoodbye(peer);
    },
  );
  const { sent, failed } = await stage.send([broker.endpoint], { window: 3 });
  assert.deepEqual({ sent, failed }, { sent: 4, failed: 1 });
  assert.deepEqual(arrived, names.filter((_, index) => index !== 1));
  assert.deepEqual(await stage.left(), { elements: [names[1]], locks: [] });
});

Deno.test("sendAll() goes on after an ERROR with a receipt-id to a message that was sent alone", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await swallow(peer, 3);
  }, async (peer) => {
    await peer.welcome();
    assert.deepEqual(await swallow(peer, 1), [names[0]]);
    await peer.send(`ERROR\nreceipt-id:${names[0]}\nmessage:no\n\n\0`);
    assert.deepEqual(await takeMessages(peer, 2), names.slice(1));
    await sayGoodbye(peer);
  });
  const { sent, failed } = await stage.send([broker.endpoint], { window: 3 });
  assert.deepEqual({ sent, failed }, { sent: 2, failed: 1 });
});

Deno.test("sendAll() gives a message a second chance after an ERROR that says nothing of it", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using broker = await ScriptedBroker.start(
    killing("ERROR\nmessage:broker is stopping\n\n\0"),
    taking(1),
  );
  const { sent, failed } = await stage.send([broker.endpoint]);
  assert.deepEqual({ sent, failed }, { sent: 1, failed: 0 });
});

Deno.test("sendAll() gets past any number of messages that the broker refuses", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("1", "2", "3", "4", "5", "good");
  const refusals = Array.from({ length: 10 }, () => killing(ERROR));
  const arrived: string[] = [];
  await using broker = await ScriptedBroker.start(
    ...refusals,
    taking(1, arrived),
  );
  const { sent, failed } = await stage.send([broker.endpoint]);
  assert.deepEqual({ sent, failed }, { sent: 1, failed: 5 });
  assert.deepEqual(arrived, [names[5]]);
});

Deno.test("sendAll() gets past a message at which the broker just hangs up", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("good", "too much for it", "good");
  await using broker = await ScriptedBroker.start(
    async (peer) => {
      await peer.welcome();
      await takeMessages(peer, 1);
      await swallow(peer, 1);
    },
    killing(),
    killing(),
    taking(1),
  );
  const { sent, failed } = await stage.send([broker.endpoint], {
    retryForMs: 500,
  });
  assert.deepEqual({ sent, failed }, { sent: 2, failed: 1 });
  assert.deepEqual(await stage.left(), { elements: [names[1]], locks: [] });
});

for (const window of [1, 4]) {
  Deno.test(`sendAll() gives up when the broker always hangs up, with a window of ${window}`, async () => {
    await using stage = await Stage.open();
    const names = await stage.put("1", "2", "3", "4", "5", "6", "7");
    const scripts = Array.from({ length: 6 }, () => killing());
    await using broker = await ScriptedBroker.start(...scripts);
    const sending = stage.send([broker.endpoint], {
      window,
      retryForMs: 10_000,
    });
    await assert.rejects(sending, {
      code: "CONNECTION_LOST",
      message:
        /^Lost connection: the broker confirmed nothing on 6 connections in a row: ./,
    });
    assert.deepEqual(await stage.left(), { elements: names, locks: [] });
  });
}

Deno.test("sendAll() does not blame a message for what the broker babbles", async () => {
  await using stage = await Stage.open();
  await stage.put("one", "two");
  await using broker = await ScriptedBroker.start(
    killing("WHAT\n\n\0"),
    killing("RECEIPT\nno colon\n\n\0"),
    taking(2),
  );
  const { sent, failed } = await stage.send([broker.endpoint], { window: 2 });
  assert.deepEqual({ sent, failed }, { sent: 2, failed: 0 });
});

Deno.test("sendAll() gets past the very first message, at which the broker just hangs up, when its time is up", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("too much for it", "good", "good");
  const lost = Array.from({ length: 4 }, () => killing());
  const arrived: string[] = [];
  await using broker = await ScriptedBroker.start(...lost, taking(2, arrived));
  const { sent, failed } = await stage.send([broker.endpoint], {
    retryForMs: 5000,
  });
  assert.deepEqual({ sent, failed }, { sent: 2, failed: 1 });
  assert.deepEqual(arrived, names.slice(1));
});

Deno.test("sendAll() takes its time once, not for each message, when nothing gets through", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("1", "2", "3", "4");
  // Until the next pause would be too long; and one for the second message.
  const lost = Array.from({ length: 7 + 1 }, () => killing());
  await using broker = await ScriptedBroker.start(...lost);
  const clock = new InstantClock();
  await assert.rejects(
    stage.send([broker.endpoint], { clock, retryForMs: 60_000 }),
    { code: "CONNECTION_LOST" },
  );
  assert.deepEqual(clock.slept, [1000, 2000, 4000, 8000, 16_000]);
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
});
