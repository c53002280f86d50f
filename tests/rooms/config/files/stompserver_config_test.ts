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
      ["ams = host", "ams"],
      ["ams = 65536", "ams"],
      ["ams = 1 x", "ams"],
      ["ams = ::1:80", "ams"],
      ["ams_topics =", "ams_topics"],
      ["ams_topics = p", "ams_topics"],
      ["ams_topics = p/t:", "ams_topics"],
      ["ams_topics = p/t:a,,b", "ams_topics"],
      ["ams_topics = p/t.x", "ams_topics"],
      ["ams_retention = 0", "ams_retention"],
      ["ams_max_message_size = 49M", "ams_max_message_size"],
      ["stomp = off", "ams"],
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

Deno.test("readStompserverConfig() reads where AMS is, and its topics", () => {
  for (
    const [text, host, port] of [
      ["8443", "127.0.0.1", 8443],
      ["0.0.0.0:0", "0.0.0.0", 0],
      ["ams.example.org:443", "ams.example.org", 443],
      ["[::1]:443", "::1", 443],
    ] as const
  ) {
    assert.deepEqual(read(`ams = ${text}`).config.ams, [{ host, port }]);
  }
  assert.deepEqual(read("ams = 1 [::]:2").config.ams, [
    { host: "127.0.0.1", port: 1 },
    { host: "::", port: 2 },
  ]);
  const { config } = read(
    "ams = 1\nstomp = off\nams_retention = 0.5\nams_topics = p/a:s,s-2\n  p/b",
  );
  assert.equal(config.stomp, false);
  assert.equal(config.amsRetentionMs, 43_200_000);
  assert.equal(config.amsMaxMessageBytes, 1_500_000);
  assert.deepEqual(config.amsTopics, [
    { project: "p", topic: "a", subscriptions: ["s", "s-2"] },
    { project: "p", topic: "b", subscriptions: [] },
  ]);
  assert.equal(read("").config.ams, undefined);
  assert.equal(read("").config.stomp, true);
});

function read(lines: string) {
  return readStompserverConfig(parseIni(`[stompserver]\n${lines}\n`, "F"));
}
