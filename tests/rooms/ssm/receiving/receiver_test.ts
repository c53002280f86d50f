import assert from "node:assert/strict";
import type { SignedSpool } from "../../../../lib/spool/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import {
  GatedEnvelope,
  plainEnvelope,
  RunningReceiver,
} from "../../../kit/receiving.ts";
import {
  acks,
  deliver,
  deliveringAll,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";

Deno.test("receive() subscribes to be asked for each message, and for no more than it wants", async () => {
  await using stage = await Stage.open();
  let headers: Record<string, string> = {};
  const { promise: subscribed, resolve } = Promise.withResolvers<void>();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    headers = await peer.expect("SUBSCRIBE");
    resolve();
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    prefetch: 7,
  });
  await subscribed;
  await receiver.stop();
  assert.equal(headers["destination"], QUEUE);
  assert.equal(headers["ack"], "client-individual");
  assert.equal(headers["activemq.prefetchSize"], "7");
  assert.equal(headers["prefetch-count"], "7");
});

Deno.test("receive() writes body, signer and empaid, and says what the Python receiver says", async () => {
  const every = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
  await using stage = await Stage.open();
  await using broker = await TestBroker.start();
  const receiver = await RunningReceiver.start(stage, [endpoint(broker.port)]);
  await using sender = await endpoint(broker.port).connect(stage.signal);
  await sender.send(QUEUE, every, {
    headers: { "empa-id": "6b001084/6b00108f8b1b7c" },
  });
  await receiver.until(1);
  await receiver.stop();
  assert.deepEqual(await stage.delivered("incoming"), [{
    body: text(every),
    signer: "/CN=anybody",
    empaid: "6b001084/6b00108f8b1b7c",
  }]);
  const name = /as (.*)$/.exec(stage.lines.at(-1)!)?.[1];
  assert.deepEqual(
    await Deno.readFile(`${stage.dir}/incoming/${name}/body`),
    every,
  );
  assert.deepEqual(stage.lines, [
    "INFO Connected.",
    `INFO Subscribing to: ${QUEUE}`,
    "INFO Received message. ID = 6b001084/6b00108f8b1b7c",
    "INFO Valid signer: /CN=anybody",
    `INFO Message saved to incoming queue as ${name}`,
  ]);
  assert.equal(broker.broker.stats().queued, 0);
});

Deno.test("receive() acknowledges a message only once it is on disk", async () => {
  await using stage = await Stage.open();
  const envelope = new GatedEnvelope();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, [{ body: "record", id: "r" }, {
      body: "",
      id: "ping",
    }]);
    // A ping is acknowledged at once: had the record been, its ACK came first.
    assert.deepEqual(await acks(peer, 1), ["ack-1"]);
    assert.deepEqual(await stage.delivered("incoming"), []);
    envelope.release("record");
    assert.deepEqual(await acks(peer, 1), ["ack-0"]);
    assert.equal((await stage.delivered("incoming")).length, 1);
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
  });
  await receiver.until(1);
  await receiver.stop();
  assert.ok(stage.lines.includes("INFO Received ping message."));
  assert.deepEqual(await stage.delivered("reject"), []);
});

Deno.test("receive() keeps the order of arrival, whichever message is opened first", async () => {
  await using stage = await Stage.open();
  const envelope = new GatedEnvelope();
  const bodies = ["a", "b", "c", "d", "e"];
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, bodies.map((body) => ({ body, id: body })));
    for (const body of bodies) await envelope.arrival(body);
    for (const body of bodies.toReversed()) envelope.release(body);
    assert.deepEqual(
      await acks(peer, 5),
      bodies.map((_, index) => `ack-${index}`),
    );
    await sayGoodbye(peer);
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
    concurrency: 5,
  });
  await receiver.until(5);
  await receiver.stop();
  const delivered = await stage.delivered("incoming");
  assert.deepEqual(delivered.map(({ body }) => body), bodies);
  assert.deepEqual(receiver.filed.map(({ id }) => id), bodies);
});

Deno.test("receive() commits messages side by side, and still acknowledges them in order", async () => {
  await using stage = await Stage.open();
  const spool = await stage.delivery("incoming");
  const { promise: overtaken, resolve } = Promise.withResolvers<void>();
  const incoming: SignedSpool = {
    tidy: () => spool.tidy(),
    doubt: (message) => spool.doubt(message),
    prepare: async (message) => {
      const prepared = await spool.prepare(message);
      assert.ok(prepared);
      const isFirst = message.fields["empaid"] === "1";
      return {
        discard: () => prepared.discard(),
        commit: async () => {
          if (isFirst) await overtaken;
          const name = await prepared.commit();
          if (!isFirst) resolve();
          return name;
        },
      };
    },
  };
  await using broker = await ScriptedBroker.start(
    deliveringAll([{ body: "one", id: "1" }, { body: "two", id: "2" }]),
  );
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    incoming,
  });
  await receiver.until(2);
  await receiver.stop();
});

