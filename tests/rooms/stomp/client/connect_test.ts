import assert from "node:assert/strict";
import { StompClient, StompError } from "../../../../lib/stomp/mod.ts";
import { failure } from "../frame/bytes.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { type Peer, scripted } from "../../../kit/net/scripted_peer.ts";

Deno.test("StompClient.connect() sends what it is told and reads the answer", async () => {
  let sent;
  await using peer = await scripted(async (peer) => {
    sent = await peer.welcome("1.1", "session:s 1\nserver:x/1\n");
    await peer.expectEnd();
  });
  const client = await StompClient.connect(peer.socket, {
    host: "vhost",
    login: "user",
    passcode: "pa:ss",
    clientId: "me",
    headers: { extra: "1" },
    heartBeat: { sendMs: 0, receiveMs: 5 },
  });
  assert.deepEqual(sent, {
    "accept-version": "1.0,1.1,1.2",
    host: "vhost",
    "heart-beat": "0,5",
    login: "user",
    passcode: "pa:ss",
    "client-id": "me",
    extra: "1",
  });
  assert.equal(client.version, "1.1");
  assert.equal(client.session, "s 1");
  assert.equal(client.server, "x/1");
  client.close();
  assert.equal(await client.closed, undefined);
});

Deno.test("StompClient.connect() names the dialled host unless told otherwise", async () => {
  for (
    const [host, expected] of [[undefined, "127.0.0.1"], [
      false,
      undefined,
    ]] as const
  ) {
    let sent: Record<string, string> | undefined;
    await using peer = await scripted(async (peer) => {
      sent = await peer.welcome();
    });
    const client = await StompClient.connect(peer.socket, { host });
    assert.equal(sent?.["host"], expected);
    client.close();
  }
});

Deno.test("StompClient.connect() takes CONNECTED without a version for 1.0", async () => {
  await using peer = await scripted(async (peer) => {
    await peer.expect("CONNECT");
    await peer.send("CONNECTED\n\n\0");
  });
  const client = await StompClient.connect(peer.socket);
  assert.equal(client.version, "1.0");
  client.close();
});

Deno.test("StompClient.connect() gives up on a broker that hangs before CONNECTED", async () => {
  const clock = new ManualClock();
  await using peer = await scripted(async (peer) => {
    await peer.expect("CONNECT");
    clock.advance(9_999);
    await peer.send("\n");
    clock.advance(1);
    await peer.expectEnd();
  });
  await assert.rejects(
    StompClient.connect(peer.socket, { clock }),
    failure(
      "TIMEOUT",
      /^Cannot connect to broker 127\.0\.0\.1:\d+: no CONNECTED within 10000 ms$/,
    ),
  );
  assert.equal(clock.timers, 0);
});

Deno.test("StompClient.connect() carries the words of the broker's ERROR", async () => {
  await using peer = await scripted(async (peer) => {
    await peer.expect("CONNECT");
    await peer.send(
      "ERROR\nversion:1.2\nmessage:No user for client certificate: CN=x\n\n" +
        "User is not known\nline 2\nline 3\nline 4\0",
    );
    await peer.expectEnd();
  });
  await assert.rejects(StompClient.connect(peer.socket), (error) => {
    assert.ok(error instanceof StompError);
    assert.equal(error.code, "STOMP_ERROR");
    assert.equal(error.frame.headers.get("version"), "1.2");
    assert.match(
      error.message,
      /^Cannot connect to broker 127\.0\.0\.1:\d+: No user for client certificate: CN=x; User is not known; line 2; line 3$/,
    );
    return true;
  });
});

/** What a broker may answer to CONNECT, and what comes of it. */
const REFUSALS: readonly [
  string,
  (peer: Peer) => Promise<void>,
  string,
  RegExp,
][] = [
  [
    "a version that was not offered",
    (peer) => peer.send("CONNECTED\nversion:2.0\n\n\0"),
    "STOMP_PROTOCOL",
    /the broker speaks STOMP "2\.0", we accept 1\.2, 1\.1, 1\.0$/,
  ],
  [
    "a malformed heart-beat",
    (peer) => peer.send("CONNECTED\nversion:1.2\nheart-beat:x\n\n\0"),
    "STOMP_PROTOCOL",
    /heart-beat "x"/,
  ],
  [
    "another frame than CONNECTED",
    (peer) => peer.send("RECEIPT\nreceipt-id:1\n\n\0"),
    "STOMP_PROTOCOL",
    /it answered CONNECT by RECEIPT$/,
  ],
  [
    "HTTP",
    (peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "STOMP_PROTOCOL",
    /does not speak STOMP, it speaks HTTP$/,
  ],
  [
    "garbage",
    (peer) => peer.send(Uint8Array.of(0xff, 0xfe, 0x00)),
    "STOMP_PROTOCOL",
    /does not speak STOMP$/,
  ],
  [
    "nothing, and closes",
    (peer) => peer.end(),
    "CONNECT",
    /it closed the connection instead of answering CONNECT$/,
  ],
  [
    "half a CONNECTED, and closes",
    async (peer) => {
      await peer.send("CONNECTED\nvers");
      await peer.end();
    },
    "CONNECTION_LOST",
    /the peer closed it in the middle of a frame$/,
  ],
  [
    "an ERROR without words",
    (peer) => peer.send("ERROR\n\n\0"),
    "STOMP_ERROR",
    /: the broker gives no reason$/,
  ],
];

for (const [what, answer, code, message] of REFUSALS) {
  Deno.test(`StompClient.connect() fails when the broker answers ${what}`, async () => {
    await using peer = await scripted(async (peer) => {
      await peer.expect("CONNECT");
      await answer(peer);
      await peer.expectEnd();
    });
    await assert.rejects(
      StompClient.connect(peer.socket),
      failure(code, message),
    );
  });
}

Deno.test("StompClient.connect() finds out a port that speaks TLS", async () => {
  await using peer = await scripted(async (peer) => {
    await peer.expect("CONNECT");
    // The alert with which a TLS server answers anything else.
    await peer.send(Uint8Array.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x32));
    await peer.expectEnd();
  });
  await assert.rejects(
    StompClient.connect(peer.socket),
    failure("STOMP_PROTOCOL", /does not speak STOMP, it speaks TLS$/),
  );
});

Deno.test("StompClient.connect() refuses options out of range and closes the socket", async () => {
  for (
    const options of [
      { acceptVersions: [] },
      { heartBeat: { sendMs: -1, receiveMs: 0 } },
      { limits: { maxHeaders: -1 } },
    ]
  ) {
    await using peer = await scripted((peer) => peer.expectEnd());
    await assert.rejects(StompClient.connect(peer.socket, options), RangeError);
  }
});
