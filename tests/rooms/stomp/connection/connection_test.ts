import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import type { Socket } from "../../../../lib/net/mod.ts";
import { makeFrame, StompConnection } from "../../../../lib/stomp/mod.ts";
import { failure, plain } from "../frame/bytes.ts";
import { bytes, text } from "../../../kit/text.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { scripted } from "../../../kit/net/scripted_peer.ts";

/** A socket without a network: the test reads and writes at its other end. */
function memorySocket() {
  const incoming = new TransformStream<Uint8Array, Uint8Array>();
  const outgoing = new TransformStream<Uint8Array, Uint8Array>();
  let closed = 0;
  const socket: Socket = {
    readable: incoming.readable,
    writable: outgoing.writable,
    remote: "peer:1",
    close: () => closed++,
  };
  return {
    socket,
    toUs: incoming.writable.getWriter(),
    fromUs: outgoing.readable.getReader(),
    closed: () => closed,
  };
}

Deno.test("StompConnection.write() writes a small frame at once and a large one in slices", async () => {
  const { socket, fromUs } = memorySocket();
  const connection = new StompConnection(socket);
  const small = connection.write(makeFrame("SEND", {}, bytes("ab")));
  const large = connection.write(
    makeFrame("SEND", {}, new Uint8Array(600_000)),
  );
  assert.equal(
    text((await fromUs.read()).value!),
    "SEND\ncontent-length:2\n\nab\0",
  );
  await small;
  const sizes: number[] = [];
  while (sizes.length < 5) sizes.push((await fromUs.read()).value!.length);
  await large;
  assert.deepEqual(sizes, [28, 262_144, 262_144, 75_712, 1]);
  assert.equal(connection.queuedBytes, 0);
  connection.close();
});

Deno.test("StompConnection.write() settles only when the network has room, and counts what waits", async () => {
  const { socket, fromUs } = memorySocket();
  const connection = new StompConnection(socket);
  let settled = false;
  const first = connection.write(makeFrame("BEGIN", { transaction: "1" }))
    .then(() => settled = true);
  const queued = connection.queuedBytes;
  assert.equal(queued, "BEGIN\ntransaction:1\n\n\0".length);
  // The reader's turn comes long after a write that does not wait would settle.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(settled, false);
  await fromUs.read();
  await first;
  assert.equal(connection.queuedBytes, 0);
  assert.deepEqual(connection.traffic, { received: 0, sent: queued });
  connection.close();
});

Deno.test("StompConnection.frames() reads no further than it is asked", async () => {
  const { socket, toUs } = memorySocket();
  const connection = new StompConnection(socket);
  const frames = connection.frames();
  const writes = [
    toUs.write(bytes("A\n\n\0B\n\n\0")),
    toUs.write(bytes("C\n\n\0")),
  ];
  assert.equal((await frames.next()).value?.command, "A");
  assert.equal((await frames.next()).value?.command, "B");
  assert.equal(connection.traffic.received, 8);
  assert.equal((await frames.next()).value?.command, "C");
  await Promise.all(writes);
  connection.close();
});

Deno.test("StompConnection.frames() ends when the peer closes between frames, and leaves the connection open", async () => {
  const { socket, toUs, fromUs } = memorySocket();
  const connection = new StompConnection(socket);
  const sent = toUs.write(bytes("DISCONNECT\n\n\0")).then(() => toUs.close());
  const seen = [];
  for await (const frame of connection.frames()) seen.push(plain(frame));
  await sent;
  assert.deepEqual(seen, [{ command: "DISCONNECT", headers: {}, body: "" }]);
  const write = connection.write(makeFrame("RECEIPT"));
  assert.equal(text((await fromUs.read()).value!), "RECEIPT\n\n\0");
  await write;
  connection.close();
  assert.equal(await connection.closed, undefined);
});

Deno.test("StompConnection.frames() closes on malformed input", async () => {
  const { socket, toUs, closed } = memorySocket();
  const connection = new StompConnection(socket);
  toUs.write(bytes("?")).catch(() => {});
  await assert.rejects(
    connection.frames().next(),
    failure("STOMP_PROTOCOL", /does not speak STOMP/),
  );
  assert.equal(closed(), 1);
  assert.ok(isSsmError(await connection.closed, "STOMP_PROTOCOL"));
});

