import assert from "node:assert/strict";
import { isSsmError } from "../../lib/errors.ts";
import { makeFrame, type StateChange } from "../../lib/stomp/mod.ts";
import { bytes } from "./bytes.ts";
import {
  confirmGoodbye,
  confirmSend,
  confirmSubscribe,
  inTurn,
  message,
} from "./in_turn.ts";
import { ManualClock } from "./manual_clock.ts";
import type { Peer } from "./peer.ts";

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
