import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { readDer, TAG } from "../../../lib/asn1/read.ts";
import {
  readBitString,
  readBoolean,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
} from "../../../lib/asn1/values.ts";
import * as der from "../../../lib/asn1/write.ts";

const hex = (text: string) =>
  readDer(Uint8Array.fromHex(text.replaceAll(" ", "")));
const isDerError = (error: unknown) => isSsmError(error, "DER");

Deno.test("readOid() reads what oid() writes", () => {
  for (
    const dotted of [
      "0.0",
      "0.39",
      "1.0",
      "1.39",
      "2.0",
      "2.39",
      "2.40",
      "2.999.3",
      "2.5.4.3",
      "1.2.840.113549.1.1.11",
      "1.3.6.1.4.1.4294967295",
      "1.2.9007199254740991",
    ]
  ) assert.equal(readOid(readDer(der.oid(dotted))), dotted);
});

Deno.test("readOid() reads arcs beyond 2^53", () => {
  // X.667 gives 2.25 to UUIDs of 128 bits.
  assert.equal(
    readOid(hex(`06 14 69 83 ${"ff ".repeat(17)} 7f`)),
    `2.25.${2n ** 128n - 1n}`,
  );
  assert.equal(
    readOid(hex("06 0a 2a 81 80 80 80 80 80 80 80 00")),
    `1.2.${2n ** 56n}`,
  );
});

Deno.test("readOid() refuses malformed identifiers", () => {
  for (
    const bytes of [
      "06 00",
      "06 01 80",
      "06 02 2a 86",
      "06 03 2a 80 01", // padded arc
      `06 20 2a ${"81 ".repeat(30)} 01`, // longer than any UUID
      "04 01 2a",
    ]
  ) assert.throws(() => readOid(hex(bytes)), isDerError, bytes);
});

Deno.test("readSmallInteger() reads up to 2^31 - 1 and refuses the rest", () => {
  for (const value of [0, 1, 127, 128, 255, 256, 65_535, 0x7fffffff]) {
    assert.equal(readSmallInteger(readDer(der.integer(value))), value);
  }
  for (
    const bytes of ["02 00", "02 01 ff", "02 05 00 80 00 00 00", "04 01 05"]
  ) {
    assert.throws(() => readSmallInteger(hex(bytes)), isDerError, bytes);
  }
});

Deno.test("readBoolean() takes every value but zero for true", () => {
  assert.equal(readBoolean(hex("01 01 00")), false);
  assert.equal(readBoolean(hex("01 01 ff")), true);
  assert.equal(readBoolean(hex("01 01 01")), true);
  assert.equal(readBoolean(hex("81 01 ff"), 0x81), true);
  assert.throws(() => readBoolean(hex("01 00")), isDerError);
  assert.throws(() => readBoolean(hex("02 01 01")), isDerError);
});

Deno.test("readBitString() refuses empty ones and unused bits", () => {
  assert.deepEqual(
    readBitString(hex("03 03 00 aa bb")),
    Uint8Array.of(0xaa, 0xbb),
  );
  assert.throws(() => readBitString(hex("03 00")), isDerError);
  assert.throws(() => readBitString(hex("03 02 01 aa")), isDerError);
});

Deno.test("readOctets() joins the constructed form", () => {
  const joined = Uint8Array.of(1, 2, 3);
  assert.deepEqual(readOctets(hex("04 03 01 02 03")), joined);
  assert.deepEqual(readOctets(hex("24 07 04 01 01 04 02 02 03")), joined);
  assert.deepEqual(
    readOctets(hex("24 80 24 80 04 01 01 00 00 04 02 02 03 00 00")),
    joined,
  );
  assert.deepEqual(readOctets(hex("80 03 01 02 03"), 0x80), joined);
  assert.deepEqual(readOctets(hex("a0 05 04 03 01 02 03"), 0x80), joined);
  assert.throws(() => readOctets(hex("24 03 02 01 01")), isDerError);
  assert.throws(() => readOctets(hex("30 00")), isDerError);
});

const utcTime = (text: string) =>
  readDer(der.element(TAG.utcTime, new TextEncoder().encode(text)));
const generalizedTime = (text: string) =>
  readDer(der.element(TAG.generalizedTime, new TextEncoder().encode(text)));

Deno.test("readTime() reads both types, with the century of RFC 5280", () => {
  const cases: [string, string][] = [
    ["491231235959Z", "2049-12-31T23:59:59.000Z"],
    ["500101000000Z", "1950-01-01T00:00:00.000Z"],
    ["990228120000Z", "1999-02-28T12:00:00.000Z"],
    ["000229000000Z", "2000-02-29T00:00:00.000Z"],
  ];
  for (const [text, iso] of cases) {
    assert.equal(readTime(utcTime(text)).toISOString(), iso);
  }
  assert.equal(
    readTime(generalizedTime("20500101000000Z")).toISOString(),
    "2050-01-01T00:00:00.000Z",
  );
  assert.equal(
    readTime(generalizedTime("99991231235959Z")).toISOString(),
    "9999-12-31T23:59:59.000Z",
  );
  assert.equal(
    readTime(generalizedTime("00500101000000Z")).toISOString(),
    "0050-01-01T00:00:00.000Z",
  );
});

Deno.test("readTime() refuses other forms and moments that do not exist", () => {
  for (
    const text of [
      "",
      "2611201200Z", // no seconds
      "261120120000",
      "261120120000+0000",
      "26112012000 Z",
      "20261120120000Z",
      "261320120000Z",
      "260020120000Z",
      "260100120000Z",
      "260132120000Z",
      "260229120000Z",
      "261120240000Z",
      "261120126000Z",
      "261120120060Z",
    ]
  ) assert.throws(() => readTime(utcTime(text)), isDerError, text);
  for (
    const text of ["261120120000Z", "20261120120000.5Z", "20261120120000+0100"]
  ) assert.throws(() => readTime(generalizedTime(text)), isDerError, text);
  assert.throws(() => readTime(readDer(der.utf8String("261120120000Z"))));
});

Deno.test("readOctets() copies each byte once, however deep it lies", () => {
  const leaf = new Uint8Array(1000).fill(7);
  const part = der.sequence(der.octetString(leaf), der.octetString(leaf));
  part[0] = 0x24;
  let nested: Uint8Array = part;
  for (let depth = 0; depth < 25; depth++) nested = der.element(0x24, nested);
  const node = readDer(nested);
  const { set } = Uint8Array.prototype;
  let copied = 0;
  Uint8Array.prototype.set = function (from: ArrayLike<number>, at?: number) {
    copied += from.length;
    set.call(this, from, at);
  };
  try {
    const octets = readOctets(node);
    assert.equal(octets.length, 2000);
    assert.ok(octets.every((octet) => octet === 7));
  } finally {
    Uint8Array.prototype.set = set;
  }
  assert.equal(copied, 2000);
});
