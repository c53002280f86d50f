import assert from "node:assert/strict";
import { isSsmError, type SsmError } from "../../../lib/errors.ts";
import { dial, listen, type ListenOptions } from "../../../lib/net/mod.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { der, keyPair } from "../../kit/pki/key_pair.ts";
import { type TestPki, testPki } from "../../kit/pki/test_pki.ts";
import { accept, failure, receive, send } from "./streams.ts";

const HOST = "127.0.0.1";
const made = sharedServer(["openssl"], testPki);

function test(name: string, fn: (pki: TestPki) => Promise<void>): void {
  testWith(["openssl"], name, () => fn(made()));
}

/** A TLS listener and a promise of the first refusal. */
async function tlsListener(
  m: TestPki,
  tls: Partial<NonNullable<ListenOptions["tls"]>>,
  options: ListenOptions = {},
) {
  const { promise: refused, resolve } = Promise.withResolvers<SsmError>();
  const listener = await listen({
    tls: { keyPair: keyPair(m.server), clientCertificate: "none", ...tls },
    onRefused: resolve,
    ...options,
  });
  return { listener, refused, port: listener.port };
}

Deno.test("listen() takes a free loopback port unless told otherwise", async () => {
  await using listener = await listen();
  assert.ok(listener.port > 0);
  const socket = await dial({ host: HOST, port: listener.port });
  const peer = await accept(listener);
  assert.match(peer.remote, /^127\.0\.0\.1:\d+$/);
  socket.close();
  peer.close();
});

Deno.test("listen() says that a port is taken", async () => {
  await using listener = await listen();
  const { port } = listener;
  await assert.rejects(
    listen({ port }),
    failure("CONNECT", new RegExp(`^Cannot listen on ${HOST}:${port}: `)),
  );
});

Deno.test("Listener.close() ends the iteration and the waiting clients, not the taken ones", async () => {
  const listener = await listen();
  const clients = listener[Symbol.asyncIterator]();
  const target = { host: HOST, port: listener.port };
  const first = await dial(target);
  const taken = (await clients.next()).value!;
  const second = await dial(target);
  const third = await dial(target);
  // Third is accepted after second: then second waits, taken by nobody.
  const next = (await clients.next()).value!;
  listener.close();
  listener.close();
  assert.equal((await clients.next()).done, true);
  assert.equal(await receive(third, 1).catch(() => ""), "");
  await send(taken, "still here");
  assert.equal(await receive(first, 10), "still here");
  for (const socket of [first, second, third, taken, next]) socket.close();
});

Deno.test("Listener ends a pending iteration when it is closed", async () => {
  const listener = await listen();
  const next = listener[Symbol.asyncIterator]().next();
  listener.close();
  assert.equal((await next).done, true);
});

Deno.test("Listener refuses clients beyond maxPending", async () => {
  const { promise: refused, resolve } = Promise.withResolvers<SsmError>();
  await using listener = await listen({ maxPending: 1, onRefused: resolve });
  const target = { host: HOST, port: listener.port };
  const first = await dial(target);
  const second = await dial(target);
  assert.ok(isSsmError(await refused, "LIMIT"));
  const peer = await accept(listener);
  const third = await dial(target);
  const last = await accept(listener);
  await send(last, "let in");
  assert.equal(await receive(third, 6), "let in");
  for (const socket of [first, second, third, peer, last]) socket.close();
});

for (
  const [clientCertificate, shown, accepted] of [
    ["none", false, false],
    ["none", true, false],
    ["optional", false, false],
    ["optional", true, true],
    ["required", true, true],
  ] as const
) {
  test(
    `listen() with clientCertificate "${clientCertificate}" takes a client ${
      shown ? "with" : "without"
    } a certificate`,
    async (m) => {
      const { listener, port } = await tlsListener(m, { clientCertificate });
      const socket = await dial({
        host: HOST,
        port,
        tls: { keyPair: shown ? keyPair(m.host) : undefined, verify: "none" },
      });
      const peer = await accept(listener);
      assert.deepEqual(peer.peer?.leaf, accepted ? der(m.host) : undefined);
      await send(peer, "welcome");
      assert.equal(await receive(socket, 7), "welcome");
      socket.close();
      peer.close();
      listener.close();
    },
  );
}

