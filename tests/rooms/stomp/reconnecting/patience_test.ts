import assert from "node:assert/strict";
import { makeFrame, type StateChange } from "../../../../lib/stomp/mod.ts";
import { bytes } from "../../../kit/text.ts";
import {
  confirmGoodbye,
  confirmSend,
  confirmSubscribe,
  inTurn,
  message,
} from "../in_turn.ts";
import type { Peer } from "../../../kit/net/scripted_peer.ts";

Deno.test("ReconnectingClient.send() blames a message at once while others get through, and no message before the time is up", async () => {
  const firstOnly = async (peer: Peer) => {
    await peer.welcome();
    assert.equal((await peer.expect("SEND"))["n"], "bad");
  };
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await peer.expect("SEND");
      await peer.expect("SEND");
    },
    async (peer) => {
      await peer.welcome();
      assert.equal((await confirmSend(peer))["n"], "good");
      assert.equal((await peer.expect("SEND"))["n"], "bad");
    },
    firstOnly,
    async (peer) => {
      await peer.welcome();
      assert.equal((await confirmSend(peer))["n"], "last");
      await confirmGoodbye(peer);
    },
  ], { maxLosses: 2, retryForMs: 3_600_000 });
  const send = (n: string) =>
    it.client.send("/queue/a", bytes(n), { headers: { n } });
  const good = send("good");
  const refused = assert.rejects(send("bad"), { code: "CONNECTION_LOST" });
  await good;
  await refused;
  await send("last");
  await it.client.disconnect();
});

Deno.test("ReconnectingClient.send() does not give up a message for which there is time, however many connections it costs", async () => {
  const drop = async (peer: Peer) => {
    await peer.welcome();
    await peer.expect("SEND");
  };
  await using it = inTurn([
    ...Array.from({ length: 6 }, () => drop),
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
      await confirmGoodbye(peer);
    },
  ], { maxLosses: 2, retryForMs: 3_600_000 });
  await it.client.send("/queue/a", bytes("1"));
  await it.client.disconnect();
});

Deno.test("ReconnectingClient makes no pause after connections over which something is confirmed or acknowledged", async () => {
  const sending = async (peer: Peer) => {
    await peer.welcome();
    await confirmSend(peer);
    await peer.expect("SEND");
  };
  let acknowledged = 0;
  const all = Promise.withResolvers<void>();
  const delivering = async (peer: Peer) => {
    await peer.welcome();
    await confirmSubscribe(peer);
    await peer.send(message("m", "x"));
    await peer.expect("ACK");
    if (++acknowledged === 6) all.resolve();
  };
  const pauses = (states: readonly StateChange[]) =>
    states.flatMap(({ waitMs }) => waitMs ?? []);
  const patience = { firstPauseMs: 3_600_000, maxPauseMs: 3_600_000 };
  {
    await using it = inTurn([
      ...Array.from({ length: 6 }, () => sending),
      async (peer) => {
        await peer.welcome();
        await confirmSend(peer);
      },
    ], patience);
    for (let n = 0; n < 7; n++) await it.client.send("/queue/a", bytes("1"));
    assert.deepEqual(pauses(it.states).slice(0, 7), Array(7).fill(0));
  }
  await using it = inTurn(
    Array.from({ length: 6 }, () => delivering),
    patience,
  );
  it.client.consume("/queue/a", () => {});
  await all.promise;
  assert.deepEqual(pauses(it.states).slice(0, 6), Array(6).fill(0));
});

Deno.test("ReconnectingClient gives up, with the last reason, when connection after connection comes to nothing", async () => {
  const drop = async (peer: Peer) => {
    await peer.welcome();
    await peer.expect("SEND");
  };
  await using it = inTurn(Array.from({ length: 3 }, () => drop), {
    retryForMs: 0,
  });
  const failures = await Promise.allSettled([
    it.client.send("/queue/a", bytes("1")),
    it.client.send("/queue/a", bytes("2")),
  ]);
  // The first may be the reason: it is given up, and the second gets one try.
  assert.deepEqual(
    failures.map((outcome) =>
      outcome.status === "rejected" && outcome.reason.message
    ).map((words) => /nothing on 3 connections in a row/.test(words)),
    [false, true],
  );
});

Deno.test("ReconnectingClient connects when needed: not for a subscription alone, and not after a loss with nothing to do", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await confirmSend(peer);
    },
    async (peer) => {
      await peer.welcome();
      await confirmSubscribe(peer);
      await confirmSend(peer);
      await confirmGoodbye(peer);
    },
  ], { connect: "needed" });
  it.client.subscribe("/queue/answers");
  await Promise.resolve();
  assert.deepEqual(it.states, []);
  const lost = (async () => {
    for await (const { state } of it.client.states()) {
      if (state === "lost") return;
    }
  })();
  await it.client.send("/queue/a", bytes("1"));
  await lost;
  assert.equal(it.client.state, "lost");
  await it.client.send("/queue/a", bytes("2"));
  await it.client.disconnect();
});

Deno.test("ReconnectingClient makes no connection after its signal is aborted, and finishes on the one it has", async () => {
  const stop = new AbortController();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      const { receipt } = await peer.expect("SEND");
      stop.abort();
      await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
      await peer.expect("SEND");
    },
  ], { signal: stop.signal });
  await it.client.send("/queue/a", bytes("1"));
  await assert.rejects(it.client.send("/queue/a", bytes("2")), {
    code: "ABORTED",
  });
  assert.equal((await it.client.closed)?.code, "ABORTED");
});

Deno.test("ReconnectingClient.perform() does its work again over another connection, which it is given", async () => {
  const serve = (answer: boolean) => async (peer: Peer) => {
    await peer.welcome();
    const { receipt } = await peer.expect("HELLO");
    if (answer) await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
  };
  await using it = inTurn([serve(false), serve(true)]);
  const over: string[] = [];
  const result = await it.client.perform(async (connection) => {
    over.push(connection.remote);
    await connection.sendFrame(makeFrame("HELLO", { receipt: "r" }));
    return over.length;
  });
  assert.equal(result, 2);
  assert.equal(new Set(over).size, 2);
});

Deno.test("ReconnectingClient.disconnect() does not wait for long for the answer to its goodbye when all is confirmed", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
      await peer.expect("DISCONNECT");
      await peer.expectEnd();
    },
  ]);
  await it.client.send("/queue/a", bytes("1"));
  assert.equal(
    await it.client.disconnect({ timeoutMs: 3_600_000, goodbyeMs: 1 }),
    false,
  );
  assert.equal(await it.client.closed, undefined);
});
