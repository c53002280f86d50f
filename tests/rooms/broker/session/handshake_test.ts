import assert from "node:assert/strict";
import { userTable } from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";

Deno.test("Broker chooses the best version a client accepts", async () => {
  await using server = await TestBroker.start({ serverName: "test/1" });
  for (
    const [accepted, chosen] of [
      ["1.0,1.1,1.2", "1.2"],
      ["1.1", "1.1"],
      ["1.0,1.1,2.0", "1.1"],
      [undefined, "1.0"],
    ] as const
  ) {
    const client = await server.dial();
    client.send("CONNECT", { "accept-version": accepted, host: "h" });
    const { headers } = await client.expect("CONNECTED");
    assert.equal(headers.get("version"), chosen);
    assert.equal(headers.get("server"), "test/1");
    assert.ok(headers.get("session"));
    assert.equal(headers.has("heart-beat"), chosen !== "1.0");
  }
});

Deno.test("Broker answers the CONNECT of the Python ssm, which has no host", async () => {
  await using server = await TestBroker.start();
  const client = await server.dial();
  client.bytes("STOMP\naccept-version:1.1\n\n\0");
  const { headers } = await client.expect("CONNECTED");
  assert.equal(headers.get("version"), "1.1");
});

Deno.test("Broker understands a client of 1.0 that writes blanks after colons, and ends each frame with a line more", async () => {
  const users = userTable(new Map([["u", "p"]]));
  await using server = await TestBroker.start({ authenticate: users });
  const client = await server.dial();
  client.bytes("CONNECT\nlogin: u\npasscode : p \n\n\n\0\n");
  await client.expect("CONNECTED");
  client.bytes(
    "SUBSCRIBE\ndestination: /queue/a\nack: client\nid: s\n\n\n\0\n" +
      "SEND\ndestination: /queue/a\ncontent-length : 2\n\na\n\0\n",
  );
  const message = await client.expect("MESSAGE");
  const { headers } = message;
  assert.equal(headers.get("destination"), "/queue/a");
  assert.equal(headers.get("subscription"), "s");
  assert.equal(text(message), "a\n");
});

for (const version of ["1.1", "1.2"] as const) {
  Deno.test(`Broker takes a blank of ${version} for a part of the name, and refuses such a destination`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect(version);
    client.send("SEND", { destination: " /queue/a", receipt: "r" }, "x");
    const { headers } = await client.refused();
    assert.equal(headers.get("receipt-id"), "r");
    assert.match(
      headers.get("message")!,
      /a blank stands before or after a name/,
    );
    assert.equal(server.broker.stats().queued, 0);
  });
}

Deno.test("Broker takes a heart-beat of eleven digits for a day", async () => {
  await using server = await TestBroker.start();
  await server.connect("1.2", { "heart-beat": "10000000000,0" });
});

Deno.test("Broker refuses versions it does not speak and names those it does", async () => {
  await using server = await TestBroker.start();
  const client = await server.dial();
  client.send("CONNECT", { "accept-version": "2.0,3.1", host: "h" });
  const error = await client.refused();
  assert.equal(error.headers.get("version"), "1.2,1.1,1.0");
  assert.equal(
    error.headers.get("message"),
    "Cannot agree on a version: this broker speaks 1.2,1.1,1.0",
  );
});

Deno.test("Broker refuses SEND before CONNECT and names its receipt", async () => {
  await using server = await TestBroker.start();
  const client = await server.dial();
  client.send("SEND", { destination: "/queue/a", receipt: "r1" }, "body");
  const error = await client.refused();
  assert.equal(error.headers.get("receipt-id"), "r1");
  assert.equal(
    error.headers.get("message"),
    'Cannot process "SEND": the client has not sent CONNECT',
  );
  assert.equal(server.broker.stats().messagesIn, 0);
});

Deno.test("Broker refuses a second CONNECT", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  client.send("CONNECT", { "accept-version": "1.2", host: "h" });
  const error = await client.refused();
  assert.equal(
    error.headers.get("message"),
    "Cannot process CONNECT: the client is connected already",
  );
});

Deno.test("Broker refuses a malformed heart-beat", async () => {
  await using server = await TestBroker.start();
  const client = await server.dial();
  client.send("CONNECT", { "accept-version": "1.2", "heart-beat": "soon" });
  const error = await client.refused();
  assert.match(error.headers.get("message")!, /heart-beat/);
});

Deno.test("Broker lets in who knows a passcode, and nobody else", async () => {
  const authenticate = userTable(new Map([["alice", "secret"]]));
  await using server = await TestBroker.start({ authenticate });
  await server.connect("1.2", { login: "alice", passcode: "secret" });
  for (
    const [login, passcode] of [
      ["alice", "wrong"],
      ["alice", ""],
      ["alice", undefined],
      ["bob", "secret"],
      ["", ""],
      [undefined, undefined],
    ]
  ) {
    const client = await server.dial();
    client.send("CONNECT", { "accept-version": "1.2", login, passcode });
    const error = await client.refused();
    assert.equal(
      error.headers.get("message"),
      "Cannot log in: wrong login or passcode",
    );
  }
  assert.doesNotMatch(server.log.join("\n"), /secret|wrong$/);
});

