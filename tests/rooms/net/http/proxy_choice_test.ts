import assert from "node:assert/strict";
import { proxyFor } from "../../../../lib/net/mod.ts";

const PROXY = "http://proxy.example:3128";

function choice(
  environment: Readonly<Record<string, string>>,
  host = "msg.example.org",
  port = 443,
): string | undefined {
  const proxy = proxyFor((name) => environment[name], host, port);
  return proxy && `${proxy.host}:${proxy.port}`;
}

Deno.test("proxyFor() takes the first variable that is set", () => {
  assert.equal(choice({}), undefined);
  assert.equal(choice({ http_proxy: "a:1" }), undefined);
  assert.equal(choice({ HTTPS_PROXY: "a:1", ALL_PROXY: "b:2" }), "a:1");
  assert.equal(choice({ https_proxy: "a:1", HTTPS_PROXY: "b:2" }), "a:1");
  assert.equal(choice({ https_proxy: "", ALL_PROXY: "b:2" }), "b:2");
  assert.equal(choice({ all_proxy: "http://[::1]" }), "::1:80");
  assert.equal(
    choice({ https_proxy: " HTTP://A.example:9/path " }),
    "a.example:9",
  );
});

for (
  const [list, direct, proxied] of [
    ["*", ["msg.example.org", "10.0.0.1"], []],
    ["example.org", ["example.org", "msg.example.org", "MSG.EXAMPLE.ORG."], [
      "badexample.org",
      "example.org.evil.test",
    ]],
    [".example.org", ["msg.example.org", "example.org"], ["xexample.org"]],
    ["*.example.org", ["msg.example.org"], ["xexample.org"]],
    ["a.test, msg.example.org", ["a.test", "msg.example.org"], ["b.test"]],
    ["a.test msg.example.org", ["a.test", "msg.example.org"], ["b.test"]],
    ["msg.example.org:443", ["msg.example.org"], []],
    ["msg.example.org:8443", [], ["msg.example.org"]],
    ["10.0.0.0/8", ["10.1.2.3"], ["11.1.2.3", "10.example.org", "::1"]],
    ["10.1.2.3", ["10.1.2.3"], ["10.1.2.4", "1.10.1.2.3.test"]],
    ["10.1.2.3:443", ["10.1.2.3"], []],
    ["10.1.2.3:1", [], ["10.1.2.3"]],
    ["fe80::/10", ["fe80::1"], ["fec0::1", "10.0.0.1"]],
    ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2"]],
    ["[::1]:443", ["::1"], ["::2"]],
    ["[::1]:1", [], ["::1"]],
    ["10.0.0.0/99, x/y, :, ,/", [], ["10.1.2.3", "msg.example.org"]],
  ] as const
) {
  Deno.test(`proxyFor() takes NO_PROXY=${list}`, () => {
    const environment = { HTTPS_PROXY: PROXY, NO_PROXY: list };
    for (const host of direct) {
      assert.equal(choice(environment, host), undefined, host);
    }
    for (const host of proxied) {
      assert.equal(choice(environment, host), "proxy.example:3128", host);
    }
  });
}

Deno.test("proxyFor() tells a proxy that cannot be used by its variable, without its password", () => {
  for (
    const url of [
      "socks5://user:geheim@a:1",
      "https://user:geheim@a:1",
      "http://user:geheim%zz@a:1",
      "http://user:geheim@a:99999",
      "http://:geheim@",
    ]
  ) {
    assert.throws(
      () => choice({ ALL_PROXY: url }),
      (error: Error & { code: string }) =>
        error.code === "CONFIG" && error.message.includes("ALL_PROXY") &&
        !JSON.stringify([error.message, error]).includes("geheim"),
      url,
    );
  }
});
