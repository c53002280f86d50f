import assert from "node:assert/strict";
import { bytes, text } from "../../../kit/text.ts";
import { confirmSend, confirmSubscribe, inTurn, message } from "../in_turn.ts";
import type { Peer } from "../../../kit/net/scripted_peer.ts";

Deno.test("ReconnectingClient restores its subscriptions in order before it sends", async () => {
  const serve = async (peer: Peer) => {
    await peer.welcome();
    const { destination, id, receipt: _, ...first } = await confirmSubscribe(
      peer,
    );
    assert.deepEqual({ destination, id, selector: first["selector"] }, {
      destination: "/queue/a",
      id: "1",
      selector: "x",
    });
    assert.equal((await confirmSubscribe(peer))["id"], "mine");
  };
  await using it = inTurn([
    serve,
    async (peer) => {
      await serve(peer);
      await confirmSend(peer);
      await peer.send(message("m", "hello"));
      assert.equal((await peer.expect("ACK"))["id"], "m");
    },
  ]);
  const loop = it.client.subscribe("/queue/a", { headers: { selector: "x" } });
  it.client.subscribe("/queue/b", { id: "mine" });
  await loop.ready;
  for await (const { state } of it.client.states()) {
    if (state === "lost") break;
  }
  await it.client.send("/queue/c", bytes("1"));
  for await (const received of loop) {
    assert.equal(text(received.body), "hello");
    await received.ack();
    break;
  }
});

Deno.test("ReconnectingClient.subscribe() goes on in the same loop after a loss", async () => {
  const serve = (id: string) => async (peer: Peer) => {
    await peer.welcome();
    await confirmSubscribe(peer);
    await peer.send(message(id, id));
    await peer.expect("ACK");
  };
  await using it = inTurn([serve("one"), serve("two"), serve("three")]);
  const seen: string[] = [];
  for await (const received of it.client.subscribe("/queue/a")) {
    seen.push(received.messageId);
    await received.ack();
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, ["one", "two", "three"]);
});

Deno.test("ReconnectingClient fails the acknowledgement of a message whose connection is lost", async () => {
  const over = Promise.withResolvers<void>();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("m", "x"));
      await over.promise;
    },
  ], { retryForMs: 0 });
  for await (const received of it.client.subscribe("/queue/a")) {
    over.resolve();
    for await (const { state } of it.client.states()) {
      if (state === "lost") break;
    }
    await assert.rejects(received.ack(), { code: "CONNECTION_LOST" });
    break;
  }
});

Deno.test("ReconnectingClient.subscribe() fails when the broker refuses it, and the client lives on", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      const { receipt } = await peer.expect("SUBSCRIBE");
      await peer.send(`ERROR\nreceipt-id:${receipt}\nmessage:not yours\n\n\0`);
      await confirmSend(peer);
    },
  ]);
  const loop = it.client.subscribe("/queue/a");
  await assert.rejects(loop.ready, { code: "STOMP_ERROR" });
  await assert.rejects(Array.fromAsync(loop), { code: "STOMP_ERROR" });
  await it.client.send("/queue/a", bytes("1"));
});

Deno.test("ReconnectingClient.subscribe() is given up when it costs every connection", async () => {
  const drop = async (peer: Peer) => {
    await peer.welcome();
    await peer.expect("SUBSCRIBE");
    await peer.send("ERROR\nmessage:not yours\n\n\0");
  };
  await using it = inTurn([
    drop,
    drop,
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
    },
  ], { maxLosses: 2 });
  const loop = it.client.subscribe("/queue/a");
  await assert.rejects(Array.fromAsync(loop), { code: "STOMP_ERROR" });
  await it.client.send("/queue/a", bytes("1"));
});

Deno.test("LastingSubscription.unsubscribe() ends the loop, and nothing is restored", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      assert.deepEqual(await peer.expect("UNSUBSCRIBE"), { id: "1" });
    },
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
    },
  ]);
  const loop = it.client.subscribe("/queue/a");
  await loop.ready;
  const messages = Array.fromAsync(loop);
  await loop.unsubscribe();
  assert.deepEqual(await messages, []);
  await it.client.send("/queue/a", bytes("1"));
});

Deno.test("ReconnectingClient.subscribe() refuses an id in use", async () => {
  await using it = inTurn([]);
  it.client.subscribe("/queue/a", { id: "1" });
  assert.throws(
    () => it.client.subscribe("/queue/b", { id: "1" }),
    new TypeError('The subscription "1" exists already'),
  );
  assert.equal(it.client.subscribe("/queue/b").id, "2");
});

Deno.test("LastingSubscription hands out messages that come before the broker has confirmed it", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      const { receipt } = await peer.expect("SUBSCRIBE");
      await peer.send(message("early", "x"));
      await peer.expect("ACK");
      await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    },
  ]);
  const loop = it.client.subscribe("/queue/a");
  for await (const received of loop) {
    assert.equal(received.messageId, "early");
    assert.equal(it.client.state, "connecting");
    await received.ack();
    break;
  }
  await loop.ready;
});

Deno.test("LastingSubscription goes on though a connection ends while it is being made", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.expect("CONNECT");
      // Before the SUBSCRIBE can have left.
      await peer.send("CONNECTED\nversion:1.2\n\n\0garbage\n\n\0");
      await peer.expectEnd().catch(() => {});
    },
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await peer.send(message("m", "x"));
    },
  ]);
  for await (const { messageId } of it.client.subscribe("/queue/a")) {
    assert.equal(messageId, "m");
    break;
  }
});
