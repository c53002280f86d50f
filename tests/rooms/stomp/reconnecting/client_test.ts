import assert from "node:assert/strict";
import { makeFrame, ReconnectingClient } from "../../../../lib/stomp/mod.ts";
import { bytes } from "../../../kit/text.ts";
import { confirmGoodbye, confirmSend, inTurn } from "../in_turn.ts";
import { ManualClock } from "../../../kit/clocks.ts";

Deno.test("ReconnectingClient tells its states, from connecting to disconnected", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await confirmGoodbye(peer);
    },
  ]);
  assert.equal(it.client.state, "connecting");
  const followed = Array.fromAsync(it.client.states());
  const { remote } = await it.client.connection();
  assert.equal(it.client.state, "connected");
  assert.equal(await it.client.disconnect(), true);
  assert.equal(it.client.state, "disconnected");
  assert.equal(await it.client.closed, undefined);
  const states = [
    { state: "connecting", reason: undefined, waitMs: 0 },
    { state: "connected", remote },
    { state: "disconnecting" },
    { state: "disconnected", reason: undefined },
  ];
  assert.deepEqual(it.states, states);
  assert.deepEqual(await followed, states);
  // Who comes too late hears of the end only.
  assert.deepEqual(await Array.fromAsync(it.client.states()), [states[3]]);
});

Deno.test("ReconnectingClient.transaction() commits what the work does, and waits for the broker", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      const { transaction } = await peer.expect("BEGIN");
      assert.equal((await peer.expect("SEND"))["transaction"], transaction);
      const commit = await peer.expect("COMMIT");
      assert.equal(commit["transaction"], transaction);
      await peer.send(`RECEIPT\nreceipt-id:${commit["receipt"]}\n\n\0`);
    },
  ]);
  const result = await it.client.transaction(async (transaction) => {
    await transaction.send("/queue/a", bytes("1"));
    return "done";
  });
  assert.equal(result, "done");
});

Deno.test("ReconnectingClient.transaction() aborts when the work fails", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      const { transaction } = await peer.expect("BEGIN");
      assert.deepEqual(await peer.expect("ABORT"), { transaction });
    },
  ]);
  const failure = new Error("no");
  await assert.rejects(
    it.client.transaction(() => Promise.reject(failure)),
    failure,
  );
});

Deno.test("ReconnectingClient.transaction() does not repeat what a lost connection may have committed", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await peer.expect("BEGIN");
      await peer.expect("COMMIT");
    },
    async (peer) => {
      await peer.welcome();
      await confirmGoodbye(peer);
    },
  ]);
  await assert.rejects(it.client.transaction(async () => {}), {
    code: "CONNECTION_LOST",
  });
  await it.client.connection();
  await it.client.disconnect();
});

Deno.test("ReconnectingClient.connection() gives raw frames to those who need them", async () => {
  const shown: string[] = [];
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      assert.deepEqual(await peer.expect("HELLO"), { receipt: "r", x: "1" });
      await peer.send("RECEIPT\nreceipt-id:r\n\n\0");
    },
  ], {
    onFrame: ({ command }, direction) => shown.push(`${direction} ${command}`),
  });
  const connection = await it.client.connection();
  await connection.sendFrame(makeFrame("HELLO", { receipt: "r", x: "1" }));
  assert.deepEqual(shown, ["sent HELLO", "received RECEIPT"]);
});

Deno.test("ReconnectingClient.disconnect() waits for what is not confirmed, over another connection", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await peer.expect("SEND");
    },
    async (peer) => {
      await peer.welcome();
      await confirmSend(peer);
      await confirmGoodbye(peer);
    },
  ]);
  const sent = it.client.send("/queue/a", bytes("1"));
  await it.client.disconnect();
  await sent;
  // Who leaves speaks of nothing else.
  const states = it.states.map(({ state }) => state);
  assert.deepEqual(states.slice(-2), ["disconnecting", "disconnected"]);
});

Deno.test("ReconnectingClient.disconnect() says what was not confirmed in time", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.welcome();
      await peer.expect("SEND");
      await peer.expectEnd();
    },
  ]);
  const sent = it.client.send("/queue/a", bytes("1"));
  const aborted = assert.rejects(sent);
  await it.client.connection();
  await assert.rejects(it.client.disconnect({ timeoutMs: 20 }), {
    code: "TIMEOUT",
  });
  await aborted;
  assert.equal(it.client.state, "disconnected");
});

