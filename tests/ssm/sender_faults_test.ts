import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { FakeClock } from "../helpers/fake_clock.ts";
import type { Peer, Script } from "../stomp/peer.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  takeMessages,
} from "./scripted_broker.ts";
import { endpoint, Stage } from "./stage.ts";

/** Takes so many messages without a word; returns their ids. */
async function swallow(peer: Peer, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await peer.expect("SEND"))["empa-id"]!);
  return ids;
}

/** Confirms so many messages, and notes them. */
function taking(count: number, arrived: string[] = []): Script {
  return async (peer) => {
    await peer.welcome();
    arrived.push(...await takeMessages(peer, count));
    await sayGoodbye(peer);
  };
}

/** Hangs up when a message comes, having said something or nothing. */
function killing(lastWords = ""): Script {
  return async (peer) => {
    await peer.welcome();
    await peer.expect("SEND");
    await peer.send(lastWords);
  };
}

/** Waits until that file is gone. */
async function isRemoved(path: string): Promise<void> {
  using watcher = Deno.watchFs(dirname(path));
  for (;;) {
    const names = Array.from(
      Deno.readDirSync(dirname(path)),
      ({ name }) => name,
    );
    if (!names.includes(basename(path))) return;
    await watcher[Symbol.asyncIterator]().next();
  }
}

const ERROR = "ERROR\nmessage:not wanted\n\n\0";

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
  const clock = new FakeClock();
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
  const clock = new FakeClock();
  await using broker = await ScriptedBroker.start(
    killing(),
    killing(),
    killing(),
    taking(1),
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
  const { sent, failed } = await stage.send([broker.endpoint]);
  assert.deepEqual({ sent, failed }, { sent: 2, failed: 1 });
  assert.deepEqual(await stage.left(), { elements: [names[1]], locks: [] });
});

for (const window of [1, 4]) {
  Deno.test(`sendAll() gives up when the broker always hangs up, with a window of ${window}`, async () => {
    await using stage = await Stage.open();
    const names = await stage.put("1", "2", "3", "4", "5", "6", "7");
    const scripts = Array.from({ length: 6 }, () => killing());
    await using broker = await ScriptedBroker.start(...scripts);
    await assert.rejects(stage.send([broker.endpoint], { window }), {
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

Deno.test("sendAll() finishes what is under way when it is stopped, and leaves the rest", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four", "five");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const ids = await swallow(peer, 2);
    stage.stop();
    for (const receipt of ids) await confirm(peer, { receipt });
    await sayGoodbye(peer);
  });
  await assert.rejects(stage.send([broker.endpoint], { window: 2 }), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: names.slice(2), locks: [] });
});

Deno.test("sendAll() removes what is confirmed, whatever becomes of the others", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const [one, two] = await swallow(peer, 2);
    stage.stop();
    await confirm(peer, { receipt: two! });
    // Its place in the window goes to the third, which sees that it is over.
    await isRemoved(`${stage.outgoingDir}/${two}`);
    await confirm(peer, { receipt: one! });
    await sayGoodbye(peer);
  });
  await assert.rejects(stage.send([broker.endpoint], { window: 2 }), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: names.slice(2), locks: [] });
});

Deno.test("sendAll() does not reconnect after it was stopped; what is unconfirmed stays", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await swallow(peer, 2);
    stage.stop();
  });
  await assert.rejects(stage.send([broker.endpoint], { window: 2 }), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
});

Deno.test("sendAll() counts as done when it was stopped with nothing left to do", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const [receipt] = await swallow(peer, 1);
    stage.stop();
    await confirm(peer, { receipt: receipt! });
    await sayGoodbye(peer);
  });
  assert.equal((await stage.send([broker.endpoint])).sent, 1);
});

Deno.test("sendAll() stops while it waits for a broker", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    // Hangs before CONNECTED until the client gives up.
    await peer.expect("CONNECT");
    stage.stop();
    await peer.expectEnd();
  });
  const hanging = endpoint(broker.port, { connectTimeoutMs: 20 });
  await assert.rejects(stage.send([hanging]), { code: "ABORTED" });
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
});

Deno.test("Ssm2OutgoingCarrier closes a connection that comes after it was stopped", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.expect("CONNECT");
    stage.stop();
    await peer.send("CONNECTED\nversion:1.2\n\n\0");
    await peer.expectEnd();
  });
  await assert.rejects(stage.send([broker.endpoint]), { code: "ABORTED" });
});
