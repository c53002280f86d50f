import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32c } from "../../../../lib/net/proxy/crc32c.ts";
import { readProxyHeader } from "../../../../lib/net/proxy/header.ts";
import { failure } from "../streams.ts";

const utf8 = new TextEncoder();
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const V4 = [192, 0, 2, 1, 192, 0, 2, 2, 0xdc, 0x04, 0xf0, 0xad];
const V6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  ...[0xdc, 0x04, 0xf0, 0xad],
];

function v2(kind: number, family: number, rest: readonly number[]): Uint8Array {
  const length = [rest.length >> 8, rest.length & 0xff];
  return Uint8Array.of(
    ...utf8.encode(SIGNATURE),
    kind,
    family,
    ...length,
    ...rest,
  );
}

/** As HAProxy makes it with `proxy-v2-options crc32c`. */
function withChecksum(rest: readonly number[]): Uint8Array {
  const header = v2(0x21, 0x11, [...rest, 0x03, 0, 4, 0, 0, 0, 0]);
  new DataView(header.buffer).setUint32(header.length - 4, crc32c(header));
  return header;
}

Deno.test("crc32c() makes the checksum of RFC 3720, B.4", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(utf8.encode("1234"), utf8.encode("56789")), 0xe3069283);
});

for (
  const [what, header, client] of [
    [
      "TCP4",
      utf8.encode("PROXY TCP4 192.0.2.1 192.0.2.2 56324 61613\r\n"),
      { address: "192.0.2.1", port: 56324 },
    ],
    [
      "TCP6",
      utf8.encode("PROXY TCP6 2001:DB8:0::1 2001:db8::2 56324 61613\r\n"),
      { address: "2001:db8::1", port: 56324 },
    ],
    [
      "TCP6 with an address of IPv4 in it",
      utf8.encode("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 65535\r\n"),
      { address: "192.0.2.1", port: 1 },
    ],
    ["UNKNOWN", utf8.encode("PROXY UNKNOWN\r\n"), undefined],
    [
      "UNKNOWN with more",
      utf8.encode("PROXY UNKNOWN ffff:f...f ffff 65535 65535\r\n"),
      undefined,
    ],
    ["v2 TCP4", v2(0x21, 0x11, V4), { address: "192.0.2.1", port: 56324 }],
    ["v2 TCP6", v2(0x21, 0x21, V6), { address: "2001:db8::1", port: 56324 }],
    [
      "v2 TCP6 with an address of IPv4 in it",
      v2(0x21, 0x21, [
        ...[...Array(10).fill(0), 0xff, 0xff, 192, 0, 2, 1],
        ...V6.slice(16),
      ]),
      { address: "192.0.2.1", port: 56324 },
    ],
    [
      "v2 with other values",
      v2(0x21, 0x11, [...V4, 0x02, 0, 3, 0x61, 0x2e, 0x62, 0x04, 0, 0]),
      { address: "192.0.2.1", port: 56324 },
    ],
    ["v2 with a checksum", withChecksum(V4), {
      address: "192.0.2.1",
      port: 56324,
    }],
    ["v2 LOCAL", v2(0x20, 0x00, []), undefined],
    ["v2 LOCAL with anything in it", v2(0x20, 0xff, [1, 2, 3]), undefined],
    ["v2 of a Unix socket", v2(0x21, 0x31, Array(216).fill(0)), undefined],
    ["v2 unspecified", v2(0x21, 0x00, []), undefined],
  ] as const
) {
  Deno.test(`readProxyHeader() reads ${what}, and nothing after it`, () => {
    const { length } = header;
    const complete = { status: "complete", length, client };
    assert.deepEqual(readProxyHeader(header), complete);
    const more = Uint8Array.of(...header, ...utf8.encode("CONNECT\n"));
    assert.deepEqual(readProxyHeader(more), complete);
    assert.deepEqual(readProxyHeader(Buffer.from(more)), complete);
    for (let cut = 0; cut < length; cut++) {
      const { status } = readProxyHeader(header.subarray(0, cut));
      assert.equal(status, "incomplete", `${cut} bytes`);
    }
  });
}

