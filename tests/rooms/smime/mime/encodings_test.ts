import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import {
  base64Length,
  decodeBase64,
  putBase64,
  writeBase64,
} from "../../../../lib/smime/mime/base64.ts";
import { ByteWriter } from "../../../../lib/smime/mime/byte_writer.ts";
import {
  canonicalLength,
  feedCanonical,
  putCanonical,
  toCanonical,
  toLf,
} from "../../../../lib/smime/mime/line_ends.ts";
import {
  decodeQuotedPrintable,
  writeQuotedPrintable,
} from "../../../../lib/smime/mime/quoted_printable.ts";
import { TEXTS } from "../../../kit/smime/texts.ts";
import { bytes } from "../../../kit/text.ts";

const decoder = new TextDecoder();

function quotedPrintable(text: string | Uint8Array): string {
  const writer = new ByteWriter();
  writeQuotedPrintable(writer, typeof text === "string" ? bytes(text) : text);
  return decoder.decode(writer.bytes());
}

function base64(bytes: Uint8Array, columns = 64): string {
  const writer = new ByteWriter();
  writeBase64(writer, bytes, columns);
  assert.equal(writer.length, base64Length(bytes.length, columns));
  return decoder.decode(writer.bytes());
}

Deno.test("writeBase64() writes what the runtime writes, in lines", () => {
  for (let length = 0; length < 200; length++) {
    const data = Uint8Array.from({ length }, (_, i) => i * 37);
    const text = base64(data);
    assert.equal(text.replaceAll("\n", ""), data.toBase64());
    assert.ok(text.split("\n").every((line) => line.length <= 64));
    assert.deepEqual(decodeBase64(bytes(text)), data);
  }
});

Deno.test("putBase64() encodes bytes at the end of the place that the lines will fill", () => {
  for (const columns of [4, 64, 76]) {
    for (let length = 0; length < 500; length++) {
      const data = Uint8Array.from({ length }, (_, i) => i * 37 + length);
      const place = new Uint8Array(base64Length(length, columns));
      const end = place.subarray(place.length - length);
      end.set(data);
      putBase64(place, end, columns);
      assert.equal(decoder.decode(place), base64(data, columns));
    }
  }
});

Deno.test("decodeBase64() skips white space and refuses everything else", () => {
  assert.deepEqual(decodeBase64(bytes(" Y\tQ\r\n==\n")), bytes("a"));
  assert.deepEqual(decodeBase64(bytes("")), bytes(""));
  const wrong = [
    "Y",
    "YQ",
    "YQ=",
    "YQ===",
    "=",
    "====",
    "YWI",
    "YQ==YQ==",
    "Y!==",
    "YR==",
    "YWJ=",
    "YQ=a",
    "YQ\0=",
    "YWJj=",
    "Y-_=",
  ];
  for (const text of wrong) {
    assert.throws(
      () => decodeBase64(bytes(text)),
      (error) => isSsmError(error, "MIME"),
      text,
    );
  }
});

Deno.test("writeQuotedPrintable() escapes what receivers would change", () => {
  assert.equal(quotedPrintable("a\n"), "a=0A");
  assert.equal(quotedPrintable("a\n\n"), "a\n=0A");
  assert.equal(quotedPrintable("a \nb\t\nc "), "a=20\nb=09\nc=20");
  assert.equal(quotedPrintable("a b\tc"), "a b\tc");
  assert.equal(quotedPrintable("a \n"), "a =0A");
  assert.equal(quotedPrintable("1=2"), "1=3D2");
  assert.equal(quotedPrintable("é\r\n\f\0x"), "=C3=A9=0D\n=0C=00x");
  assert.equal(
    quotedPrintable("an application/pkcs7-mime, text/plain"),
    "an application=2Fpkcs7-mime, text/plain",
  );
});

