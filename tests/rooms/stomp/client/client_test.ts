import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { StompClient, StompError } from "../../../../lib/stomp/mod.ts";
import { failure } from "../frame/bytes.ts";
import { bytes } from "../../../kit/text.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { connected, scripted } from "../../../kit/net/scripted_peer.ts";

const BODY = bytes("body");

Deno.test("StompClient.send() with a receipt settles by its own receipt, in whatever order they come", async () => {
  const order: string[] = [];
  await using peer = await connected(async (peer) => {
    for (const id of ["a", "b", "c"]) {
      assert.equal((await peer.expect("SEND"))["receipt"], id);
    }
    for (const id of ["c", "a", "b"]) {
      await peer.send(`RECEIPT\nreceipt-id:${id}\n\n\0`);
    }
    await peer.expectEnd();
  });
  await Promise.all(["a", "b", "c"].map(async (receipt) => {
    await peer.client.send("/queue/x", BODY, { receipt });
    order.push(receipt);
  }));
  assert.deepEqual(order, ["c", "a", "b"]);
  peer.client.close();
});

Deno.test("StompClient reports receipts that nobody awaits and goes on", async () => {
  const stray: string[] = [];
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.send("RECEIPT\nreceipt-id:unknown\n\n\0");
    await peer.send("RECEIPT\nreceipt-id:a\n\n\0RECEIPT\nreceipt-id:a\n\n\0");
    await peer.send("RECEIPT\n\n\0");
    const { receipt } = await peer.expect("SEND");
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
  }, { onStrayReceipt: (id) => stray.push(id) });
  await peer.client.send("/queue/x", BODY, { receipt: "a" });
  await peer.client.send("/queue/x", BODY, { receipt: true });
  assert.deepEqual(stray, ["unknown", "a", ""]);
  peer.client.close();
});

Deno.test("StompClient.send() gives up on a receipt that does not come, and only on that", async () => {
  const clock = new ManualClock();
  const stray: string[] = [];
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.expect("SEND");
    await peer.expect("SEND");
    await peer.send("RECEIPT\nreceipt-id:a\n\n\0RECEIPT\nreceipt-id:b\n\n\0");
    await peer.expectEnd();
  }, { clock, receiptTimeoutMs: 500, onStrayReceipt: (id) => stray.push(id) });
  const timedOut = assert.rejects(
    peer.client.send("/queue/x", BODY, { receipt: "a" }),
    failure("TIMEOUT", 'Cannot confirm frame: no receipt "a" within 500 ms'),
  );
  // The time runs from when the frame is written; so it is once the next one is.
  await peer.client.send("/queue/x", BODY);
  clock.advance(500);
  await timedOut;
  await peer.client.send("/queue/x", BODY, { receipt: "b" });
  assert.deepEqual(stray, ["a"]);
  peer.client.close();
});

Deno.test("StompClient.send() refuses a receipt id that is awaited already", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.send("RECEIPT\nreceipt-id:a\n\n\0");
    await peer.expectEnd();
  });
  const first = peer.client.send("/queue/x", BODY, { receipt: "a" });
  await assert.rejects(
    peer.client.send("/queue/x", BODY, { receipt: "a" }),
    TypeError,
  );
  await first;
  peer.client.close();
});

Deno.test("StompClient.send() fails by a header that cannot be expressed, and the connection lives on", async () => {
  await using peer = await connected(async (peer) => {
    const { receipt } = await peer.expect("SEND");
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    await peer.expectEnd();
  }, { version: "1.0" });
  for (const receipt of [undefined, true] as const) {
    await assert.rejects(
      peer.client.send("/queue/x", BODY, { headers: { x: "a\nb" }, receipt }),
      failure("STOMP_PROTOCOL", /a line feed in a value/),
    );
  }
  await peer.client.send("/queue/x", BODY, { receipt: true });
  peer.client.close();
});

Deno.test("StompClient sends frames in the order of the calls, large and small, awaited or not", async () => {
  const sizes: number[] = [];
  await using peer = await connected(async (peer) => {
    for (let i = 0; i < 6; i++) {
      sizes.push(Number((await peer.expect("SEND"))["content-length"]));
    }
  });
  const wanted = [3_000_000, 0, 70_000, 1, 1_000_000, 2];
  await Promise.all(
    wanted.map((size) => peer.client.send("/queue/x", new Uint8Array(size))),
  );
  await peer.done;
  assert.deepEqual(sizes, wanted);
});

