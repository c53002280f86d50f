import assert from "node:assert/strict";
import type { StompMessage, StompVersion } from "../../../../lib/stomp/mod.ts";
import { Subscription } from "../../../../lib/stomp/client/subscription.ts";
import { failure } from "../frame/bytes.ts";
import { bytes, text } from "../../../kit/text.ts";
import { connected } from "../../../kit/net/scripted_peer.ts";

/** A MESSAGE frame. */
function message(subscription: string, id: string, headers = ""): string {
  return `MESSAGE\nsubscription:${subscription}\nmessage-id:${id}\n` +
    `destination:/queue/x\n${headers}\nbody of ${id}\0`;
}

Deno.test("StompClient.subscribe() asks for client-individual and a prefetch in three dialects", async () => {
  const sent: Record<string, string>[] = [];
  await using peer = await connected(async (peer) => {
    sent.push(await peer.expect("SUBSCRIBE"), await peer.expect("SUBSCRIBE"));
  });
  await peer.client.subscribe("/queue/x");
  await peer.client.subscribe("/queue/y", {
    id: "mine",
    ack: "auto",
    prefetch: 7,
    prefetchBytes: 9,
    headers: { selector: "a = 'b'", id: "not this" },
  });
  await peer.done;
  assert.deepEqual(sent, [
    {
      id: "1",
      destination: "/queue/x",
      ack: "client-individual",
      "activemq.prefetchSize": "100",
      "prefetch-count": "100",
      "consumer-window-size": "1048576",
    },
    {
      id: "mine",
      destination: "/queue/y",
      ack: "auto",
      selector: "a = 'b'",
      "activemq.prefetchSize": "7",
      "prefetch-count": "7",
      "consumer-window-size": "9",
    },
  ]);
});

Deno.test("StompClient.subscribe() refuses an id in use and a prefetch out of range", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
  });
  await peer.client.subscribe("/queue/x", { id: "a" });
  await assert.rejects(
    peer.client.subscribe("/queue/y", { id: "a" }),
    TypeError,
  );
  for (const prefetch of [0, -1, 1.5]) {
    await assert.rejects(
      peer.client.subscribe("/queue/y", { prefetch }),
      RangeError,
    );
  }
  peer.client.close();
});

Deno.test("StompClient.subscribe() with a receipt fails by the broker's ERROR", async () => {
  await using peer = await connected(async (peer) => {
    const { receipt } = await peer.expect("SUBSCRIBE");
    await peer.send(`ERROR\nreceipt-id:${receipt}\nmessage:denied\n\n\0`);
    await peer.expectEnd();
  });
  await assert.rejects(
    peer.client.subscribe("/queue/x", { receipt: true }),
    failure("STOMP_ERROR", /refuses: denied$/),
  );
  peer.client.close();
});

Deno.test("Subscription hands out its own messages in order, with what they say", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    await peer.expect("SUBSCRIBE");
    await peer.send(
      message("2", "m1") + message("1", "m2", "redelivered:true\n") +
        message("nobody", "m3") + message("2", "m4"),
    );
  });
  const one = await peer.client.subscribe("/queue/x", { ack: "auto" });
  const two = await peer.client.subscribe("/queue/x", { ack: "auto" });
  await assert.rejects(async () => {
    for await (const { messageId, redelivered, destination, body } of one) {
      assert.deepEqual(
        [messageId, redelivered, destination, text(body)],
        ["m2", true, "/queue/x", "body of m2"],
      );
    }
  }, failure("CONNECTION_LOST", /: the broker closed it$/));
  const ids: string[] = [];
  await assert.rejects(async () => {
    for await (const { messageId, redelivered } of two) {
      assert.equal(redelivered, false);
      ids.push(messageId);
    }
  }, failure("CONNECTION_LOST", /: the broker closed it$/));
  assert.deepEqual(ids, ["m1", "m4"]);
});

const ACKS: readonly [StompVersion, Record<string, string>][] = [
  ["1.0", { "message-id": "m:1" }],
  ["1.1", { "message-id": "m:1", subscription: "1" }],
  ["1.2", { id: "k:\\1" }],
];

