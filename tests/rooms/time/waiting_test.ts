import assert from "node:assert/strict";
import { backoff, sleep, systemClock, within } from "../../../lib/stomp/mod.ts";
import { ManualClock } from "../../kit/clocks.ts";

Deno.test("backoff() starts at once, doubles and stops growing at its cap", () => {
  const waits = [0, 1, 2, 3, 4, 20].map((attempt) =>
    backoff(attempt, { firstMs: 100, maxMs: 500, random: () => 0.5 })
  );
  assert.deepEqual(waits, [0, 100, 200, 400, 500, 500]);
});

Deno.test("backoff() spreads by a fifth in both directions", () => {
  assert.equal(backoff(1, { firstMs: 1000, random: () => 0 }), 800);
  assert.equal(backoff(1, { firstMs: 1000, random: () => 1 }), 1200);
});

Deno.test("sleep() ends early when its signal is aborted", async () => {
  const controller = new AbortController();
  const waiting = sleep(systemClock, 3_600_000, controller.signal);
  controller.abort();
  await waiting;
  await sleep(systemClock, 3_600_000, controller.signal);
});

Deno.test("within() tells whether it was in time, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  assert.equal(await within(clock, 1000, Promise.resolve("done")), true);
  assert.equal(clock.timers, 0);
  const late = within(clock, 1000, new Promise(() => {}));
  clock.advance(1000);
  assert.equal(await late, false);
  const failed = within(clock, 1000, Promise.reject(new Error("no")));
  await assert.rejects(failed, { message: "no" });
  assert.equal(clock.timers, 0);
});
