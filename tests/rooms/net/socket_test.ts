import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { dial, listen, type Socket } from "../../../lib/net/mod.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { keyPair } from "../../kit/pki/key_pair.ts";
import { testPki } from "../../kit/pki/test_pki.ts";
import { accept, receive, send } from "./streams.ts";

const HOST = "127.0.0.1";
const made = sharedServer(["openssl"], testPki);

/** Both ends of a connection. */
interface Pair extends AsyncDisposable {
  readonly near: Socket;
  readonly far: Socket;
}

async function pair(secure: boolean): Promise<Pair> {
  const listener = await listen(
    secure
      ? { tls: { keyPair: keyPair(made().server), clientCertificate: "none" } }
      : {},
  );
  const near = await dial({
    host: HOST,
    port: listener.port,
    tls: secure ? { verify: "none" } : undefined,
  });
  const far = await accept(listener);
  listener.close();
  return {
    near,
    far,
    [Symbol.asyncDispose]() {
      near.close();
      far.close();
      return Promise.resolve();
    },
  };
}

/** One test over plain TCP and one over TLS. */
function test(name: string, fn: (pair: Pair) => Promise<void>): void {
  Deno.test(`${name}, plain`, async () => {
    await using ends = await pair(false);
    await fn(ends);
  });
  testWith(["openssl"], `${name}, TLS`, async () => {
    await using ends = await pair(true);
    await fn(ends);
  });
}

const CHUNK = new Uint8Array(64 << 10);
const CHUNKS = 1024;

/** Writes 64 MiB; `written` tells how far it has come. */
function flood(socket: Socket) {
  const writer = socket.writable.getWriter();
  const progress = { written: 0, done: Promise.resolve() };
  progress.done = (async () => {
    for (let i = 0; i < CHUNKS; i++) {
      await writer.write(CHUNK);
      progress.written++;
    }
    await writer.close();
  })();
  progress.done.catch(() => {});
  return progress;
}

/** Waits until a flood moves no more. */
async function standstill(progress: { written: number }): Promise<void> {
  for (let before = -1; before !== progress.written;) {
    before = progress.written;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const reader of ["near", "far"] as const) {
  test(`Socket stops the peer while nobody reads (${reader})`, async (ends) => {
    const socket = ends[reader];
    const progress = flood(reader === "near" ? ends.far : ends.near);
    await standstill(progress);
    // What the system itself buffers is a few MiB.
    assert.ok(progress.written < CHUNKS / 2, `${progress.written} chunks`);
    let bytes = 0;
    for await (const chunk of socket.readable) bytes += chunk.length;
    await progress.done;
    assert.equal(bytes, CHUNKS * CHUNK.length);
  });
}

test("Socket.close() ends a pending read and fails a pending write", async (ends) => {
  const { near } = ends;
  const read = near.readable.getReader().read();
  const progress = flood(near);
  await standstill(progress);
  near.close();
  near.close();
  assert.deepEqual(await read, { value: undefined, done: true });
  await assert.rejects(
    progress.done,
    (error) => isSsmError(error, "CONNECTION_LOST"),
  );
});

test("Socket hands out what came before the peer closed, then ends", async (ends) => {
  const { near, far } = ends;
  await send(far, "last words");
  await far.writable.close();
  assert.equal(await receive(near, 100), "last words");
});

test("Socket can still be written to when the peer has nothing more to say", async (ends) => {
  const { near, far } = ends;
  await far.writable.close();
  assert.equal(await receive(near, 1), "");
  await send(near, "answer");
  assert.equal(await receive(far, 6), "answer");
});

test("Socket fails reads and writes when the peer breaks the connection off", async (ends) => {
  const { near, far } = ends;
  // Closing with bytes unread resets the connection.
  const progress = flood(near);
  await standstill(progress);
  far.close();
  await assert.rejects(
    progress.done,
    (error) => isSsmError(error, "CONNECTION_LOST"),
  );
});