Deno.test("StompClient settles only the receipt an ERROR names, while the broker goes on", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.expect("SEND");
    await peer.send("ERROR\nreceipt-id:a\nmessage:no\\cqueue\n\nsorry\0");
    await peer.send("RECEIPT\nreceipt-id:b\n\n\0");
    await peer.expectEnd();
  });
  const refused = assert.rejects(
    peer.client.send("/queue/x", BODY, { receipt: "a" }),
    (error) => {
      assert.ok(error instanceof StompError);
      assert.match(
        error.message,
        /^Broker 127\.0\.0\.1:\d+ refuses: no:queue; sorry$/,
      );
      assert.equal(error.frame.headers.get("receipt-id"), "a");
      return true;
    },
  );
  await peer.client.send("/queue/x", BODY, { receipt: "b" });
  await refused;
  peer.client.close();
});

Deno.test("StompClient fails everything pending when the broker closes after such an ERROR", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.expect("SEND");
    await peer.send("ERROR\nreceipt-id:a\nmessage:full\n\n\0");
    await peer.end();
    await peer.expectEnd();
  });
  const sends = await Promise.allSettled(
    ["a", "b"].map((receipt) =>
      peer.client.send("/queue/x", BODY, { receipt })
    ),
  );
  const [a, b] = sends.map((send) => (send as PromiseRejectedResult).reason);
  assert.ok(a instanceof StompError);
  assert.ok(isSsmError(b, "CONNECTION_LOST"));
  assert.equal(b.cause, a);
  assert.equal(await peer.client.closed, b);
});

Deno.test("StompClient ends by an ERROR that names no pending receipt", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.send("ERROR\nmessage:going down\n\n\0");
    await peer.expectEnd();
  });
  await assert.rejects(
    peer.client.send("/queue/x", BODY, { receipt: true }),
    failure("STOMP_ERROR", /refuses: going down$/),
  );
  const reason = await peer.client.closed;
  assert.ok(reason instanceof StompError);
  await assert.rejects(peer.client.send("/queue/x", BODY), reason);
});

/** What a broker may do in the middle of it all, and what the client says. */
const BREACHES: readonly [string, string, string, RegExp][] = [
  ["closes", "", "CONNECTION_LOST", /: the broker closed it$/],
  [
    "closes within a frame",
    "RECEIPT\nreceipt-id:",
    "CONNECTION_LOST",
    /: the peer closed it in the middle of a frame$/,
  ],
  [
    "closes within a body",
    "MESSAGE\nmessage-id:7\ncontent-length:9\n\nabc",
    "CONNECTION_LOST",
    /: the peer closed it in the middle of a MESSAGE frame \(message-id "7"\)$/,
  ],
  [
    "sends an undefined escape",
    "RECEIPT\nx:\\t\n\n\0",
    "STOMP_PROTOCOL",
    /does not define the escape "\\t"$/,
  ],
  [
    "sends a wrong content-length",
    "MESSAGE\ncontent-length:1\n\nabc\0",
    "STOMP_PROTOCOL",
    /no NUL follows its body/,
  ],
  [
    "sends too long a header",
    `RECEIPT\nx:${"y".repeat(101)}\n\n\0`,
    "LIMIT",
    /a header of more than 100 bytes$/,
  ],
  [
    "sends too long a body",
    `MESSAGE\n\n${"y".repeat(101)}\0`,
    "LIMIT",
    /a body of more than 100 bytes$/,
  ],
  [
    "promises too long a body",
    "MESSAGE\ncontent-length:101\n\n",
    "LIMIT",
    /a body of 101 bytes, more than 100$/,
  ],
  [
    "sends too many headers",
    `RECEIPT\n${"x:y\n".repeat(4)}\n\0`,
    "LIMIT",
    /more than 3 headers$/,
  ],
  ["sends a client's frame", "SEND\n\n\0", "STOMP_PROTOCOL", /: it sent SEND$/],
  [
    "sends garbage",
    "\u0001\u0002",
    "STOMP_PROTOCOL",
    /does not begin with a command$/,
  ],
];

for (const [what, wire, code, message] of BREACHES) {
  Deno.test(`StompClient fails everything pending when the broker ${what}`, async () => {
    await using peer = await connected(async (peer) => {
      await peer.expect("SUBSCRIBE");
      await peer.expect("SEND");
      await peer.send(wire);
      if (code === "CONNECTION_LOST") await peer.end();
      await peer.expectEnd();
    }, { limits: { maxHeaderBytes: 100, maxBodyBytes: 100, maxHeaders: 3 } });
    const subscription = await peer.client.subscribe("/queue/x");
    await assert.rejects(
      peer.client.send("/queue/x", BODY, { receipt: true }),
      failure(code, message),
    );
    await assert.rejects(async () => {
      for await (const _ of subscription);
    }, failure(code, message));
    const reason = await peer.client.closed;
    assert.ok(isSsmError(reason));
    assert.equal(reason.code, code);
  });
}

