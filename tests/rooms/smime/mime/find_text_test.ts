import assert from "node:assert/strict";
import { findText } from "../../../../lib/smime/mime/find_text.ts";
import { bytes } from "../../../kit/text.ts";

Deno.test("findText() finds the first occurrence at or after the start", () => {
  const haystack = bytes("--ab--ab");
  assert.equal(findText(haystack, "--ab"), 0);
  assert.equal(findText(haystack, "--ab", 1), 4);
  assert.equal(findText(haystack, "--ab", 5), -1);
  assert.equal(findText(haystack, "abc"), -1);
  assert.equal(findText(bytes(""), "a"), -1);
  assert.equal(findText(haystack.subarray(2), "ab--"), 0);
});

Deno.test("findText() finds what lies across two chunks, wherever it is cut", () => {
  const chunk = 1 << 20;
  for (let shift = 0; shift <= 6; shift++) {
    const haystack = new Uint8Array(2 * chunk + 10);
    haystack.set(bytes("needle"), chunk - shift);
    assert.equal(findText(haystack, "needle"), chunk - shift);
    assert.equal(findText(haystack, "needle", 5), chunk - shift);
    assert.equal(findText(haystack, "needle", chunk - shift + 1), -1);
  }
});

Deno.test("findText() takes bytes above 127 for no letters", () => {
  assert.equal(findText(new Uint8Array([0xc3, 0xa4, 0x61]), "a"), 2);
});