Deno.test("ReconnectingClient.disconnect() without a connection ends the search at once", async () => {
  await using it = inTurn([], {
    firstPauseMs: 3_600_000,
    maxPauseMs: 3_600_000,
  });
  const loop = it.client.subscribe("/queue/a");
  for await (const { reason } of it.client.states()) {
    if (reason !== undefined) break;
  }
  await it.client.disconnect();
  assert.deepEqual(await Array.fromAsync(loop), []);
  await assert.rejects(it.client.connection(), { code: "ABORTED" });
  await assert.rejects(it.client.send("/queue/a", bytes("1")), {
    code: "ABORTED",
  });
});

Deno.test("ReconnectingClient gives up when its time is up, and says why to everyone", async () => {
  await using it = inTurn([], { retryForMs: 0 });
  const loop = it.client.subscribe("/queue/a");
  const failure = { code: "CONNECT", message: "No broker left" };
  await Promise.all([
    assert.rejects(it.client.connection(), failure),
    assert.rejects(it.client.send("/queue/a", bytes("1")), failure),
    assert.rejects(Array.fromAsync(loop), failure),
    assert.rejects(it.client.transaction(async () => {}), failure),
  ]);
  assert.equal((await it.client.closed)?.message, "No broker left");
  assert.equal(it.states.at(-1)?.reason?.message, "No broker left");
  await it.client.disconnect();
});

Deno.test("ReconnectingClient gives up on a failure that is not worth another attempt", async () => {
  await using it = inTurn([
    async (peer) => {
      await peer.expect("CONNECT");
      await peer.send("ERROR\nmessage:wrong password\n\n\0");
    },
  ], { worthRetrying: (failure) => failure.code !== "STOMP_ERROR" });
  assert.equal((await it.client.closed)?.code, "STOMP_ERROR");
});

Deno.test("ReconnectingClient supervises the broker's heart-beats", async () => {
  const clock = new ManualClock();
  await using it = inTurn([
    async (peer) => {
      await peer.welcome("1.2", "heart-beat:100,0\n");
      clock.advance(1);
      await peer.expectEnd();
    },
  ], {
    clock,
    heartBeat: { sendMs: 0, receiveMs: 100 },
    graceFactor: 2,
    onState: ({ state }) => {
      // No wait passes by itself on this clock.
      if (state === "connecting") queueMicrotask(() => clock.advance(1));
      if (state === "connected") clock.advance(250);
    },
    retryForMs: 0,
  });
  await it.client.closed;
  const lost = it.states.find(({ state }) => state === "lost");
  assert.match(lost?.reason?.message ?? "", /nothing came for 200 ms/);
});

Deno.test("ReconnectingClient tries the brokers in turn, and waits longer from round to round", async () => {
  const dialled: string[] = [];
  const failing = (name: string) => () => {
    dialled.push(name);
    return Promise.reject(new Error(`${name} is down`));
  };
  const clock = new ManualClock();
  const pauses: (number | undefined)[] = [];
  const client = new ReconnectingClient({
    dial: [failing("a"), failing("b")],
    clock,
    random: () => 0.5,
    retryForMs: 5000,
    onState: ({ state, waitMs }) => {
      if (state !== "connecting") return;
      pauses.push(waitMs);
      queueMicrotask(() => clock.advance(waitMs! + 1));
    },
  });
  const end = await client.closed;
  assert.deepEqual(pauses, [0, 1000, 2000]);
  assert.deepEqual(dialled, ["a", "b", "b", "a", "a", "b"]);
  assert.deepEqual([end?.code, end?.message], [
    "CONNECT",
    "Cannot connect: b is down",
  ]);
});

Deno.test("ReconnectingClient refuses to have no broker, or no losses", () => {
  assert.throws(() => new ReconnectingClient({ dial: [] }), RangeError);
  const dial = () => Promise.reject(new Error("unused"));
  assert.throws(
    () => new ReconnectingClient({ dial, maxLosses: 0 }),
    RangeError,
  );
});
