/**
 * What every broker store must do.
 *
 * @module
 */
import assert from "node:assert/strict";
import type {
  Message,
  Store,
  StoredMessage,
} from "../../../../lib/broker/mod.ts";
import { isSsmError } from "../../../../lib/errors.ts";

/** A store under test. */
export interface StoreFactory {
  readonly name: string;
  /** Makes an empty store with room for at least `maxBytes`, and little more. */
  make(maxBytes: number): Promise<Store>;
}

/** A message of that size in the store's own counting. */
export function testMessage(sequence: number, size = 1000): Message {
  return {
    id: `test-${sequence}`,
    destination: "/queue/a",
    headers: new Map([["kind", "test"], ["n", String(sequence)]]),
    body: new TextEncoder().encode(`body ${sequence}`),
    size,
    persistent: true,
  };
}

function stored(sequence: number, size = 1000): StoredMessage {
  const message = testMessage(sequence, size);
  return { sequence, queue: "/queue/a", durable: true, message };
}

function append(sequence: number, size = 1000) {
  return { kind: "append", stored: stored(sequence, size) } as const;
}

function remove(sequence: number) {
  return { kind: "remove", sequence } as const;
}

/** Registers the tests of one kind of store. */
export function runStoreSuite({ name, make }: StoreFactory): void {
  Deno.test(`${name}: recover() of a new store yields nothing`, async () => {
    await using store = await make(10_000);
    assert.deepEqual(await Array.fromAsync(store.recover()), []);
    assert.equal(store.count, 0);
    assert.equal(store.bytes, 0);
  });

  Deno.test(`${name}: read() returns what apply() appended`, async () => {
    await using store = await make(10_000);
    await Array.fromAsync(store.recover());
    await store.apply([append(1), append(2)]);
    const message = store.read(2);
    assert.deepEqual({ ...message }, testMessage(2));
    assert.deepEqual([...message.headers.keys()], ["kind", "n"]);
    assert.equal(store.count, 2);
    assert.equal(store.bytes, 2000);
  });

  Deno.test(`${name}: read() throws RangeError for what is not there`, async () => {
    await using store = await make(10_000);
    await Array.fromAsync(store.recover());
    await store.apply([append(1)]);
    await store.apply([remove(1)]);
    assert.throws(() => store.read(1), RangeError);
    assert.throws(() => store.read(7), RangeError);
    assert.equal(store.count, 0);
    assert.equal(store.bytes, 0);
  });

  Deno.test(`${name}: an unknown message may be removed or delivered`, async () => {
    await using store = await make(10_000);
    await Array.fromAsync(store.recover());
    await store.apply([remove(99)]);
    store.delivered(99, 1);
    await store.apply([remove(98)]);
    assert.equal(store.bytes, 0);
  });

  Deno.test(`${name}: apply() over the limit is refused with LIMIT, as a whole`, async () => {
    await using store = await make(2500);
    await Array.fromAsync(store.recover());
    await store.apply([append(1)]);
    await assert.rejects(
      store.apply([remove(1), append(2), append(3), append(4)]),
      (error) => isSsmError(error, "LIMIT"),
    );
    assert.equal(store.count, 1);
    assert.equal(store.read(1).id, "test-1");
    assert.throws(() => store.read(2), RangeError);
    await store.apply([append(5)]);
    assert.equal(store.count, 2);
  });

  Deno.test(`${name}: apply() of removals makes room again`, async () => {
    await using store = await make(2000);
    await Array.fromAsync(store.recover());
    await store.apply([append(1), append(2)]);
    await store.apply([remove(1), append(3)]);
    assert.equal(store.read(3).id, "test-3");
    assert.equal(store.bytes, 2000);
  });

  Deno.test(`${name}: apply() settles in the order of the calls`, async () => {
    await using store = await make(100_000);
    await Array.fromAsync(store.recover());
    const settled: number[] = [];
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        store.apply([append(n)]).then(() => settled.push(n))
      ),
    );
    assert.deepEqual(settled, [1, 2, 3, 4, 5]);
  });
}
