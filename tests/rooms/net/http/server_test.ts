import assert from "node:assert/strict";
import type { HttpHandler } from "../../../../lib/net/mod.ts";
import { GET, post, withServer } from "./raw_client.ts";

Deno.test("HttpServer answers requests of one connection in their order", () =>
  withServer({}, async ({ connect, server }) => {
    const client = await connect();
    await client.write(GET);
    assert.match(
      await client.until(">"),
      /^HTTP\/1\.1 200 OK\r\n.*<GET \/a b >$/s,
    );
    await client.write(post("one") + post("two"));
    assert.match(await client.until(">"), /<POST \/p one>$/);
    assert.match(await client.until(">"), /<POST \/p two>$/);
    await client.write(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    assert.match(await client.until(">"), /<POST \/ abc>$/);
    assert.equal(server.connections, 1);
  }));

for (
  const [what, request, status] of [
    [
      "headers that are too long",
      `GET / HTTP/1.1\r\nX: ${"a".repeat(70_000)}`,
      431,
    ],
    ["what is no HTTP", "\x16\x03\x01\x02\x00\r\n\r\n", 400],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    [
      "two lengths of a body",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    [
      "a path that is none",
      "GET /%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
    ],
  ] as const
) {
  Deno.test(`HttpServer refuses ${what}, and ends the connection`, () =>
    withServer({}, async ({ connect }) => {
      const client = await connect();
      await client.write(request);
      assert.match(await client.rest(), new RegExp(`^HTTP/1.1 ${status} `));
    }));
}

Deno.test("HttpServer answers before it throws the rest of a body away", async () => {
  const handler: HttpHandler = async (request) => {
    if (request.path === "/none") return { status: 401 };
    return await request.body(10).then(
      () => ({ status: 200 }),
      ({ code }) => ({ status: code === "LIMIT" ? 413 : 500 }),
    );
  };
  await withServer({ handler }, async ({ connect }) => {
    const long = "x".repeat(300_000);
    for (
      const [request, status] of [
        [post(long), 413],
        [post(long).replace("/p", "/none"), 401],
        [
          `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${
            (300_000).toString(16)
          }\r\n${long}\r\n0\r\n\r\n`,
          413,
        ],
      ] as const
    ) {
      const client = await connect();
      await client.write(request);
      assert.match(await client.until("\r\n\r\n"), new RegExp(` ${status} `));
      // The connection is good for another.
      await client.write(post("short"));
      assert.match(await client.until("\r\n\r\n"), / 200 /);
    }
  });
});

Deno.test("HttpServer.drain() answers what has come, and lets nobody in", async () => {
  const held = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const handler: HttpHandler = async () => {
    began.resolve();
    await held.promise;
    return { status: 200, body: ">" };
  };
  await withServer({ handler }, async ({ connect, server, refused }) => {
    const [idle, busy] = [await connect(), await connect()];
    await busy.write(GET);
    await began.promise;
    const drained = server.drain();
    assert.equal(await idle.rest(), "");
    const late = await connect();
    assert.equal(await late.rest(), "");
    assert.deepEqual(refused, ["Cannot connect: the server is stopping"]);
    held.resolve();
    assert.match(await busy.rest(), / 200 OK\r\n.*connection: close.*>$/is);
    busy.socket.close();
    await drained;
    assert.equal(server.connections, 0);
  });
});

Deno.test("HttpServer.drain() cuts off who does not come to an end", async () => {
  const began = Promise.withResolvers<void>();
  const handler: HttpHandler = () => {
    began.resolve();
    return new Promise(() => {});
  };
  await withServer({ handler }, async ({ connect, server, clock }) => {
    const client = await connect();
    await client.write(GET);
    await began.promise;
    const drained = server.drain({ timeoutMs: 1000 });
    clock.advance(1000);
    await drained;
    assert.equal(await client.rest(), "");
  });
});

Deno.test("HttpServer answers 500 for a handler that throws, and goes on", async () => {
  const errors: unknown[] = [];
  const handler: HttpHandler = ({ path }) => {
    if (path === "/p") throw new TypeError("a mistake");
    return { status: 200 };
  };
  await withServer(
    { handler, onError: (error) => errors.push(error) },
    async ({ connect }) => {
      const client = await connect();
      await client.write(post(""));
      const said = await client.until("\r\n\r\n");
      assert.match(said, / 500 /);
      assert.doesNotMatch(said, /mistake/);
      await client.write(GET);
      assert.match(await client.until("\r\n\r\n"), / 200 /);
      assert.equal(errors.length, 1);
    },
  );
});
