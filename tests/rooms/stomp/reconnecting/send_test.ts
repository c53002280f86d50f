import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { makeFrame } from "../../../../lib/stomp/mod.ts";
import { bytes } from "../../../kit/text.ts";
import { confirmGoodbye, confirmSend, inTurn } from "../in_turn.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import type { Peer } from "../../../kit/net/scripted_peer.ts";

Deno.test("ReconnectingClient.send() sends again, in order, what a lost connection left unconfirmed", async () => {
  const seen: (string | undefined)[] = [];
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      seen.push((await confirmSend(peer))["n"]);
      // Two are under way, and their confirmation never comes.
      await peer.expect("SEND");
      await peer.expect("SEND");
    },
    async (peer) => {
      await peer.welcome();
      for (let i = 0; i < 3; i++) seen.push((await confirmSend(peer))["n"]);
      await confirmGoodbye(peer);
    },
  ]);
  const send = (n: string) =>
    it.client.send("/queue/a", bytes(n), { headers: { n } });
  await Promise.all([send("1"), send("2"), send("3"), send("4")]);
  await it.client.disconnect();
  assert.deepEqual(seen, ["1", "2", "3", "4"]);
  const [, , lost] = it.states;
  assert.equal(lost?.state, "lost");
  assert.ok(isSsmError(lost.reason, "CONNECTION_LOST"));
});

Deno.test("ReconnectingClient.send() sends what was under way at a loss one at a time", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await peer.expect("SEND");
      await peer.expect("SEND");
    },
    async (peer) => {
      await peer.welcome();
      const { receipt, n } = await peer.expect("SEND");
      assert.equal(n, "1");
      const connection = await it.client.connection();
      await connection.sendFrame(makeFrame("BEGIN", { transaction: "t" }));
      // Were the second under way, it would come first.
      await peer.expect("BEGIN");
      await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
      assert.equal((await confirmSend(peer))["n"], "2");
    },
  ]);
  const send = (n: string) =>
    it.client.send("/queue/a", bytes(n), { headers: { n } });
  await Promise.all([send("1"), send("2")]);
});

Deno.test("ReconnectingClient.send() gives up the message that costs every connection, not the others", async () => {
  const drop = async (peer: Peer) => {
    await peer.welcome();
    await peer.expect("SEND");
  };
  await using it = inTurn([
    // Both are under way at first, then the one that may be the reason alone.
    drop,
    drop,
    drop,
    async (peer) => {
      await peer.welcome();
      assert.equal((await confirmSend(peer))["n"], "2");
    },
  ], { maxLosses: 2 });
  const first = it.client.send("/queue/a", bytes("1"), { headers: { n: "1" } });
  const refused = assert.rejects(first, { code: "CONNECTION_LOST" });
  await it.client.send("/queue/a", bytes("2"), { headers: { n: "2" } })
    .catch(() => assert.fail("the second was given up"));
  await refused;
});

Deno.test("ReconnectingClient.send() fails for what the broker refuses, and goes on", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      const { receipt } = await peer.expect("SEND");
      await peer.send(`ERROR\nreceipt-id:${receipt}\nmessage:no such\n\n\0`);
      await confirmSend(peer);
    },
  ]);
  await assert.rejects(it.client.send("/queue/none", bytes("1")), {
    code: "STOMP_ERROR",
  });
  await it.client.send("/queue/a", bytes("2"));
});

Deno.test("ReconnectingClient.send() fails at once for a header that cannot be written", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
    },
  ]);
  const headers = { bad: "\0" };
  await assert.rejects(it.client.send("/queue/a", bytes("1"), { headers }), {
    code: "STOMP_PROTOCOL",
  });
  await it.client.send("/queue/a", bytes("2"));
});

Deno.test("ReconnectingClient.send() with receipt false waits for the network only", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      assert.equal((await peer.expect("SEND"))["receipt"], undefined);
    },
  ], { retryForMs: 0 });
  await it.client.send("/queue/a", bytes("1"), { receipt: false });
});

Deno.test("ReconnectingClient.send() refuses more than may wait", async () => {
  await using it = inTurn([], { maxPendingBytes: 10 });
  const first = it.client.send("/queue/a", new Uint8Array(20));
  const aborted = assert.rejects(first, { code: "ABORTED" });
  await assert.rejects(it.client.send("/queue/a", new Uint8Array(1)), {
    code: "LIMIT",
  });
  it.client.close();
  await aborted;
});

Deno.test("ReconnectingClient takes a receipt that does not come for a lost connection", async () => {
  const clock = new ManualClock();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await peer.expect("SEND");
      clock.advance(1000);
      await peer.expectEnd();
    },
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
    },
  ], { clock, receiptTimeoutMs: 1000, firstPauseMs: 0 });
  const ticking = (async () => {
    for await (const { state } of it.client.states()) {
      if (state === "connecting") clock.advance(10);
    }
  })();
  await it.client.send("/queue/a", bytes("1"));
  const lost = it.states.find(({ state }) => state === "lost");
  assert.ok(isSsmError(lost?.reason, "TIMEOUT"));
  it.client.close();
  await ticking;
});
