import assert from "node:assert/strict";
import { parseIni, readStompserverConfig } from "../../lib/config/mod.ts";

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

function read(lines: string) {
  return readStompserverConfig(parseIni(`[stompserver]\n${lines}\n`, "F"));
}