Deno.test("receive() works on no more than `concurrency` messages at a time, however many the broker sends", async () => {
  await using stage = await Stage.open();
  let atOnce = 0;
  let most = 0;
  const envelope = {
    open: async (payload: Uint8Array) => {
      most = Math.max(most, ++atOnce);
      // A turn of the event loop, in which others could begin.
      await new Promise((resolve) => setTimeout(resolve));
      atOnce--;
      return await plainEnvelope.open(payload);
    },
  };
  const messages = Array.from({ length: 40 }, (_, index) => ({
    body: `${index}`,
    id: `${index}`,
  }));
  await using broker = await ScriptedBroker.start(deliveringAll(messages));
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
    concurrency: 3,
    prefetch: 2,
  });
  await receiver.until(40);
  await receiver.stop();
  assert.equal(most, 3);
  const delivered = await stage.delivered("incoming");
  assert.deepEqual(
    delivered.map(({ body }) => body),
    messages.map(({ body }) => body),
  );
});

Deno.test("receive() keeps a message in reject when opening it fails unexpectedly, and goes on", async () => {
  await using stage = await Stage.open();
  const envelope = {
    open: (payload: Uint8Array) =>
      text(payload) === "bad"
        ? Promise.reject(new RangeError("Invalid array length"))
        : plainEnvelope.open(payload),
  };
  await using broker = await ScriptedBroker.start(
    deliveringAll([{ body: "bad", id: "a" }, { body: "good", id: "b" }]),
  );
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
  });
  assert.deepEqual(await receiver.until(2), ["reject", "incoming"]);
  await receiver.stop();
  assert.deepEqual(await stage.delivered("reject"), [{
    body: "bad",
    signer: "Not available.",
    empaid: "a",
    error: "Internal error: Invalid array length",
  }]);
});

Deno.test("receive() shares a queue with another receiver, and nothing is lost or doubled", async () => {
  await using one = await Stage.open();
  await using other = await Stage.open();
  await using broker = await TestBroker.start();
  const address = endpoint(broker.port);
  await using sender = await address.connect(one.signal);
  const send = (body: string) =>
    sender.send(QUEUE, bytes(body), {
      headers: { "empa-id": body },
      receipt: true,
    });
  const envelope = new GatedEnvelope();
  await using first = await RunningReceiver.start(one, [address], {
    envelope,
    prefetch: 1,
  });
  await send("held");
  await envelope.arrival("held");
  // The first has its hands full: the second takes the rest.
  await using second = await RunningReceiver.start(other, [address]);
  const bodies = Array.from({ length: 30 }, (_, index) => `record ${index}`);
  await Promise.all(bodies.map(send));
  await second.until(30);
  envelope.release("held");
  await first.until(1);
  await first.stop();
  await second.stop();
  const held = await one.delivered("incoming");
  assert.deepEqual(held.map(({ body }) => body), ["held"]);
  const rest = await other.delivered("incoming");
  assert.deepEqual(rest.map(({ body }) => body), bodies);
  assert.equal(broker.broker.stats().queued, 0);
});

Deno.test("receive() finishes the messages at hand when it is stopped, and acknowledges them before it leaves", async () => {
  await using stage = await Stage.open();
  const envelope = new GatedEnvelope();
  await using broker = await ScriptedBroker.start(
    deliveringAll([{ body: "one", id: "1" }, { body: "two", id: "2" }]),
  );
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
  });
  await envelope.arrival("one");
  await envelope.arrival("two");
  const stopping = receiver.stop();
  envelope.release("one", "two");
  await stopping;
  assert.equal((await stage.delivered("incoming")).length, 2);
  assert.deepEqual(stage.complaints, []);
});

Deno.test("receive() does not wait for ever for a message at hand when it is stopped", async () => {
  await using stage = await Stage.open();
  const envelope = new GatedEnvelope();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await subscribed(peer);
    await deliver(peer, [{ body: "slow", id: "1" }]);
    await sayGoodbye(peer);
    await peer.expectEnd();
    envelope.release("slow");
  });
  const receiver = await RunningReceiver.start(stage, [broker.endpoint], {
    envelope,
    stopGraceMs: 10,
  });
  await envelope.arrival("slow");
  await receiver.stop();
  // On disk, though the broker does not know: it will come again, and be known.
  assert.deepEqual(receiver.filed.map(({ outcome }) => outcome), [
    "incoming",
  ]);
  assert.match(
    stage.complaints[0]!,
    /^WARNING Message 1 could not be acknowledged: /,
  );
});

Deno.test("receive() leaves nothing behind on its signal, however many messages come", async () => {
  await using stage = await Stage.open();
  await using broker = await TestBroker.start();
  await using receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port),
  ]);
  let added = 0;
  let removed = 0;
  const { signal } = receiver;
  signal.addEventListener = (
    ...args: Parameters<EventTarget["addEventListener"]>
  ) => {
    added++;
    EventTarget.prototype.addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (
    ...args: Parameters<EventTarget["removeEventListener"]>
  ) => {
    removed++;
    EventTarget.prototype.removeEventListener.apply(signal, args);
  };
  await using sender = await endpoint(broker.port).connect(stage.signal);
  for (let i = 0; i < 50; i++) {
    const headers = { "empa-id": `${i}` };
    await sender.send(QUEUE, bytes(`${i}`), { headers });
  }
  await receiver.until(50);
  assert.ok(added >= 50, `${added} added`);
  assert.ok(
    Math.abs(added - removed) <= 1,
    `${added} added, ${removed} removed`,
  );
});
