import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { readCanonicalDer } from "../../../lib/asn1/mod.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

const CANONICAL = {
  "TRUE and FALSE": "30 06 0101ff 010100",
  "integers": "30 14 020100 02017f 02020080 020180 0202ff7f 0a0105",
  "bit strings": "30 0b 030100 03020780 03020000",
  "a null and an object identifier": "30 07 0500 06032a0304",
  "strings": "30 10 0400 0c0161 130161 160161 1b0161 1e00",
  "a time of each kind":
    "30 20 170d3234303130313030303030305a 180f32303530303130313030303030305a",
  "a set": "31 02 0500",
  "context tags": "a0 05 8101ff a200",
};

for (const [what, bytes] of Object.entries(CANONICAL)) {
  Deno.test(`readCanonicalDer() takes ${what}`, () => {
    assert.deepEqual(readCanonicalDer(hex(bytes)).raw, hex(bytes));
  });
}

const OTHERWISE: readonly [string, string, RegExp][] = [
  ["a TRUE that is not FF", "010101", /neither 00 nor FF/],
  ["a boolean of two octets", "0102ffff", /neither 00 nor FF/],
  ["an empty boolean", "0100", /neither 00 nor FF/],
  ["a padded positive integer", "0202007f", /shortest form/],
  ["a padded negative integer", "0202ff80", /shortest form/],
  ["a padded enumerated", "0a020001", /shortest form/],
  ["an empty integer", "0200", /integer is empty/],
  ["a null with content", "050100", /null has content/],
  ["a bit string without count", "0300", /valid count/],
  ["a bit string with eight unused bits", "03020880", /valid count/],
  ["unused bits of nothing", "030101", /valid count/],
  ["unused bits that are set", "03020781", /unused bits that are set/],
  ["a padded object identifier", "0604 2a800304", /padded arc/],
  ["a truncated object identifier", "0602 2a83", /truncated/],
  ["a time without seconds", "170b323430313031303030305a", /time is not/],
  ["a string in pieces", "2405 0403000000", /constructed element 0x24/],
  ["a constructed boolean", "2103 0101ff", /constructed element 0x21/],
  ["a primitive sequence", "1000", /primitive element 0x10/],
  ["an over-long length", "0481 01 00", /over-long length/],
  ["an indefinite length", "3080 0000", /indefinite length/],
  ["bytes after the end", "0500 00", /bytes follow/],
];

for (const [what, bytes, words] of OTHERWISE) {
  Deno.test(`readCanonicalDer() refuses ${what}, on its own and within`, () => {
    const whole = hex(bytes);
    const inside = Uint8Array.of(0xa0, whole.length, ...whole);
    for (const form of [whole, inside]) {
      assert.throws(
        () => readCanonicalDer(form),
        (error) => isSsmError(error, "DER"),
      );
    }
    assert.throws(() => readCanonicalDer(whole), words);
  });
}