Deno.test("StompClient.disconnect() waits for the receipt of DISCONNECT", async () => {
  let confirmed = false;
  await using peer = await connected(async (peer) => {
    const { receipt } = await peer.expect("DISCONNECT");
    confirmed = true;
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    await peer.expectEnd();
  });
  assert.equal(await peer.client.disconnect(), true);
  assert.equal(confirmed, true);
  assert.equal(await peer.client.closed, undefined);
  await assert.rejects(
    peer.client.send("/queue/x", BODY),
    failure("CONNECTION_LOST", /: it is closed$/),
  );
});

Deno.test("StompClient.disconnect() takes a close for an answer, but fails what is not confirmed", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SEND");
    await peer.expect("DISCONNECT");
    await peer.end();
    await peer.expectEnd();
  });
  const unconfirmed = assert.rejects(
    peer.client.send("/queue/x", BODY, { receipt: true }),
    failure("CONNECTION_LOST", /: it was closed$/),
  );
  assert.equal(await peer.client.disconnect(), false);
  await unconfirmed;
  assert.equal(await peer.client.closed, undefined);
});

Deno.test("StompClient.disconnect() gives up on a broker that does not answer, and closes", async () => {
  const clock = new ManualClock();
  await using peer = await connected(async (peer) => {
    await peer.expect("DISCONNECT");
    clock.advance(700);
    await peer.expectEnd();
  }, { clock });
  await assert.rejects(
    // What is left of a time is seldom a whole number.
    peer.client.disconnect({ timeoutMs: 699.27 }),
    failure("TIMEOUT", "Cannot disconnect: no receipt within 700 ms"),
  );
  assert.equal(clock.timers, 0);
});

Deno.test("StompClient disconnects when it is disposed of, and does not mind a lost connection", async () => {
  for (const answered of [true, false]) {
    await using peer = await scripted(async (peer) => {
      await peer.welcome();
      if (answered) {
        const { receipt } = await peer.expect("DISCONNECT");
        await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
      } else await peer.end();
      await peer.expectEnd();
    });
    await using client = await StompClient.connect(peer.socket);
    if (!answered) await client.closed;
  }
});

Deno.test("StompClient loses a broker that is silent for three intervals", async () => {
  const clock = new ManualClock();
  await using peer = await scripted(async (peer) => {
    await peer.welcome("1.2", "heart-beat:100,300\n");
    await peer.expectEnd();
  });
  const client = await StompClient.connect(peer.socket, {
    clock,
    heartBeat: { sendMs: 200, receiveMs: 100 },
  });
  clock.advance(299);
  const unfinished = Promise.race([client.closed, Promise.resolve("alive")]);
  assert.equal(await unfinished, "alive");
  clock.advance(1);
  const reason = await client.closed;
  assert.ok(isSsmError(reason, "CONNECTION_LOST"));
  assert.match(reason.message, /: nothing came for 300 ms$/);
  assert.equal(clock.timers, 0);
});

Deno.test("StompClient.begin() opens a transaction for SEND, ACK and NACK", async () => {
  const headers: Record<string, string>[] = [];
  await using peer = await connected(async (peer) => {
    const { id } = await peer.expect("SUBSCRIBE");
    await peer.send(
      `MESSAGE\nsubscription:${id}\nmessage-id:m\nack:k\n\n\0`.repeat(2),
    );
    for (const command of ["BEGIN", "SEND", "ACK", "NACK", "COMMIT"]) {
      headers.push(await peer.expect(command));
    }
    await peer.send(`RECEIPT\nreceipt-id:${headers.at(-1)!["receipt"]}\n\n\0`);
    for (const command of ["BEGIN", "ABORT", "BEGIN", "ABORT"]) {
      headers.push(await peer.expect(command));
    }
  });
  const { client } = peer;
  const messages = (await client.subscribe("/queue/x"))[Symbol.asyncIterator]();
  const transaction = await client.begin();
  await transaction.send("/queue/y", BODY);
  await transaction.ack((await messages.next()).value!);
  await transaction.nack((await messages.next()).value!);
  await transaction.commit();
  await assert.rejects(transaction.send("/queue/y", BODY), TypeError);
  await assert.rejects(transaction.abort(), TypeError);
  await (await client.begin()).abort();
  {
    await using _unfinished = await client.begin();
  }
  await peer.done;
  assert.deepEqual(
    headers.map(({ transaction }) => transaction),
    [1, 1, 1, 1, 1, 2, 2, 3, 3].map((n) => `tx-${n}`),
  );
});
