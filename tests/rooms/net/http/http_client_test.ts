import assert from "node:assert/strict";
import { ManualClock } from "../../../kit/clocks.ts";
import { inTurn, raw, reply } from "../../../kit/net/https_peer.ts";
import { GET, httpSite, MATERIAL } from "./http_site.ts";
import { trustIn } from "../../../kit/pki/trust_in.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import { HttpClient } from "../../../../lib/net/mod.ts";
import { authority } from "../../../../lib/net/http/http_client.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("HttpClient sends what it is told, and hands out the answer", async () => {
  await using site = await httpSite();
  site.peer.answer = reply(201, "said", { "Retry-After": "7" });
  const answer = await site.client.call({
    ...GET,
    method: "POST",
    path: "/v1/x:publish",
    headers: { "x-api-key": "secret" },
    body: "grüße",
  });
  assert.equal(answer.status, 201);
  assert.equal(text(answer.body), "said");
  assert.equal(answer.retryAfterMs, 7000);
  const { method, path, headers, body } = site.peer.last;
  assert.equal(`${method} ${path} ${text(body)}`, "POST /v1/x:publish grüße");
  assert.equal(headers.get("x-api-key"), "secret");
  assert.equal(headers.get("host"), `localhost:${site.peer.port}`);
  assert.equal(headers.get("accept-encoding"), "identity");
});

Deno.test("HttpClient keeps one connection for calls one after the other", async () => {
  await using site = await httpSite();
  for (let call = 0; call < 50; call++) {
    site.peer.answer = reply(call % 2 ? 200 : 500, "{}");
    await site.client.call(GET);
  }
  assert.equal(site.peer.connections, 1);
  assert.deepEqual(site.client.statistics, {
    requests: 50,
    connections: 1,
    sentBytes: 0,
    receivedBytes: 100,
  });
});

Deno.test("HttpClient makes calls that are asked for at once beside each other", async () => {
  await using site = await httpSite();
  const all = Promise.withResolvers<void>();
  site.peer.answer = async (socket, request) => {
    if (site.peer.requests.length === 3) all.resolve();
    await all.promise;
    await reply(200, request.path)(socket, request);
  };
  const answers = await Promise.all(
    ["/1", "/2", "/3"].map((path) => site.client.call({ ...GET, path })),
  );
  assert.deepEqual(answers.map(({ body }) => text(body)), ["/1", "/2", "/3"]);
});

Deno.test("HttpClient connects anew when the peer has closed the kept connection", async () => {
  await using site = await httpSite();
  site.peer.answer = (socket, request) => {
    reply(200, "{}", { Connection: "close" })(socket, request);
    socket.end();
  };
  await site.client.call(GET);
  await site.client.call(GET);
  assert.equal(site.peer.connections, 2);
});

Deno.test("HttpClient repeats a call on a kept connection that turns out to be closed, where that does no harm", async () => {
  await using site = await httpSite();
  const answer = inTurn(
    reply(200, "1"),
    (socket) => void socket.destroy(),
    reply(200, "2"),
    (socket) => void socket.destroy(),
  );
  site.peer.answer = answer;
  await site.client.call(GET);
  const second = await site.client.call({ ...GET, repeatable: true });
  assert.equal(text(second.body), "2");
  await assert.rejects(site.client.call(GET), { code: "CONNECTION_LOST" });
  assert.equal(site.peer.requests.length, 4);
});

Deno.test("HttpClient does not repeat a call when the answer was cut", async () => {
  await using site = await httpSite();
  site.peer.answer = inTurn(
    reply(200, "1"),
    raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "ends"),
  );
  await site.client.call(GET);
  await assert.rejects(site.client.call({ ...GET, repeatable: true }), {
    code: "CONNECTION_LOST",
  });
  assert.equal(site.peer.requests.length, 2);
});

Deno.test("HttpClient does not take what came without being asked for as the next answer", async () => {
  await using site = await httpSite();
  const late = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  site.peer.answer = async (socket, request) => {
    await reply(200, "first")(socket, request);
    await late.promise;
    socket.once("close", () => gone.resolve());
    await reply(200, "unasked")(socket, request);
  };
  assert.equal(text((await site.client.call(GET)).body), "first");
  late.resolve();
  await gone.promise;
  site.peer.answer = reply(200, "second");
  assert.equal(text((await site.client.call(GET)).body), "second");
});