for (
  const text of [
    "CONNECT\n",
    "STOMP\n",
    "P\n",
    "PROXY\tTCP4",
    "proxy TCP4 ",
    "\n",
    "\r\n\r\n\0\r\nQUIR\n",
    "\x16\x03\x01\x02\0",
    "GET / HTTP/1.1",
  ]
) {
  Deno.test(`readProxyHeader() sees that ${JSON.stringify(text)} is none`, () => {
    assert.deepEqual(readProxyHeader(utf8.encode(text)), { status: "absent" });
  });
}

for (
  const line of [
    "PROXY TCP4 192.0.2.1 192.0.2.2 56324",
    "PROXY TCP4 192.0.2.1 192.0.2.2 56324 61613 1",
    "PROXY TCP4 192.0.2.1  192.0.2.2 56324 61613",
    "PROXY TCP4 192.0.2.1 192.0.2.2 56324 61613 ",
    "PROXY TCP4 192.0.2.1 192.0.2.2 056324 61613",
    "PROXY TCP4 192.0.2.1 192.0.2.2 65536 61613",
    "PROXY TCP4 192.0.2.1 192.0.2.2 56324 -1",
    "PROXY TCP4 192.0.2.01 192.0.2.2 56324 61613",
    "PROXY TCP4 192.0.2.256 192.0.2.2 56324 61613",
    "PROXY TCP4 2001:db8::1 2001:db8::2 56324 61613",
    "PROXY TCP6 192.0.2.1 192.0.2.2 56324 61613",
    "PROXY TCP6 fe80::1%eth0 fe80::2 56324 61613",
    "PROXY TCP6 [::1] ::1 56324 61613",
    "PROXY UDP4 192.0.2.1 192.0.2.2 56324 61613",
    "PROXY TCP4 localhost localhost 56324 61613",
    "PROXY UNKNOWNS",
    "PROXY tcp4 192.0.2.1 192.0.2.2 56324 61613",
    "PROXY ",
    "PROXY TCP4 192.0.2.1 192.0.2.2 56324 61613\nCONNECT",
  ]
) {
  Deno.test(`readProxyHeader() refuses ${JSON.stringify(line)}`, () => {
    assert.throws(
      () => readProxyHeader(utf8.encode(`${line}\r\n`)),
      failure("CONNECT", /^Cannot read the PROXY protocol header: /),
    );
  });
}

for (
  const [what, header, why] of [
    ["version 1 in binary", v2(0x11, 0x11, V4), /its version is 1/],
    ["an unknown command", v2(0x22, 0x11, V4), /its command is 2/],
    ["a datagram", v2(0x21, 0x12, V4), /not of a TCP connection/],
    ["an unknown family", v2(0x21, 0x41, V4), /not of a TCP connection/],
    ["short addresses", v2(0x21, 0x21, V4), /addresses are cut off/],
    [
      "a value that is cut off",
      v2(0x21, 0x11, [...V4, 1, 0, 2, 9]),
      /end is cut off/,
    ],
    ["a value without length", v2(0x21, 0x11, [...V4, 1, 0]), /end is cut off/],
    [
      "a wrong checksum",
      withChecksum(V4).map((byte, at) => at === 19 ? byte + 1 : byte),
      /checksum is wrong/,
    ],
    [
      "a short checksum",
      v2(0x21, 0x11, [...V4, 0x03, 0, 2, 0, 0]),
      /checksum is wrong/,
    ],
  ] as const
) {
  Deno.test(`readProxyHeader() refuses ${what}`, () => {
    assert.throws(() => readProxyHeader(header), failure("CONNECT", why));
  });
}

Deno.test("readProxyHeader() waits for no more than a header may have", () => {
  const longest = utf8.encode(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`);
  assert.equal(readProxyHeader(longest).status, "complete");
  assert.throws(
    () => readProxyHeader(utf8.encode(`PROXY UNKNOWN ${"x".repeat(93)}`)),
    failure("LIMIT", /longer than 107 bytes/),
  );
  const head = v2(0x21, 0x11, []);
  head.set([0x10, 0x01], 14);
  assert.throws(
    () => readProxyHeader(head),
    failure("LIMIT", /longer than 4096 bytes/),
  );
});
