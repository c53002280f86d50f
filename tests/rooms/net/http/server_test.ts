import assert from "node:assert/strict";
import {
  dial,
  type HttpHandler,
  HttpServer,
  type HttpServerOptions,
  listen,
  type Socket,
} from "../../../../lib/net/mod.ts";
import { ManualClock } from "../../../kit/manual_clock.ts";

/** A client that writes bytes and reads what comes, as text. */
class Raw implements Disposable {
  readonly socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.#writer.closed.catch(() => {});
  }

  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** All that was said up to this. */
  async until(end: string): Promise<string> {
    while (!this.#text.includes(end)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`It ended after ${JSON.stringify(this.#text)}`);
      this.#text += this.#decoder.decode(value);
    }
    const at = this.#text.indexOf(end) + end.length;
    const said = this.#text.slice(0, at);
    this.#text = this.#text.slice(at);
    return said;
  }

  /** All that is said until the server ends the connection, in whatever way. */
  async rest(): Promise<string> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#text += this.#decoder.decode(value);
      }
    } catch {
      // Reset instead of closed: it is ended all the same.
    }
    return this.#text;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** What a server in this process is tested with. */
interface Running {
  readonly server: HttpServer;
  readonly clock: ManualClock;
  /** Who was turned away, and why. */
  readonly refused: string[];
  connect(): Promise<Raw>;
}

async function withServer(
  options: Partial<HttpServerOptions>,
  fn: (running: Running) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const refused: string[] = [];
  await using listener = await listen();
  await using server = new HttpServer({
    handler: echo,
    clock,
    onRefused: (_remote, why) => refused.push(why),
    ...options,
  });
  const serving = server.serveAll(listener);
  using clients = new DisposableStack();
  await fn({
    server,
    clock,
    refused,
    connect: async () => {
      const { port } = listener;
      return clients.use(new Raw(await dial({ host: "127.0.0.1", port })));
    },
  });
  listener.close();
  await serving;
}

const echo: HttpHandler = async (request) => {
  const body = new TextDecoder().decode(await request.body(100));
  return { status: 200, body: `<${request.method} ${request.path} ${body}>` };
};

const GET = "GET /a%20b?c HTTP/1.1\r\nHost: x\r\n\r\n";

function post(body: string): string {
  return `POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Waits until the clock has that many timers: something else is waited for now. */
async function timers(clock: ManualClock, count: number): Promise<void> {
  while (clock.timers !== count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

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
