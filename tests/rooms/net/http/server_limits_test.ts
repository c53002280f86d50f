import assert from "node:assert/strict";
import type { HttpHandler } from "../../../../lib/net/mod.ts";
import type { ManualClock } from "../../../kit/clocks.ts";
import { GET, post, withServer } from "./raw_client.ts";

/** Waits until the clock has that many timers: something else is waited for now. */
async function timers(clock: ManualClock, count: number): Promise<void> {
  while (clock.timers !== count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

Deno.test("HttpServer ends a connection that asks for nothing", () =>
  withServer(
    { limits: { idleMs: 1000 } },
    async ({ connect, clock, server }) => {
      const client = await connect();
      await timers(clock, 1);
      clock.advance(1000);
      assert.equal(await client.rest(), "");
      while (server.connections > 0) {
        await new Promise((go) => setImmediate(go));
      }
      // After an answer, too.
      const other = await connect();
      await other.write(GET);
      await other.until(">");
      await timers(clock, 1);
      clock.advance(999);
      await other.write(GET);
      await other.until(">");
      await timers(clock, 1);
      clock.advance(1000);
      assert.equal(await other.rest(), "");
    },
  ));

Deno.test("HttpServer ends a connection whose headers take too long, byte by byte or not", () =>
  withServer(
    { limits: { headerMs: 1000, idleMs: 60_000 } },
    async ({ connect, clock }) => {
      const client = await connect();
      await timers(clock, 1);
      await client.write("GET / HTTP/1.1\r\n");
      for (let n = 0; n < 10; n++) {
        await client.write("X").catch(() => {});
        clock.advance(500);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.equal(await client.rest(), "");
    },
  ));

Deno.test("HttpServer ends a connection whose body takes too long", () =>
  withServer(
    { limits: { bodyMs: 1000, idleMs: 60_000 } },
    async ({ connect, clock }) => {
      const client = await connect();
      await client.write(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
      );
      await client.until("100 Continue");
      await timers(clock, 1);
      clock.advance(1000);
      assert.equal((await client.rest()).trim(), "");
    },
  ));

Deno.test("HttpServer ends a connection that does not read its answer", async () => {
  const body = new Uint8Array(64 << 20);
  await withServer({
    handler: () => ({ status: 200, body }),
    limits: { writeMs: 1000, idleMs: 60_000 },
  }, async ({ connect, clock, server }) => {
    const client = await connect();
    await client.write(GET);
    await client.until("\r\n\r\n");
    // It takes nothing more, so nothing resets the time.
    while (server.connections > 0) {
      clock.advance(250);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await client.rest();
  });
});

Deno.test("HttpServer lets connections give way that drip headers, or a body that nobody wants", () =>
  withServer(
    { handler: () => ({ status: 401 }), limits: { maxConnections: 2 } },
    async ({ connect, server, refused }) => {
      const [first, second] = [await connect(), await connect()];
      await first.write("GET / HTTP/1.1\r\nX");
      await second.write(post("x".repeat(9)).slice(0, -1));
      await second.until("\r\n\r\n");
      const [third, fourth] = [await connect(), await connect()];
      await first.rest();
      await second.rest();
      for (const client of [third, fourth]) {
        await client.write(GET);
        await client.until("\r\n\r\n");
      }
      assert.deepEqual([server.connections, refused], [2, []]);
    },
  ));

Deno.test("HttpServer gives memory back when the client of an answer is gone", async () => {
  const held: (() => void)[] = [];
  const handler: HttpHandler = async (request) => {
    await request.body(1000);
    if (request.path === "/p") await new Promise<void>((go) => held.push(go));
    return { status: 200, body: "x".repeat(600) };
  };
  await withServer(
    { handler, limits: { maxBodyBytes: 1000 } },
    async ({ connect, server }) => {
      for (let n = 0; n < 5; n++) {
        const client = await connect();
        await client.write(post("x".repeat(900)));
        while (held.length === 0) await new Promise((go) => setImmediate(go));
        client.socket.close();
        while (server.connections > 0) {
          await new Promise((go) => setImmediate(go));
        }
        held.pop()!();
      }
      const client = await connect();
      await client.write(post("x".repeat(900)).replace("/p", "/q"));
      assert.match(await client.until("\r\n\r\n"), / 200 /);
    },
  );
});

Deno.test("HttpServer lets idle connections give way, and turns away when there are none", async () => {
  const held: (() => void)[] = [];
  const handler: HttpHandler = async ({ path }) => {
    if (path === "/hold") await new Promise<void>((go) => held.push(go));
    return { status: 200, body: ">" };
  };
  await withServer(
    { handler, limits: { maxConnections: 2 } },
    async (running) => {
      const { connect, server, refused } = running;
      const [idle, busy] = [await connect(), await connect()];
      await idle.write(GET);
      await idle.until(">");
      await busy.write(GET.replace("/a%20b", "/hold"));
      while (held.length < 1) await new Promise((go) => setImmediate(go));
      const third = await connect();
      await third.write(GET.replace("/a%20b", "/hold"));
      while (held.length < 2) await new Promise((go) => setImmediate(go));
      assert.equal(await idle.rest(), "");
      assert.equal(server.connections, 2);
      const fourth = await connect();
      assert.equal(await fourth.rest(), "");
      assert.deepEqual(refused, [
        "Cannot connect: 2 clients are connected already",
      ]);
      for (const go of held) go();
      await busy.until(">");
      await third.until(">");
    },
  );
});

Deno.test("HttpServer has only so much memory for bodies and answers", async () => {
  const held: (() => void)[] = [];
  const handler: HttpHandler = async (request) => {
    try {
      await request.body(1000);
    } catch (error) {
      return {
        status: (error as { code: string }).code === "TIMEOUT" ? 503 : 500,
      };
    }
    await new Promise<void>((go) => held.push(go));
    return { status: 200 };
  };
  await withServer(
    { handler, limits: { maxBodyBytes: 1000 } },
    async ({ connect }) => {
      const [first, second, third] = [
        await connect(),
        await connect(),
        await connect(),
      ];
      await first.write(post("x".repeat(600)));
      while (held.length < 1) await new Promise((go) => setImmediate(go));
      await second.write(post("x".repeat(600)));
      assert.match(await second.until("\r\n\r\n"), / 503 /);
      await second.write(post("x".repeat(400)));
      while (held.length < 2) await new Promise((go) => setImmediate(go));
      await third.write(GET);
      assert.match(await third.until("\r\n\r\n"), / 503 .*retry-after: 1/s);
      for (const go of held.splice(0)) go();
      await first.until("\r\n\r\n");
      await second.until("\r\n\r\n");
      await third.write(post("x".repeat(600)));
      while (held.length < 1) await new Promise((go) => setImmediate(go));
      held[0]!();
      assert.match(await third.until("\r\n\r\n"), / 200 /);
    },
  );
});