Deno.test("writeQuotedPrintable() keeps lines within 76 columns", () => {
  for (
    const text of [...Object.values(TEXTS), "é".repeat(70_000), " ".repeat(500)]
  ) {
    const encoded = quotedPrintable(text);
    for (const line of encoded.split("\n")) assert.ok(line.length <= 76, line);
    assert.equal(decoder.decode(decodeQuotedPrintable(bytes(encoded))), text);
  }
  assert.equal(quotedPrintable("x".repeat(76)), "x".repeat(76));
  assert.equal(
    quotedPrintable("x".repeat(77)),
    `${"x".repeat(75)}=\n${"x".repeat(2)}`,
  );
});

Deno.test("decodeQuotedPrintable() returns any bytes that were written", () => {
  for (let length = 0; length < 300; length++) {
    const data = Uint8Array.from({ length }, (_, i) => i * i * 7 + length);
    const encoded = bytes(quotedPrintable(data));
    assert.deepEqual(decodeQuotedPrintable(encoded), data);
    const canonical = toCanonical(encoded);
    assert.deepEqual(decodeQuotedPrintable(canonical), data);
  }
});

Deno.test("decodeQuotedPrintable() follows RFC 2045 and refuses a lone =", () => {
  const cases: Record<string, string> = {
    "a=\r\nb": "ab",
    "a= \t\nb": "ab",
    "a=": "a",
    "a=20": "a ",
    "=c3=A9": "é",
    "trailing \t\r\nb  ": "trailing\nb",
    "in between": "in between",
    "é": "é",
  };
  for (const [encoded, text] of Object.entries(cases)) {
    const decoded = decodeQuotedPrintable(bytes(encoded));
    assert.equal(decoder.decode(decoded), text, JSON.stringify(encoded));
  }
  for (const wrong of ["a=b", "=4", "=G0", "= x", "=\rx"]) {
    assert.throws(
      () => decodeQuotedPrintable(bytes(wrong)),
      (error) => isSsmError(error, "MIME"),
      wrong,
    );
  }
});

Deno.test("toCanonical() and toLf() take CRs before an LF for one line end", () => {
  const cases: Record<string, [canonical: string, lf: string]> = {
    "": ["", ""],
    "a\nb\r\nc": ["a\r\nb\r\nc", "a\nb\nc"],
    "a\r\r\n": ["a\r\n", "a\n"],
    "\r\n\n\r": ["\r\n\r\n\r", "\n\n\r"],
    "a\rb\r\rc\r\r": ["a\rb\r\rc\r\r", "a\rb\r\rc\r\r"],
  };
  for (const [text, [canonical, lf]] of Object.entries(cases)) {
    assert.equal(decoder.decode(toCanonical(bytes(text))), canonical);
    assert.equal(decoder.decode(toLf(bytes(text))), lf);
  }
});

Deno.test("putCanonical() fills exactly what canonicalLength() says, and no more", () => {
  for (
    const text of ["", "\n", "\r", "\r\n", "\r\r\n", "a\rb\n\n\r\r\nc\r\r"]
  ) {
    for (const repeat of [1, 2, 70_000]) {
      const data = bytes(text.repeat(repeat));
      const expected = decoder.decode(data).replace(/\r*\n/g, "\r\n");
      assert.equal(canonicalLength(data), expected.length);
      const place = new Uint8Array(expected.length + 1).fill(0xff);
      putCanonical(place, data);
      assert.equal(decoder.decode(place.subarray(0, -1)), expected);
      assert.equal(place.at(-1), 0xff);
    }
  }
});

Deno.test("feedCanonical() gives the same bytes whatever falls on the edge of a chunk", () => {
  for (let pad = 65_520; pad < 65_545; pad++) {
    for (const text of ["\n\n\n", "\r\n\r\r\n", "\r\r\r", "x\ry"]) {
      const data = bytes("x".repeat(pad) + text.repeat(3));
      const fed = new ByteWriter();
      feedCanonical(data, (chunk) => fed.write(chunk));
      const expected = decoder.decode(data).replace(/\r*\n/g, "\r\n");
      assert.equal(decoder.decode(fed.bytes()), expected);
    }
  }
});

Deno.test("toCanonical() and toLf() leave a megabyte of CRs as it is", () => {
  const crs = new Uint8Array(1 << 20).fill(0x0d);
  assert.deepEqual(toCanonical(crs), crs);
  assert.deepEqual(toLf(crs), crs);
});
