import assert from "node:assert/strict";
import { concatBytes, equalBytes } from "../../lib/bytes.ts";

Deno.test("concatBytes() puts all parts into a new array, in their order", () => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes([part, new Uint8Array(0), Uint8Array.of(3)]);
  part[0] = 9;
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3));
  assert.deepEqual(concatBytes([]), new Uint8Array(0));
});

Deno.test("equalBytes() compares every byte, and the lengths", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.ok(equalBytes(bytes, Uint8Array.of(1, 2, 3)));
  assert.ok(!equalBytes(bytes, Uint8Array.of(1, 2, 4)));
  assert.ok(!equalBytes(bytes, bytes.subarray(0, 2)));
  assert.ok(!equalBytes(bytes.subarray(0, 2), bytes));
});