Deno.test("HttpClient lets a connection go on which nothing happened for a minute", async () => {
  const clock = new ManualClock();
  await using site = await httpSite({ clock });
  const gone = Promise.withResolvers<void>();
  site.peer.answer = async (socket, request) => {
    socket.once("close", () => gone.resolve());
    await reply(200, "{}")(socket, request);
  };
  await site.client.call(GET);
  clock.advance(59_000);
  await site.client.call(GET);
  assert.equal(site.peer.connections, 1);
  clock.advance(60_000);
  await gone.promise;
  await site.client.call(GET);
  assert.equal(site.peer.connections, 2);
});

for (
  const [when, answer] of [
    ["before the answer", () => {}],
    ["in its head", raw("HTTP/1.1 200 OK\r\nContent-Le")],
    ["in its body", raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")],
  ] as const
) {
  Deno.test(`HttpClient gives up at the deadline ${when}, and ends the connection`, async () => {
    const clock = new ManualClock();
    await using site = await httpSite({ clock });
    const gone = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    site.peer.answer = async (socket, request) => {
      socket.once("close", () => gone.resolve());
      await answer(socket, request);
      asked.resolve();
    };
    const call = site.client.call({ ...GET, timeoutMs: 5000 });
    await asked.promise;
    clock.advance(5000);
    await assert.rejects(call, {
      code: "TIMEOUT",
      message:
        `Cannot ask localhost:${site.peer.port}: timed out after 5000 ms`,
    });
    await gone.promise;
  });
}

Deno.test("HttpClient counts the search for the address to the deadline", async () => {
  const clock = new ManualClock();
  await using site = await httpSite({
    clock,
    resolve: () => new Promise(() => {}),
  });
  const call = site.client.call({ ...GET, timeoutMs: 3000 });
  clock.advance(3000);
  await assert.rejects(call, { code: "TIMEOUT" });
});

Deno.test("HttpClient stops on request", async () => {
  await using site = await httpSite();
  const stop = new AbortController();
  site.peer.answer = () => stop.abort();
  await assert.rejects(site.client.call({ ...GET, signal: stop.signal }), {
    code: "ABORTED",
    message: `Cannot ask localhost:${site.peer.port}: stopped on request`,
  });
  await assert.rejects(site.client.call({ ...GET, signal: stop.signal }), {
    code: "ABORTED",
  });
});

Deno.test("HttpClient says that nobody listens", async () => {
  const port = freePort();
  using client = new HttpClient({
    host: "127.0.0.1",
    port,
    tls: { verify: { roots: "public" } },
  });
  await assert.rejects(client.call(GET), {
    code: "CONNECT",
    message: `Cannot connect to 127.0.0.1:${port}: connection refused`,
  });
});

Deno.test("HttpClient says that a name does not exist", async () => {
  await using site = await httpSite({
    resolve: () =>
      Promise.reject(Object.assign(new Error("?"), { code: "ENOTFOUND" })),
  });
  await assert.rejects(site.client.call(GET), {
    code: "CONNECT",
    message: /: name not found$/,
  });
});

Deno.test("HttpClient fails calls that are under way when it is closed", async () => {
  await using site = await httpSite();
  site.peer.answer = () => site.client.close();
  await assert.rejects(site.client.call(GET), { code: "CONNECTION_LOST" });
});

Deno.test("HttpClient sends 50 MB, and takes an answer of 20 MB", async () => {
  await using site = await httpSite();
  site.peer.answer = reply(200, new Uint8Array(20e6).fill(97));
  const { body } = await site.client.call({
    ...GET,
    method: "POST",
    body: new Uint8Array(50e6),
    maxAnswerBytes: 20e6,
  });
  assert.equal(body.length, 20e6);
  assert.equal(site.peer.last.body.length, 50e6);
});

Deno.test("HttpClient speaks with a server of another make", async () => {
  const { certificatePem: cert, keyPem: key } = MATERIAL.server;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", cert, key, onListen() {} },
    async (request) => Response.json(await request.text()),
  );
  using client = new HttpClient({
    host: "localhost",
    port: (server.addr as Deno.NetAddr).port,
    tls: {
      verify: {
        roots: "public",
        besides: trustIn(MATERIAL.ca.credentials.certificatePem),
      },
    },
  });
  for (const body of ["a", "b"]) {
    const answer = await client.call({ ...GET, method: "POST", body });
    assert.equal(text(answer.body), `"${body}"`);
  }
  assert.equal(client.statistics.connections, 1);
  client.close();
});

Deno.test("HttpClient names the host without the usual port", () => {
  assert.equal(authority("msg.example.org", 443), "msg.example.org");
  assert.equal(authority("msg.example.org", 8443), "msg.example.org:8443");
  assert.equal(authority("fe80::443", 443), "[fe80::443]");
});