Deno.test("StompConnection.frames() with answerMalformed leaves room for an answer", async () => {
  const { socket, toUs, fromUs, closed } = memorySocket();
  const connection = new StompConnection(socket, { answerMalformed: true });
  toUs.write(bytes("?")).catch(() => {});
  await assert.rejects(
    connection.frames().next(),
    failure("STOMP_PROTOCOL", /does not speak STOMP/),
  );
  assert.equal(closed(), 0);
  const write = connection.write(makeFrame("ERROR", { message: "no" }));
  assert.equal(text((await fromUs.read()).value!), "ERROR\nmessage:no\n\n\0");
  await write;
  connection.close();
});

Deno.test("StompConnection.write() that fails lets the peer's last words be read first", async () => {
  const { socket, toUs, fromUs } = memorySocket();
  const connection = new StompConnection(socket, { clock: new ManualClock() });
  const frames = connection.frames();
  await fromUs.cancel(new Error("broken"));
  const write = connection.write(makeFrame("SEND"));
  write.catch(() => {});
  const words = toUs.write(bytes("ERROR\nmessage:full\n\n\0"));
  assert.equal((await frames.next()).value?.headers.get("message"), "full");
  await words;
  connection.close();
  await assert.rejects(write, failure("CONNECTION_LOST", /it is closed$/));
});

Deno.test("StompConnection.write() that fails closes when no more words come", async () => {
  const clock = new ManualClock();
  const { socket, fromUs } = memorySocket();
  const connection = new StompConnection(socket, { clock, writeTimeoutMs: 0 });
  await fromUs.cancel(new Error("broken"));
  const write = connection.write(makeFrame("SEND"));
  const failed = assert.rejects(
    write,
    failure("CONNECTION_LOST", "Lost connection to peer:1: broken"),
  );
  while (clock.timers === 0) await Promise.resolve();
  clock.advance(1000);
  await failed;
  assert.ok(isSsmError(await connection.closed, "CONNECTION_LOST"));
});

Deno.test("StompConnection gives up on a peer that takes nothing", async () => {
  const clock = new ManualClock();
  const { socket } = memorySocket();
  const connection = new StompConnection(socket, { clock });
  connection.write(makeFrame("SEND")).catch(() => {});
  clock.advance(60_000);
  const reason = await connection.closed;
  assert.equal(
    reason?.message,
    "Lost connection to peer:1: the peer took nothing for 60000 ms",
  );
});

Deno.test("StompConnection.startHeartBeats() sends line feeds in time", async () => {
  const clock = new ManualClock();
  const { socket, fromUs } = memorySocket();
  const connection = new StompConnection(socket, { clock });
  connection.startHeartBeats({ sendMs: 1000, receiveMs: 0 }, 3);
  for (let beat = 0; beat < 2; beat++) {
    clock.advance(1000);
    assert.deepEqual((await fromUs.read()).value, bytes("\n"));
    while (connection.queuedBytes > 0) await Promise.resolve();
  }
  connection.close();
  assert.equal(clock.timers, 0);
});

Deno.test("StompConnection.end() delivers the last frame to a peer that goes on sending", async () => {
  let received = "";
  await using peer = await scripted(async (peer) => {
    await peer.send(new Uint8Array(1_000_000));
    for await (const chunk of peer.socket.readable) received += text(chunk);
  });
  const connection = new StompConnection(peer.socket);
  void connection.write(makeFrame("ERROR", { message: "enough" }));
  await connection.end(10_000);
  await peer.done;
  assert.equal(received, "ERROR\nmessage:enough\n\n\0");
});

Deno.test("StompConnection.end() does not wait for a peer beyond the time it is given", async () => {
  const clock = new ManualClock();
  const { socket, closed } = memorySocket();
  const connection = new StompConnection(socket, { clock });
  connection.write(makeFrame("ERROR")).catch(() => {});
  void connection.end(500);
  clock.advance(499);
  assert.equal(closed(), 0);
  clock.advance(1);
  assert.equal(await connection.closed, undefined);
  assert.equal(closed(), 1);
});

Deno.test("StompConnection.close() is idempotent and keeps its first reason", async () => {
  const { socket, closed } = memorySocket();
  const connection = new StompConnection(socket);
  connection.close();
  connection.close();
  assert.equal(closed(), 1);
  assert.equal(await connection.closed, undefined);
  await assert.rejects(
    connection.write(makeFrame("SEND")),
    failure("CONNECTION_LOST", "Lost connection to peer:1: it is closed"),
  );
});
