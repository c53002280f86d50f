import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import type { Clock } from "../../../../lib/stomp/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { InstantClock } from "../../../kit/clocks.ts";
import { testWith } from "../../../peers/parts.ts";
import { plainEnvelope, RunningReceiver } from "../../../kit/receiving.ts";
import {
  acks,
  deliver,
  delivering,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";
import { mountSmall } from "../../../kit/disk/small_disk.ts";

Deno.test("receive() keeps a message that it cannot store on the broker, and stores it once it can", async () => {
  await using stage = await Stage.open();
  const incoming = await stage.delivery("incoming");
  const path = `${stage.dir}/incoming`;
  await Deno.rename(path, `${path}.away`);
  await Deno.writeTextFile(path, "in the way");
  const storeClock = new InstantClock((count) => {
    if (count !== 3) return;
    Deno.removeSync(path);
    Deno.renameSync(`${path}.away`, path);
  });
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, [{ body: "one", id: "1" }, { body: "two", id: "2" }]);
    assert.deepEqual(await acks(peer, 2), ["ack-0", "ack-1"]);
    assert.ok(storeClock.slept.length >= 3);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    incoming,
    storeClock,
  });
  assert.deepEqual(await receiver.until(2), ["incoming", "incoming"]);
  await receiver.stop();
  const delivered = await stage.delivered("incoming");
  assert.deepEqual(delivered.map(({ body }) => body), ["one", "two"]);
  assert.match(
    stage.complaints.find((line) => line.startsWith("ERROR"))!,
    /^ERROR Failed to read or write file: Cannot \S/,
  );
});

Deno.test("receive() does not reject a message for a fault of the machine", async () => {
  await using stage = await Stage.open();
  let attempts = 0;
  const envelope = {
    open: (payload: Uint8Array) =>
      ++attempts < 3
        ? Promise.reject(new SsmError("TRUST", "Cannot read CA directory"))
        : plainEnvelope.open(payload),
  };
  await using broker = await ScriptedBroker.start(delivering("record"));
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
    storeClock: new InstantClock(),
  });
  assert.deepEqual(await receiver.until(1), ["incoming"]);
  await receiver.stop();
});

Deno.test("receive() keeps its connection alive while it cannot store", async () => {
  await using stage = await Stage.open();
  const incoming = await stage.delivery("incoming");
  const path = `${stage.dir}/incoming`;
  await Deno.rename(path, `${path}.away`);
  const { promise: mended, resolve: mend } = Promise.withResolvers<void>();
  // The pause between two attempts lasts until the disk is mended.
  const storeClock: Clock = {
    now: () => 0,
    date: () => new Date(),
    after: (_, callback) => {
      mended.then(callback);
      return () => {};
    },
  };
  await using broker = await ScriptedBroker.start(async (peer) => {
    const decoder = new TextDecoder();
    const reader = peer.socket.readable.getReader();
    const read = async () => {
      const { value } = await reader.read();
      assert.ok(value, "the client has hung up");
      return decoder.decode(value);
    };
    const until = async (command: string) => {
      let heard = "";
      while (!heard.includes(`${command}\n`)) heard += await read();
      return heard;
    };
    await until("CONNECT");
    await peer.send("CONNECTED\nversion:1.2\nheart-beat:0,10\n\n\0");
    await until("SUBSCRIBE");
    await deliver(peer, [{ body: "record", id: "1" }]);
    for (let beats = 0; beats < 5;) if (await read() === "\n") beats++;
    await Deno.rename(`${path}.away`, path);
    mend();
    const rest = await until("DISCONNECT");
    assert.match(rest, /^\n*ACK\n/);
    const receipt = /receipt:(.*)/.exec(rest)![1]!;
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
  });
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { heartBeat: { sendMs: 10, receiveMs: 0 } }),
  ], { incoming, storeClock });
  assert.deepEqual(await receiver.until(1), ["incoming"]);
  await receiver.stop();
});

Deno.test("receive() leaves to the broker, when it is stopped, what it cannot store", async () => {
  await using stage = await Stage.open();
  const incoming = await stage.delivery("incoming");
  await Deno.remove(`${stage.dir}/incoming`, { recursive: true });
  await using broker = await TestBroker.start();
  const address = endpoint(broker.port);
  await using sender = await address.connect(stage.signal);
  await sender.send(QUEUE, bytes("record"), {
    headers: { "empa-id": "1" },
    receipt: true,
  });
  const { promise: failed, resolve } = Promise.withResolvers<void>();
  const storeClock: Clock = {
    now: () => 0,
    date: () => new Date(),
    after: () => {
      resolve();
      return () => {};
    },
  };
  const helpless = await RunningReceiver.start(stage, [address], {
    incoming,
    storeClock,
    stopGraceMs: 3_600_000,
  });
  await failed;
  await helpless.stop();
  assert.deepEqual(await helpless.until(1), ["left"]);
  assert.equal(
    stage.complaints.at(-1),
    "WARNING Message 1 stays on the broker.",
  );
  assert.equal(broker.broker.stats().queued, 1);
  const receiver = await RunningReceiver.start(stage, [address]);
  assert.deepEqual(await receiver.until(1), ["incoming"]);
  await receiver.stop();
  assert.equal(broker.broker.stats().queued, 0);
});

const FAULTS = [
  ["a full disk", "size=64k", "size=10m", /no space left/i],
  ["a read-only disk", "ro", "rw", /read-only/i],
] as const;

for (const [fault, bad, good, words] of FAULTS) {
  testWith(["root"], `receive() sits out ${fault}`, async () => {
    await using stage = await Stage.open();
    const disk = `${stage.dir}/incoming`;
    await using mounted = await mountSmall(disk, "size=10m");
    const incoming = await stage.delivery("incoming");
    await mounted.remount(bad);
    let mending: Promise<void> | undefined;
    const storeClock: Clock = {
      now: () => 0,
      date: () => new Date(),
      after: (_, callback) => {
        mending ??= mounted.remount(good);
        mending.then(callback);
        return () => {};
      },
    };
    await using broker = await ScriptedBroker.start(
      delivering("x".repeat(200_000)),
    );
    const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
      incoming,
      storeClock,
    });
    assert.deepEqual(await receiver.until(1), ["incoming"]);
    await receiver.stop();
    assert.match(stage.complaints.join("\n"), words);
    const [delivered, ...more] = await stage.delivered("incoming");
    assert.equal(delivered!["body"], "x".repeat(200_000));
    assert.deepEqual(more, []);
  });
}
