import assert from "node:assert/strict";
import { LEAVE, type StompMessage } from "../../../../lib/stomp/mod.ts";
import { bytes, text } from "../../../kit/text.ts";
import {
  confirmGoodbye,
  confirmSubscribe,
  inTurn,
  message,
} from "../in_turn.ts";

Deno.test("ReconnectingClient.consume() confirms what the handler takes and gives back the rest", async () => {
  const settled = Promise.withResolvers<void>();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      for (const id of ["taken", "refused", "thrown", "rejected", "true"]) {
        await peer.send(message(id, id));
      }
      assert.deepEqual(await peer.expect("ACK"), { id: "taken" });
      assert.deepEqual(await peer.expect("NACK"), { id: "refused" });
      assert.deepEqual(await peer.expect("NACK"), { id: "thrown" });
      assert.deepEqual(await peer.expect("NACK"), { id: "rejected" });
      assert.deepEqual(await peer.expect("ACK"), { id: "true" });
      settled.resolve();
    },
  ]);
  const errors: string[] = [];
  it.client.consume("/queue/a", ({ body }) => {
    switch (text(body)) {
      case "refused":
        return false;
      case "thrown":
        throw new Error("no");
      case "rejected":
        return Promise.reject(new Error("never"));
      case "true":
        return true;
    }
  }, {
    onError: (error, { messageId }) => errors.push(`${messageId}: ${error}`),
  });
  await settled.promise;
  assert.deepEqual(errors, ["thrown: Error: no", "rejected: Error: never"]);
});

Deno.test("ReconnectingClient.consume() leaves a message, and asks for another in its place", async () => {
  const settled = Promise.withResolvers<void>();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("1", "left"));
      const { id, ...more } = await peer.expect("SUBSCRIBE");
      assert.notEqual(id, "1");
      assert.equal(more["destination"], "/queue/a");
      assert.equal(more["prefetch-count"], "1");
      await peer.send(message("2", "taken", id));
      assert.deepEqual(await peer.expect("ACK"), { id: "2" });
      settled.resolve();
    },
  ]);
  it.client.consume(
    "/queue/a",
    ({ body }) => text(body) === "left" ? LEAVE : true,
    { prefetch: 1 },
  );
  await settled.promise;
});

Deno.test("ReconnectingClient.consume() hands over a message whose headers cannot all be read, with their number", async () => {
  const confirmed = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<StompMessage>();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      const [head, body] = message("1", "good").split("\n\n");
      await peer.send(
        Uint8Array.of(
          ...bytes(`${head}\nx:caf`),
          0xe9,
          ...bytes(`\n\n${body}`),
        ),
      );
      await peer.expect("ACK");
      confirmed.resolve();
    },
  ]);
  it.client.consume("/queue/a", (message) => taken.resolve(message));
  const { body, headers, trimmed } = await taken.promise;
  await confirmed.promise;
  assert.equal(text(body), "good");
  assert.equal(headers.has("x"), false);
  assert.deepEqual(trimmed, { headers: 1, bodyBytes: 0 });
});

Deno.test("ReconnectingClient.consume() handles as many at a time as it may, one by default", async () => {
  for (const concurrency of [undefined, 1, 3]) {
    const all = Promise.withResolvers<void>();
    await using it = inTurn([
      async (peer) => {
        await peer.welcome();
        await confirmSubscribe(peer);
        for (const id of ["1", "2", "3", "4"]) await peer.send(message(id, id));
        for (let i = 0; i < 4; i++) await peer.expect("ACK");
        all.resolve();
      },
    ]);
    let atWork = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    it.client.consume("/queue/a", async () => {
      most = Math.max(most, ++atWork);
      if (atWork === (concurrency ?? 1)) full.resolve();
      await full.promise;
      atWork--;
    }, { concurrency });
    await all.promise;
    assert.equal(most, concurrency ?? 1);
  }
});

Deno.test("ReconnectingClient.consume() sends no confirmations in mode auto", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      assert.equal((await confirmSubscribe(peer))["ack"], "auto");
      await peer.send(message("1", "x"));
      // The next frame is the goodbye, not an ACK.
      await confirmGoodbye(peer);
    },
  ]);
  const handled = Promise.withResolvers<void>();
  it.client.consume("/queue/a", () => handled.resolve(), { ack: "auto" });
  await handled.promise;
  await it.client.disconnect();
});

Deno.test("ReconnectingClient.disconnect() lets handlers finish and confirms their messages first", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("1", "x") + message("2", "y"));
      assert.deepEqual(await peer.expect("ACK"), { id: "1" });
      // The second was never taken, and goes back.
      await confirmGoodbye(peer);
    },
  ]);
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const consumer = it.client.consume("/queue/a", async () => {
    started.resolve();
    await finish.promise;
  });
  await started.promise;
  const goodbye = it.client.disconnect();
  finish.resolve();
  await goodbye;
  await consumer.done;
});

Deno.test("Consumer.unsubscribe() confirms what is at work before it unsubscribes", async () => {
  const over = Promise.withResolvers<void>();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("1", "x"));
      await peer.expect("ACK");
      await peer.expect("UNSUBSCRIBE");
      over.resolve();
    },
  ]);
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const consumer = it.client.consume("/queue/a", async () => {
    started.resolve();
    await finish.promise;
  });
  await consumer.ready;
  await started.promise;
  const stopped = consumer.unsubscribe();
  finish.resolve();
  await stopped;
  await over.promise;
});

Deno.test("ReconnectingClient.consume() tells of a confirmation that a loss overtook, and goes on", async () => {
  const lost = Promise.withResolvers<void>();
  const again = Promise.withResolvers<void>();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("1", "first"));
    },
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("1", "again"));
      await peer.expect("ACK");
      again.resolve();
    },
  ], { onState: ({ state }) => void (state === "lost" && lost.resolve()) });
  const errors: unknown[] = [];
  it.client.consume("/queue/a", () => lost.promise, {
    onError: (error) => errors.push((error as { code?: string }).code),
  });
  await again.promise;
  assert.deepEqual(errors, ["CONNECTION_LOST"]);
});

Deno.test("ReconnectingClient.consume() fails when the client gives up", async () => {
  await using it = inTurn([], { retryForMs: 0 });
  const consumer = it.client.consume("/queue/a", () => {});
  await assert.rejects(consumer.done, { code: "CONNECT" });
  await assert.rejects(consumer.ready, { code: "CONNECT" });
});

Deno.test("ReconnectingClient.consume() refuses a concurrency that its mode cannot have", async () => {
  await using it = inTurn([]);
  const consume = (options: { concurrency: number; ack?: "client" }) => () =>
    it.client.consume("/queue/a", () => bytes("x"), options);
  assert.throws(consume({ concurrency: 0 }), RangeError);
  assert.throws(consume({ concurrency: 1.5 }), RangeError);
  assert.throws(consume({ concurrency: 2, ack: "client" }), RangeError);
  // Nothing was subscribed to by that.
  assert.equal(it.client.subscribe("/queue/a").id, "1");
});
