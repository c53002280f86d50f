import assert from "node:assert/strict";
import { SsmError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/stomp/mod.ts";
import { TestBroker } from "../broker/harness.ts";
import { FakeClock } from "../helpers/fake_clock.ts";
import { freePort } from "../helpers/free_port.ts";
import { testWith } from "../helpers/parts.ts";
import type { Peer, Script } from "../stomp/peer.ts";
import { GatedEnvelope, plainEnvelope, RunningReceiver } from "./receiving.ts";
import {
  acks,
  deliver,
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
} from "./scripted_broker.ts";
import { bytes, endpoint, QUEUE, Stage } from "./stage.ts";

/** Lets somebody subscribe. */
async function subscribed(peer: Peer): Promise<void> {
  await peer.welcome();
  await peer.expect("SUBSCRIBE");
}

/** Lets somebody subscribe, says something or nothing, and hangs up. */
function hangingUp(lastWords = ""): Script {
  return async (peer) => {
    await subscribed(peer);
    await peer.send(lastWords);
  };
}

/** Delivers one message, and says goodbye. */
function delivering(body: string): Script {
  return async (peer) => {
    await subscribed(peer);
    await deliver(peer, [{ body, id: "the id" }]);
    await acks(peer, 1);
    await sayGoodbye(peer);
  };
}

/** Waits take no time, and are told of beforehand. */
class ToldClock extends FakeClock {
  readonly #onWait: (count: number) => void;
  #waits = 0;
  #skipped = 0;

  constructor(onWait: (count: number) => void) {
    super();
    this.#onWait = onWait;
  }

  override now(): number {
    return super.now() + this.#skipped;
  }

  override after(ms: number, callback: () => void): () => void {
    this.#onWait(++this.#waits);
    return super.after(ms, callback);
  }

  /** Lets time pass. */
  skip(ms: number): void {
    this.#skipped += ms;
  }
}

/** A short grace, to tell it from the waits between connections. */
const stopGraceMs = 1;

/** The waits between connections. */
function pauses(clock: FakeClock): number[] {
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
  const clock = new FakeClock();
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
  const clock = new ToldClock(() => {});
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
  const clock = new ToldClock((count) => {
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
  ], { connectClock: new FakeClock(), stopGraceMs });
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
    hangingUp("MESSAGE\nno colon\n\n\0"),
    hangingUp(`MESSAGE\nempa-id:${long}\n\n\0`),
    hangingUp(messageFrame(long, { "message-id": "1", ack: "1" })),
    hangingUp("MESSAGE\nempa-id:\\t\n\n\0"),
    hangingUp("MESSAGE\ncontent-length:3\n\nabcdef\0"),
    hangingUp("WHAT\n\n\0"),
    hangingUp("MESSAGE\nsubscription:1\nmessage-id:2\nack:2\n\ncut off"),
    delivering("record"),
  );
  const limits = { maxHeaderBytes: 1000, maxBodyBytes: 1000 };
  const receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port, { limits }),
  ], { connectClock: new FakeClock(), stopGraceMs });
  assert.deepEqual(await receiver.until(1), ["incoming"]);
  await receiver.stop();
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body }) => body), ["record"]);
});

Deno.test("receive() keeps a message that it cannot store on the broker, and stores it once it can", async () => {
  await using stage = await Stage.open();
  const incoming = await stage.delivery("incoming");
  const path = `${stage.dir}/incoming`;
  await Deno.rename(path, `${path}.away`);
  await Deno.writeTextFile(path, "in the way");
  const storeClock = new ToldClock((count) => {
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
    stage.complaints[0]!,
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
    storeClock: new FakeClock(),
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
    after: () => {
      resolve();
      return () => {};
    },
  };
  const helpless = await RunningReceiver.start(stage, [address], {
    incoming,
    storeClock,
  });
  await failed;
  await helpless.stop();
  assert.deepEqual(await helpless.until(1), ["left on the broker"]);
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

/** Runs `mount` or `umount`, which must succeed. */
async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const FAULTS = [
  ["a full disk", "size=64k", "size=10m", /no space left/i],
  ["a read-only disk", "ro", "rw", /read-only/i],
] as const;

for (const [fault, bad, good, words] of FAULTS) {
  testWith(["root"], `receive() sits out ${fault}`, async () => {
    await using stage = await Stage.open();
    const disk = `${stage.dir}/incoming`;
    await Deno.mkdir(disk);
    await run("mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", disk);
    try {
      const incoming = await stage.delivery("incoming");
      await run("mount", "-o", `remount,${bad}`, disk);
      let mending: Promise<void> | undefined;
      const storeClock: Clock = {
        now: () => 0,
        after: (_, callback) => {
          mending ??= run("mount", "-o", `remount,${good}`, disk);
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
    } finally {
      await run("umount", disk);
    }
  });
}
