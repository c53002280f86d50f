import assert from "node:assert/strict";
import { readDer } from "../../../lib/asn1/read.ts";
import { readTime } from "../../../lib/asn1/values.ts";
import * as der from "../../../lib/asn1/write.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

Deno.test("element() writes the shortest length", () => {
  for (const length of [0, 127, 128, 255, 256, 65_535, 65_536, 1 << 24]) {
    const bytes = der.element(0x04, new Uint8Array(length));
    assert.equal(readDer(bytes, { strict: true }).content.length, length);
  }
});

Deno.test("integer() is non-negative and has no padding", () => {
  assert.deepEqual(der.integer(0), hex("02 01 00"));
  assert.deepEqual(der.integer(127), hex("02 01 7f"));
  assert.deepEqual(der.integer(128), hex("02 02 00 80"));
  assert.deepEqual(der.integer(2 ** 40), hex("02 06 01 00 00 00 00 00"));
  assert.deepEqual(der.integer(hex("00 00 80")), hex("02 02 00 80"));
  assert.deepEqual(der.integer(hex("00 00")), hex("02 01 00"));
  assert.deepEqual(der.integer(new Uint8Array()), hex("02 01 00"));
});

Deno.test("setOf() puts its members in ascending order", () => {
  assert.deepEqual(
    der.setOf(hex("04 02 02 02"), hex("04 01 09"), hex("02 01 05")),
    hex("31 0a 02 01 05 04 01 09 04 02 02 02"),
  );
});

Deno.test("the small types have their encodings of X.690", () => {
  assert.deepEqual(der.boolean(true), hex("01 01 ff"));
  assert.deepEqual(der.boolean(false), hex("01 01 00"));
  assert.deepEqual(der.nullValue(), hex("05 00"));
  assert.deepEqual(der.octetString(hex("aa")), hex("04 01 aa"));
  assert.deepEqual(der.bitString(hex("a0"), 5), hex("03 02 05 a0"));
  assert.deepEqual(der.utf8String("é"), hex("0c 02 c3 a9"));
  assert.deepEqual(der.context(0, hex("05 00")), hex("a0 02 05 00"));
  assert.deepEqual(der.contextPrimitive(2, hex("61")), hex("82 01 61"));
  assert.deepEqual(der.sequence(), hex("30 00"));
  assert.deepEqual(der.oid("2.5.4.3"), hex("06 03 55 04 03"));
});

Deno.test("time() is UTCTime from 1950 to 2049 and GeneralizedTime elsewhere", () => {
  for (
    const [iso, tag] of [
      ["1949-12-31T23:59:59Z", 0x18],
      ["1950-01-01T00:00:00Z", 0x17],
      ["2049-12-31T23:59:59Z", 0x17],
      ["2050-01-01T00:00:00Z", 0x18],
    ] as const
  ) {
    const node = readDer(der.time(new Date(iso)));
    assert.equal(node.tag, tag);
    assert.equal(readTime(node).getTime(), Date.parse(iso));
  }
});