Deno.test("Broker shows the authenticate hook what it needs to judge", async () => {
  const seen: unknown[] = [];
  await using server = await TestBroker.start({
    authenticate: ({ signal, remote, ...credentials }) => {
      assert.ok(signal instanceof AbortSignal);
      seen.push({ ...credentials, remote: typeof remote });
      return Promise.resolve({ name: "me" });
    },
  });
  await server.connect("1.2", { login: "l", passcode: "p", host: "vhost" });
  assert.deepEqual(seen, [{
    login: "l",
    passcode: "p",
    host: "vhost",
    remote: "string",
    peer: undefined,
  }]);
});

Deno.test("Broker survives an authenticate hook that fails", async () => {
  await using server = await TestBroker.start({
    authenticate: () => {
      throw new Error("the user database is gone");
    },
  });
  const client = await server.dial();
  client.send("CONNECT", { "accept-version": "1.2" });
  const error = await client.refused();
  assert.equal(
    error.headers.get("message"),
    "Cannot process CONNECT: internal error",
  );
  assert.match(server.log.join("\n"), /^ERROR .*the user database is gone/m);
});

Deno.test("Broker hangs up on who does not send CONNECT in time", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({
    clock,
    limits: { connectDeadlineMs: 5000 },
  });
  const silent = await server.dial();
  silent.bytes("\n");
  const known = await server.connect();
  clock.advance(4999);
  assert.deepEqual(await known.pending(), []);
  clock.advance(1);
  const error = await silent.refused();
  assert.equal(
    error.headers.get("message"),
    "Cannot wait any longer: no CONNECT for 5000 ms",
  );
  assert.deepEqual(await known.pending(), []);
});

Deno.test("Broker refuses more connections than it may have", async () => {
  await using server = await TestBroker.start({
    limits: { maxConnections: 2 },
  });
  const first = await server.connect();
  await server.connect();
  const third = await server.dial();
  const error = await third.refused();
  assert.equal(
    error.headers.get("message"),
    "Cannot connect: 2 clients are connected already",
  );
  await first.confirmed("DISCONNECT");
  assert.deepEqual(await first.rest(), []);
});

Deno.test("Broker lets who has not logged in for longest give way to others", async () => {
  await using server = await TestBroker.start({
    limits: { maxConnections: 2 },
  });
  const silent = await server.dial();
  const slow = await server.dial();
  slow.bytes("CONNECT\n");
  const client = await server.connect();
  assert.deepEqual(await silent.rest(), []);
  slow.bytes("accept-version:1.2\nhost:x\n\n\0");
  slow.version = "1.2";
  await slow.expect("CONNECTED");
  await client.confirmed("SEND", { destination: "a" }, "x");
  const late = await server.dial();
  assert.match(
    (await late.refused()).headers.get("message")!,
    /2 clients are connected already/,
  );
  assert.equal(server.broker.stats().connectionsRefused, 2);
});

Deno.test("Broker takes only little from who is not let in", async () => {
  await using server = await TestBroker.start({
    limits: { maxUnauthenticatedBytes: 1000 },
  });
  const headers = await server.dial();
  headers.bytes("CONNECT\n" + `a:${"x".repeat(90)}\n`.repeat(11));
  assert.match(text(await headers.refused()), /more than 1000/);
  const body = await server.dial();
  body.bytes("SEND\ndestination:a\ncontent-length:1001\n\n");
  assert.match(text(await body.refused()), /more than 1000/);
  const known = await server.connect();
  await known.confirmed("SEND", { destination: "a" }, "x".repeat(2000));
});

Deno.test("Broker tells a peer that does not speak STOMP", async () => {
  await using server = await TestBroker.start();
  const client = await server.dial();
  client.bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const error = await client.refused();
  assert.match(error.headers.get("message")!, /does not speak STOMP/);
});

Deno.test("Broker sends heart-beats and drops who owes them", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({
    clock,
    heartBeat: { sendMs: 1000, receiveMs: 1000 },
  });
  const client = await server.connect("1.2", { "heart-beat": "500,500" });
  await client.pending();
  clock.advance(1000);
  assert.equal(await client.raw(), "\n");
  clock.advance(1000);
  assert.deepEqual(await client.rest(), []);
  assert.match(server.log.join("\n"), /nothing came for 2000 ms/);
});

Deno.test("Broker expects no heart-beats in STOMP 1.0", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({ clock });
  const client = await server.connect("1.0", { "heart-beat": "100,100" });
  await client.pending();
  clock.advance(1_000_000);
  assert.deepEqual(await client.pending(), []);
});
