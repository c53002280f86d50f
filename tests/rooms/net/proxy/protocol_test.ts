import assert from "node:assert/strict";
import type { SsmError } from "../../../../lib/errors.ts";
import { dial, listen, type ListenOptions } from "../../../../lib/net/mod.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { der, keyPair } from "../../../kit/pki/key_pair.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { accept, receive, send } from "../streams.ts";

const made = sharedServer(["openssl"], testPki);
const host = "127.0.0.1";
const HEADER = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 61613\r\n";

/** A listener behind a proxy, and a promise of the first refusal. */
async function proxied(options: ListenOptions = {}) {
  const { promise: refused, resolve } = Promise.withResolvers<SsmError>();
  const listener = await listen({
    proxyProtocol: true,
    onRefused: resolve,
    ...options,
  });
  return { listener, refused, to: { host, port: listener.port } };
}

Deno.test("listen() takes the client's address from the PROXY protocol, and the rest from the client", async () => {
  const { listener, to } = await proxied();
  await using _ = listener;
  for (
    const pieces of [
      [`${HEADER}hello`],
      [HEADER, "hello"],
      ["PR", HEADER.slice(2), "hel", "lo"],
      [...`${HEADER}hello`],
    ]
  ) {
    const client = await dial(to);
    for (const piece of pieces) await send(client, piece);
    const peer = await accept(listener);
    assert.equal(peer.remote, "192.0.2.1:56324");
    assert.equal(await receive(peer, 5), "hello");
    await send(peer, "welcome");
    assert.equal(await receive(client, 7), "welcome");
    client.close();
    peer.close();
  }
});

Deno.test("listen() keeps the address of a proxy that speaks for itself", async () => {
  const { listener, to } = await proxied();
  await using _ = listener;
  const client = await dial(to);
  await send(client, "PROXY UNKNOWN\r\n");
  const peer = await accept(listener);
  assert.match(peer.remote, /^127\.0\.0\.1:\d+$/);
  client.close();
  peer.close();
});

Deno.test("listen() refuses who sends no PROXY protocol header, and tells it", async () => {
  const { listener, refused, to } = await proxied({
    farewell: ({ message }) => new TextEncoder().encode(`${message}\n`),
  });
  await using _ = listener;
  const client = await dial(to);
  await send(client, "CONNECT\naccept-version:1.2\n");
  const why = "Cannot accept a client: it sends no PROXY protocol header";
  assert.equal(await receive(client, 1000), `${why}\n`);
  client.close();
  assert.equal((await refused).message, why);
});

Deno.test("listen() refuses a malformed PROXY protocol header", async () => {
  const { listener, refused, to } = await proxied();
  await using _ = listener;
  const client = await dial(to);
  await send(client, HEADER.replace("56324", "99999"));
  assert.match((await refused).message, /one of its ports is none/);
  client.close();
});

Deno.test("listen() waits for a PROXY protocol header no longer than for a handshake", async () => {
  const { listener, refused, to } = await proxied({ handshakeTimeoutMs: 1 });
  await using _ = listener;
  const client = await dial(to);
  await send(client, "PROXY ");
  assert.match((await refused).message, /timed out after 1 ms/);
  client.close();
});

Deno.test("listen() lets a client that owes its PROXY protocol header give way", async () => {
  const { listener, refused, to } = await proxied({ maxPending: 1 });
  await using _ = listener;
  const silent = await dial(to);
  const client = await dial(to);
  await send(client, HEADER);
  const peer = await accept(listener);
  assert.match((await refused).message, /gave way to other clients/);
  for (const socket of [silent, client, peer]) socket.close();
});

Deno.test("listen() forgets who leaves without a PROXY protocol header", async () => {
  const { listener, refused, to } = await proxied();
  await using _ = listener;
  (await dial(to)).close();
  assert.match(
    (await refused).message,
    /closed before a PROXY protocol header/,
  );
});

testWith(
  ["openssl"],
  "listen() reads the PROXY protocol header before TLS",
  async () => {
    const m = made();
    const { listener, refused, to } = await proxied({
      tls: { keyPair: keyPair(m.server), clientCertificate: "required" },
    });
    await using _ = listener;
    // What a proxy does: its own bytes first, then the client's as they are.
    await using proxy = await listen();
    const through = (async () => {
      const outside = await accept(proxy);
      const inside = await dial(to);
      await send(inside, HEADER);
      await Promise.allSettled([
        outside.readable.pipeTo(inside.writable),
        inside.readable.pipeTo(outside.writable),
      ]);
    })();
    const client = await dial({
      ...{ host, port: proxy.port },
      tls: { verify: "none", keyPair: keyPair(m.host) },
    });
    const peer = await accept(listener);
    assert.equal(peer.remote, "192.0.2.1:56324");
    assert.deepEqual(peer.peer?.leaf, der(m.host));
    await send(client, "hello");
    assert.equal(await receive(peer, 5), "hello");
    client.close();
    peer.close();
    await through;

    const direct = dial({ ...to, tls: { verify: "none" } });
    await assert.rejects(direct, {
      code: "CONNECT",
      message: /closed by the peer$/,
    });
    assert.match((await refused).message, /sends no PROXY protocol header/);
  },
);

testWith(
  ["openssl"],
  "listen() names a PROXY protocol header where it expects TLS",
  async () => {
    const { listener, refused, to } = await proxied({
      proxyProtocol: false,
      tls: { keyPair: keyPair(made().server), clientCertificate: "none" },
    });
    await using _ = listener;
    const client = await dial(to);
    await send(client, HEADER);
    client.close();
    assert.match(
      (await refused).message,
      /^Cannot accept 127\.0\.0\.1:\d+: it sends a PROXY protocol header: say --proxy-protocol$/,
    );
  },
);
