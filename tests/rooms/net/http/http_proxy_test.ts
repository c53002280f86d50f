import assert from "node:assert/strict";
import { proxyFor } from "../../../../lib/net/mod.ts";
import { connectProxy } from "../../../kit/net/connect_proxy.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import { GET, httpSite } from "./http_site.ts";

function through(url: string) {
  return proxyFor((name) => name === "https_proxy" ? url : undefined, "h", 1);
}

Deno.test("HttpClient goes through a proxy, which sees the host's name alone", async () => {
  await using proxy = await connectProxy();
  await using site = await httpSite({
    proxy: through(`http://127.0.0.1:${proxy.port}`),
    // The proxy finds the host: this machine may not know its name.
    resolve: () => Promise.reject(new Error("not to be asked")),
  });
  for (let call = 0; call < 2; call++) {
    const { status } = await site.client.call({
      ...GET,
      headers: { "x-api-key": "secret" },
    });
    assert.equal(status, 200);
  }
  const target = `localhost:${site.peer.port}`;
  assert.deepEqual(proxy.heads, [
    `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
  ]);
});

Deno.test("HttpClient shows the proxy's password to the proxy, and not to the host", async () => {
  const authorization = `Basic ${btoa("user:p@ss")}`;
  await using proxy = await connectProxy({ authorization });
  await using site = await httpSite({
    proxy: through(`http://user:p%40ss@127.0.0.1:${proxy.port}`),
  });
  await site.client.call(GET);
  assert.equal(site.peer.last.headers.get("proxy-authorization"), undefined);
});

Deno.test("HttpClient says what to do when the proxy wants a password", async () => {
  await using proxy = await connectProxy({ authorization: "Basic x" });
  await using site = await httpSite({
    proxy: through(`http://user:wrong@127.0.0.1:${proxy.port}`),
  });
  await assert.rejects(site.client.call(GET), {
    code: "CONNECT",
    message:
      `Cannot connect to localhost:${site.peer.port}: proxy 127.0.0.1:${proxy.port} answers 407 "Who are you"`,
    hint:
      "Put user and password into the proxy's URL: http://USER:PASSWORD@HOST:PORT.",
  });
  assert.equal(site.peer.connections, 0);
});

for (
  const [what, says, words] of [
    [
      "refuses",
      "HTTP/1.1 403 Not \x1b[31m you\r\n\r\n",
      /answers 403 "Not \\u\{1b\}\[31m you"$/,
    ],
    ["does not speak HTTP", "220 ready\r\n\r\n", /does not speak HTTP$/],
    ["closes", "", /: closed before an answer came$/],
    ["has no end", "HTTP/1.1 200 OK\r\nX: ".padEnd(20_000, "a"), /longer/],
  ] as const
) {
  Deno.test(`HttpClient says that the proxy ${what}`, async () => {
    await using proxy = await connectProxy({ says });
    await using site = await httpSite({
      proxy: through(`127.0.0.1:${proxy.port}`),
    });
    await assert.rejects(site.client.call(GET), {
      code: "CONNECT",
      message: words,
    });
  });
}

Deno.test("HttpClient says that the proxy is not there", async () => {
  const port = freePort();
  await using site = await httpSite({ proxy: through(`127.0.0.1:${port}`) });
  await assert.rejects(site.client.call(GET), {
    code: "CONNECT",
    message: `Cannot connect to proxy 127.0.0.1:${port}: connection refused`,
  });
});
