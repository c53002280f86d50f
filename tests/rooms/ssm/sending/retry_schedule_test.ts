import assert from "node:assert/strict";
import { RetrySchedule } from "../../../../lib/ssm/mod.ts";
import { ManualClock } from "../../../kit/clocks.ts";

function schedule(clock: ManualClock): RetrySchedule {
  return new RetrySchedule({
    clock,
    firstMs: 1000,
    maxMs: 3000,
    random: () => 0.5,
  });
}

Deno.test("RetrySchedule keeps the given order of what never failed", () => {
  const names = ["b", "a", "c"];
  assert.deepEqual(schedule(new ManualClock()).due(names), names);
});

Deno.test("RetrySchedule holds a failure back, then puts it after the others", () => {
  const clock = new ManualClock();
  const retries = schedule(clock);
  retries.failed("a");
  assert.deepEqual(retries.due(["a", "b"]), ["b"]);
  clock.advance(999);
  assert.deepEqual(retries.due(["a", "b"]), ["b"]);
  clock.advance(1);
  assert.deepEqual(retries.due(["a", "b"]), ["b", "a"]);
});

Deno.test("RetrySchedule waits longer after each failure, up to the limit", () => {
  const clock = new ManualClock();
  const retries = schedule(clock);
  for (const wait of [1000, 2000, 3000, 3000]) {
    retries.failed("a");
    clock.advance(wait - 1);
    assert.deepEqual(retries.due(["a"]), []);
    clock.advance(1);
    assert.deepEqual(retries.due(["a"]), ["a"]);
  }
});

Deno.test("RetrySchedule gives the longest due first", () => {
  const clock = new ManualClock();
  const retries = schedule(clock);
  retries.failed("late");
  clock.advance(10);
  retries.failed("later");
  clock.advance(5000);
  assert.deepEqual(retries.due(["later", "new", "late"]), [
    ...["new", "late", "later"],
  ]);
});

Deno.test("RetrySchedule forgets the failures of what is gone", () => {
  const retries = schedule(new ManualClock());
  retries.failed("a");
  assert.deepEqual(retries.due([]), []);
  assert.deepEqual(retries.due(["a"]), ["a"]);
});