for (const [version, expected] of ACKS) {
  Deno.test(`StompMessage.ack() names the message as STOMP ${version} does`, async () => {
    let sent;
    const colon = version === "1.0" ? ":" : "\\c";
    await using peer = await connected(async (peer) => {
      await peer.expect("SUBSCRIBE");
      await peer.send(message("1", `m${colon}1`, `ack:k${colon}\\\\1\n`));
      sent = await peer.expect("ACK");
    }, { version });
    const subscription = await peer.client.subscribe("/queue/x");
    for await (const message of subscription) {
      await message.ack();
      break;
    }
    await peer.done;
    assert.deepEqual(sent, expected);
  });
}

Deno.test("StompMessage.nack() gives back, with a receipt if asked", async () => {
  let sent: Record<string, string> | undefined;
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    await peer.send(message("1", "m1", "ack:k\n"));
    sent = await peer.expect("NACK");
    await peer.send("RECEIPT\nreceipt-id:r\n\n\0");
  });
  const subscription = await peer.client.subscribe("/queue/x");
  for await (const message of subscription) {
    await message.nack({ receipt: "r" });
    break;
  }
  assert.deepEqual(sent, { id: "k", receipt: "r" });
  peer.client.close();
});

/** The first message of a subscription whose broker speaks `version`. */
async function firstMessage(
  version: StompVersion,
  ack: "auto" | "client-individual",
  use: (message: StompMessage) => Promise<void>,
): Promise<void> {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    await peer.send(message("1", "m1"));
    await peer.expectEnd();
  }, { version });
  for await (
    const message of await peer.client.subscribe("/queue/x", { ack })
  ) {
    await use(message);
    break;
  }
  peer.client.close();
}

Deno.test("StompMessage.nack() does not exist in STOMP 1.0", () =>
  firstMessage("1.0", "client-individual", async (message) => {
    await assert.rejects(
      message.nack(),
      failure(
        "STOMP_PROTOCOL",
        'Cannot give back message "m1": STOMP 1.0 has no NACK',
      ),
    );
  }));

Deno.test("StompMessage.ack() fails without the ack header of STOMP 1.2", () =>
  firstMessage("1.2", "client-individual", async (message) => {
    await assert.rejects(
      message.ack(),
      failure(
        "STOMP_PROTOCOL",
        'Cannot acknowledge message "m1": it has no ack header',
      ),
    );
  }));

Deno.test("StompMessage.ack() is a mistake in mode auto", () =>
  firstMessage("1.2", "auto", async (message) => {
    await assert.rejects(message.ack(), TypeError);
  }));

Deno.test("Subscription belongs to the destination when STOMP 1.0 does not name it", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    await peer.send("MESSAGE\ndestination:/queue/x\nmessage-id:m\n\nhello\0");
    await peer.expectEnd();
  }, { version: "1.0" });
  for await (const { body } of await peer.client.subscribe("/queue/x")) {
    assert.equal(text(body), "hello");
    break;
  }
  peer.client.close();
});

Deno.test("Subscription.unsubscribe() ends the loop, once, and later messages are nobody's", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    assert.deepEqual(await peer.expect("UNSUBSCRIBE"), { id: "1" });
    await peer.send(message("1", "m1"));
    const { receipt } = await peer.expect("SEND");
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    await peer.expectEnd();
  });
  const subscription = await peer.client.subscribe("/queue/x");
  await subscription.unsubscribe();
  await subscription.unsubscribe();
  for await (const _ of subscription) assert.fail("a message came");
  await peer.client.send("/queue/x", bytes(""), { receipt: true });
  peer.client.close();
});

Deno.test("onUnhandled is given messages of subscriptions that were never made, and no others", async () => {
  const unhandled: string[] = [];
  await using peer = await connected(async (peer) => {
    const { receipt: begun } = await peer.expect("SUBSCRIBE");
    await peer.send(`RECEIPT\nreceipt-id:${begun}\n\n\0`);
    await peer.expect("UNSUBSCRIBE");
    await peer.send(message("1", "crossed"));
    await peer.send(message("/temp-queue/x", "an answer"));
    await peer.send("MESSAGE\nmessage-id:nameless\ndestination:/queue/y\n\n\0");
    const { receipt } = await peer.expect("SEND");
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    await peer.expectEnd();
  }, { onUnhandled: ({ messageId }) => unhandled.push(messageId) });
  const subscription = await peer.client.subscribe("/queue/x", {
    receipt: true,
  });
  await subscription.unsubscribe();
  await peer.client.send("/queue/x", bytes(""), { receipt: true });
  assert.deepEqual(unhandled, ["an answer", "nameless"]);
  peer.client.close();
});

