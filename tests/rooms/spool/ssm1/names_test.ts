import assert from "node:assert/strict";
import { MESSAGE_ID, MessageNames } from "../../../../lib/spool/ssm1/names.ts";

/** A moment by local time. */
function at(seconds: number, ms = 0): number {
  return new Date(2012, 0, 2, 3, 4, seconds, ms).getTime();
}

Deno.test("MessageNames.next() is local time and a number of three digits", () => {
  const names = new MessageNames();
  assert.equal(names.next(at(5)), "20120102-030405-000");
  assert.equal(names.next(at(5, 999)), "20120102-030405-001");
  assert.equal(names.next(at(6)), "20120102-030406-000");
  assert.match(names.next(at(7)), MESSAGE_ID);
});

Deno.test("MessageNames.next() goes on into the next second after a thousand names", () => {
  const names = new MessageNames();
  const made = Array.from({ length: 2001 }, () => names.next(at(5, 500)));
  assert.equal(made[999], "20120102-030405-999");
  assert.equal(made[1000], "20120102-030406-000");
  assert.equal(made[2000], "20120102-030407-000");
  assert.equal(names.next(at(6)), "20120102-030407-001");
  assert.deepEqual(made, [...new Set(made)].sort());
});

Deno.test("MessageNames.next() gives no name twice when the clock is set back", () => {
  const names = new MessageNames();
  assert.equal(names.next(at(9)), "20120102-030409-000");
  assert.equal(names.next(at(5)), "20120102-030409-001");
});
