import assert from "node:assert/strict";
import { parseIni, readStompserverConfig } from "../../../../lib/config/mod.ts";

Deno.test("readStompserverConfig() listens on the loopback interface by default", () => {
  const { config, warnings } = read("");
  assert.deepEqual(warnings, []);
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.port, 61613);
  assert.equal(config.tls, "off");
  assert.equal(config.logging.console, true);
});

Deno.test("readStompserverConfig() asks for what TLS needs", () => {
  assert.throws(() => read("tls = on\ncertificate = /c"), {
    code: "CONFIG",
    message:
      'Cannot use "key" in section [stompserver] of F: it is missing, although tls is on',
  });
  assert.throws(() => read("tls = strict\ncertificate = /c\nkey = /k"), {
    code: "CONFIG",
    key: "capath",
  });
  const { config } = read("tls = on\ncertificate = /c\nkey = /k");
  assert.equal(config.tls, "on");
});

Deno.test("readStompserverConfig() warns of unknown keys", () => {
  assert.deepEqual(read("prot = 1").warnings, [
    'Unknown key "prot" in section [stompserver] of F, line 2',
  ]);
});

Deno.test("readStompserverConfig() reads what an administrator may limit", () => {
  const { config, warnings } = read(`vhosts = one.example, *.two.example
allow = 10.* 192.168.1.?
deny = 10.0.0.1
heartbeat_in = 2500
heartbeat_out = 0
forgiveness = 1.5
data = /var/lib/ssm
memory = 64M
max_data = 1G
max_message_size = 1M
max_connections = 7
subscriptions = 8
proxy_protocol = yes
prefetch = 3
max_redeliveries = 0
dead_letter_queue = none`);
  assert.deepEqual(warnings, []);
  const { virtualHosts, allow, deny, ...rest } = config;
  assert.deepEqual(virtualHosts, ["one.example", "*.two.example"]);
  assert.deepEqual(allow, ["10.*", "192.168.1.?"]);
  assert.deepEqual(deny, ["10.0.0.1"]);
  assert.equal(rest.heartBeatInMs, 2500);
  assert.equal(rest.heartBeatOutMs, 0);
  assert.equal(rest.forgiveness, 1.5);
  assert.equal(rest.data, "/var/lib/ssm");
  assert.equal(rest.memoryBytes, 64 * 1024 ** 2);
  assert.equal(rest.maxDataBytes, 1024 ** 3);
  assert.equal(rest.maxMessageBytes, 1024 ** 2);
  assert.equal(rest.maxConnections, 7);
  assert.equal(rest.subscriptions, 8);
  assert.equal(rest.proxyProtocol, true);
  assert.equal(rest.prefetch, 3);
  assert.equal(rest.maxRedeliveries, 0);
  assert.equal(rest.deadLetterQueue, "none");
});

Deno.test("readStompserverConfig() refuses what cannot be", () => {
  for (
    const [line, key] of [
      ["vhosts = a/b", "vhosts"],
      ["vhosts = ,", "vhosts"],
      ["allow =", "allow"],
      ["heartbeat_in = -1", "heartbeat_in"],
      ["heartbeat_out = 1.5", "heartbeat_out"],
      ["forgiveness = 0.5", "forgiveness"],
      ["forgiveness = 101", "forgiveness"],
      ["memory = 0", "memory"],
      ["dead_letter_queue = /topic/x", "dead_letter_queue"],
      ["dead_letter_queue = DLQ", "dead_letter_queue"],
      ["max_redeliveries = -1", "max_redeliveries"],
      ["cafile = /a\ncapath = /b", "cafile"],
    ] as const
  ) {
    assert.throws(() => read(line), { code: "CONFIG", key }, line);
  }
});

Deno.test("readStompserverConfig() takes a cafile for a capath", () => {
  const { config } = read(
    "tls = strict\ncertificate = /c\nkey = /k\ncafile = /ca.pem",
  );
  assert.equal(config.caFile, "/ca.pem");
  assert.equal(config.capath, undefined);
});

function read(lines: string) {
  return readStompserverConfig(parseIni(`[stompserver]\n${lines}\n`, "F"));
}