test("listen() shows each client the certificate of that moment", async (m) => {
  let pair = keyPair(m.server);
  const { listener, port } = await tlsListener(m, { keyPair: () => pair });
  const shown = async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const socket = await dial({
      host: HOST,
      port,
      tls: { verify: ({ leaf }) => resolve(leaf) },
    });
    const peer = await accept(listener);
    socket.close();
    peer.close();
    return await promise;
  };
  assert.deepEqual(await shown(), der(m.server));
  pair = keyPair(m.ec);
  assert.deepEqual(await shown(), der(m.ec));
  listener.close();
});

test("listen() refuses a client without a required certificate and goes on", async (m) => {
  const tls = { clientCertificate: "required" } as const;
  const { listener, refused, port } = await tlsListener(m, tls);
  const stranger = await dial({ host: HOST, port, tls: { verify: "none" } });
  const error = await refused;
  assert.ok(isSsmError(error, "TLS"));
  assert.match(error.message, /: it shows no client certificate$/);
  assert.equal(await receive(stranger, 1).catch(() => ""), "");
  const pair = keyPair(m.host);
  const friend = await dial({
    host: HOST,
    port,
    tls: { keyPair: pair, verify: "none" },
  });
  const peer = await accept(listener);
  for (const socket of [stranger, friend, peer]) socket.close();
  listener.close();
});

test("listen() refuses a client whose certificate the verifier does not accept", async (m) => {
  const shown: Uint8Array[] = [];
  const { listener, refused, port } = await tlsListener(m, {
    clientCertificate: "optional",
    verify: ({ leaf }) => {
      shown.push(leaf);
      throw new Error("not on the list");
    },
  });
  const socket = await dial({
    host: HOST,
    port,
    tls: { keyPair: keyPair(m.host), verify: "none" },
  });
  assert.match((await refused).message, /: not on the list$/);
  assert.deepEqual(shown, [der(m.host)]);
  assert.equal(await receive(socket, 1).catch(() => ""), "");
  socket.close();
  listener.close();
});

test("listen() finds out a client that does not speak TLS", async (m) => {
  const { listener, refused, port } = await tlsListener(m, {});
  const socket = await dial({ host: HOST, port });
  await send(socket, "CONNECT\naccept-version:1.2\n\n\0");
  const error = await refused;
  assert.equal(error.code, "TLS");
  assert.match(
    error.message,
    /^Cannot accept 127\.0\.0\.1:\d+: the client does not speak TLS$/,
  );
  socket.close();
  listener.close();
});

test("listen() does not wait for a handshake that does not come", async (m) => {
  const options = { handshakeTimeoutMs: 50 };
  const { listener, refused, port } = await tlsListener(m, {}, options);
  const socket = await dial({ host: HOST, port });
  const error = await refused;
  assert.equal(error.code, "TLS");
  assert.match(error.message, /: timed out after 50 ms$/);
  assert.equal(await receive(socket, 1).catch(() => ""), "");
  socket.close();
  listener.close();
});

test("Listener lets the oldest handshake give way to another client", async (m) => {
  const { listener, refused, port } = await tlsListener(m, {}, {
    maxPending: 2,
  });
  const silent = [
    await dial({ host: HOST, port }),
    await dial({ host: HOST, port }),
  ];
  const client = await dial({ host: HOST, port, tls: { verify: "none" } });
  const peer = await accept(listener);
  const error = await refused;
  assert.equal(error.code, "TLS");
  assert.match(
    error.message,
    /^Cannot accept 127\.0\.0\.1:\d+: .*it gave way to other clients$/,
  );
  await send(peer, "welcome");
  assert.equal(await receive(client, 7), "welcome");
  for (const socket of [...silent, client, peer]) socket.close();
  listener.close();
});

test("listen() reports a client that leaves during the handshake", async (m) => {
  const { listener, refused, port } = await tlsListener(m, {});
  const socket = await dial({ host: HOST, port });
  socket.close();
  assert.equal((await refused).code, "TLS");
  listener.close();
});

test("listen() refuses a key of another certificate before it listens", async (m) => {
  const pair = { ...keyPair(m.server), key: m.host.keyPem };
  await assert.rejects(
    listen({ tls: { keyPair: pair, clientCertificate: "none" } }),
    failure("KEY", /does not belong to the certificate$/),
  );
});
