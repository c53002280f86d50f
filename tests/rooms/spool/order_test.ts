import assert from "node:assert/strict";
import { Order } from "../../../lib/spool/mod.ts";

Deno.test("Order lets a turn go on when all before it have been passed on, in whatever order that was", async () => {
  const order = new Order();
  const turns = [order.take(), order.take(), order.take()];
  const went: number[] = [];
  const ended = Promise.all(
    turns.map(({ before }, i) => before.then(() => went.push(i))),
  );
  await turns[0]!.before;
  turns[1]!.pass();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(went, [0]);
  turns[0]!.pass();
  turns[0]!.pass();
  await ended;
  assert.deepEqual(went, [0, 1, 2]);
});
