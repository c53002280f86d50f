import assert from "node:assert/strict";
import { isIP } from "node:net";
import { parseAddress } from "../../../../lib/pki/certificate/ip_address.ts";

const VALID: [string, string][] = [
  ["127.0.0.1", "7f000001"],
  ["0.0.0.0", "00000000"],
  ["255.255.255.255", "ffffffff"],
  ["::", "00".repeat(16)],
  ["::1", "00".repeat(15) + "01"],
  ["2001:DB8::a", "20010db800000000000000000000000a"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
  ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
  ["::ffff:10.1.2.3", "00000000000000000000ffff0a010203"],
  ["1:2:3:4:5:6:10.1.2.3", "0001000200030004000500060a010203"],
  ["fe80::1%eth0", "fe800000000000000000000000000001"],
];

const INVALID = [
  "",
  "localhost",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "1.2.3.4 ",
  "1.2.3.-4",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "12345::",
  "g::",
  "1:",
  ":1",
  "::1.2.3",
  "1.2.3.4::",
  "1.2.3.4:1::",
  "::1.2.3.4:1",
];

Deno.test("parseAddress() gives the octets of what node:net takes for addresses", () => {
  for (const [text, hex] of VALID) {
    assert.notEqual(isIP(text), 0, text);
    assert.equal(parseAddress(text)?.toHex(), hex, text);
  }
});

Deno.test("parseAddress() refuses what node:net refuses", () => {
  for (const text of INVALID) {
    assert.equal(isIP(text), 0, text);
    assert.equal(parseAddress(text), undefined, text);
  }
});
