import assert from "node:assert/strict";
import { MemoryStore } from "../../../../lib/broker/mod.ts";
import { runStoreSuite, testMessage } from "./store_suite.ts";

runStoreSuite({
  name: "MemoryStore",
  make: (maxBytes) => Promise.resolve(new MemoryStore({ maxBytes })),
});

Deno.test("MemoryStore takes messages up to exactly maxBytes", async () => {
  await using store = new MemoryStore({ maxBytes: 1000 });
  const append = (sequence: number, size: number) =>
    store.apply([{
      kind: "append",
      stored: {
        sequence,
        queue: "/queue/a",
        durable: false,
        message: testMessage(sequence, size),
      },
    }]);
  await append(1, 1000);
  await assert.rejects(
    append(2, 1),
    { message: "Queue memory is full: 1000 of 1000 bytes are in use" },
  );
});

Deno.test("MemoryStore refuses a limit that is no positive number", () => {
  assert.throws(() => new MemoryStore({ maxBytes: 0 }), RangeError);
  assert.throws(() => new MemoryStore({ maxBytes: NaN }), RangeError);
});
