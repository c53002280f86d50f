import assert from "node:assert/strict";
import { Budget } from "../../../lib/ssm/mod.ts";

/** Tells whether a promise is settled, once all that can run has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(() => done = true);
  for (let i = 0; i < 5; i++) await Promise.resolve();
  return done;
}

Deno.test("Budget admits up to its number of messages, then in order of asking", async () => {
  const budget = new Budget({ messages: 2, bytes: 100 });
  await budget.acquire(10);
  await budget.acquire(10);
  const third = budget.acquire(10);
  const fourth = budget.acquire(10);
  assert.equal(await settled(third), false);
  budget.release(10);
  assert.equal(await settled(third), true);
  assert.equal(await settled(fourth), false);
});

Deno.test("Budget bounds bytes, but lets one larger message through alone", async () => {
  const budget = new Budget({ messages: 10, bytes: 100 });
  await budget.acquire(60);
  const tooMuch = budget.acquire(41);
  assert.equal(await settled(tooMuch), false);
  budget.release(60);
  assert.equal(await settled(tooMuch), true);
  const giant = budget.acquire(5000);
  assert.equal(await settled(giant), false);
  budget.release(41);
  assert.equal(await settled(giant), true);
});

Deno.test("Budget does not let a small message overtake a large one that waits", async () => {
  const budget = new Budget({ messages: 10, bytes: 100 });
  await budget.acquire(50);
  const large = budget.acquire(90);
  const small = budget.acquire(1);
  assert.equal(await settled(small), false);
  budget.release(50);
  assert.equal(await settled(large), true);
  assert.equal(await settled(small), true);
});

Deno.test("Budget refuses limits below one", () => {
  assert.throws(() => new Budget({ messages: 0, bytes: 1 }), RangeError);
  assert.throws(() => new Budget({ messages: 1, bytes: NaN }), RangeError);
});