Deno.test("Subscription ends in order when the client disconnects", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    const { receipt } = await peer.expect("DISCONNECT");
    await peer.send(message("1", "m1"));
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    await peer.expectEnd();
  });
  const subscription = await peer.client.subscribe("/queue/x");
  await peer.client.disconnect();
  for await (const _ of subscription) {
    assert.fail("a message that cannot be acknowledged was handed out");
  }
});

Deno.test("Subscription in mode auto makes reading wait until its messages are taken", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    await peer.expect("SEND");
    const { receipt } = await peer.expect("SEND");
    await peer.send(message("1", "m1") + "RECEIPT\nreceipt-id:a\n\n\0");
    await peer.send(message("1", "m2"));
    await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
    await peer.expectEnd();
  });
  const { client } = peer;
  const options = { ack: "auto", maxWaitingBytes: 10 } as const;
  const subscription = await client.subscribe("/queue/x", options);
  const order: string[] = [];
  const sends = ["a", "b"].map(async (receipt) => {
    await client.send("/queue/x", bytes(""), { receipt });
    order.push(receipt);
  });
  // "body of m1" fits exactly; with the second one the measure is full, and the
  // receipt behind it is not read before one is taken.
  await sends[0];
  for await (const { messageId } of subscription) {
    order.push(messageId);
    if (messageId === "m2") break;
  }
  await sends[1];
  assert.deepEqual(order, ["a", "m1", "m2", "b"]);
  client.close();
});

Deno.test("StompClient.disconnect() does not wait for messages to be taken", async () => {
  await using peer = await connected(async (peer) => {
    await peer.expect("SUBSCRIBE");
    await peer.send(message("1", "m1") + message("1", "m2"));
    const { receipt } = await peer.expect("DISCONNECT");
    await peer.send(
      message("1", "m3") + `RECEIPT\nreceipt-id:${receipt}\n\n\0`,
    );
    await peer.expectEnd();
  });
  const options = { ack: "auto", maxWaitingBytes: 0 } as const;
  const subscription = await peer.client.subscribe("/queue/x", options);
  await peer.client.disconnect();
  const ids: string[] = [];
  for await (const { messageId } of subscription) ids.push(messageId);
  assert.deepEqual(ids, ["m1", "m2", "m3"]);
});

/** A message with a body of so many bytes. */
function dummy(size: number): StompMessage {
  return { body: new Uint8Array(size) } as StompMessage;
}

function subscription(
  ack: "auto" | "client",
  { prefetch = 10, maxWaitingBytes = 100 } = {},
): Subscription {
  const place = { id: "1", destination: "/queue/x" };
  const options = { ack, prefetch, maxWaitingBytes };
  return new Subscription(place, options, {
    unsubscribe: () => Promise.resolve(),
    widen: () => Promise.resolve(),
  });
}

Deno.test("Subscription.offer() asks to wait beyond maxWaitingBytes until there is room", async () => {
  const one = subscription("auto");
  assert.equal(one.offer(dummy(100)), undefined);
  const room = one.offer(dummy(1));
  assert.ok(room instanceof Promise);
  await one[Symbol.asyncIterator]().next();
  await room;
});

Deno.test("Subscription.offer() refuses what goes far beyond the prefetch", () => {
  const one = subscription("client", { prefetch: 10 });
  for (let i = 0; i < 1010; i++) one.offer(dummy(1_000));
  assert.throws(
    () => one.offer(dummy(1)),
    failure(
      "LIMIT",
      'Cannot receive from "/queue/x": 1011 messages wait, the broker ignores the prefetch of 10',
    ),
  );
});
