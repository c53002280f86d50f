import assert from "node:assert/strict";
import {
  type RecoveredMessage,
  SqliteStore,
  type SqliteStoreOptions,
  type Store,
} from "../../../../lib/broker/mod.ts";
import { isSsmError } from "../../../../lib/errors.ts";
import { testWith } from "../../../peers/parts.ts";
import { mountSmall } from "../../../kit/disk/small_disk.ts";
import { runStoreSuite, testMessage } from "./store_suite.ts";

runStoreSuite({
  name: "SqliteStore",
  make: (maxBytes) => passing({ maxBytes }),
});

runStoreSuite({
  name: "SqliteStore with no memory to speak of",
  make: (maxBytes) => passing({ maxBytes, memoryBytes: 1 }),
});

/** A store in a directory that goes when the store goes. */
async function passing(options: SqliteStoreOptions): Promise<SqliteStore> {
  const directory = await Deno.makeTempDir();
  const store = await SqliteStore.open(directory, options);
  const dispose = store[Symbol.asyncDispose].bind(store);
  store[Symbol.asyncDispose] = async () => {
    await dispose();
    await Deno.remove(directory, { recursive: true });
  };
  return store;
}

/** Runs a test with a directory for stores that are opened more than once. */
function test(name: string, fn: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    try {
      await fn(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** Opens a store; what it recovers. */
async function reopened(
  directory: string,
  options?: SqliteStoreOptions,
): Promise<{ store: Store; kept: RecoveredMessage[] }> {
  const store = await SqliteStore.open(directory, options);
  return { store, kept: await Array.fromAsync(store.recover()) };
}

function append(sequence: number, { durable = true, size = 1000 } = {}) {
  const message = testMessage(sequence, size);
  const stored = { sequence, queue: "/queue/a", durable, message };
  return { kind: "append", stored } as const;
}

function remove(sequence: number) {
  return { kind: "remove", sequence } as const;
}

test("SqliteStore recovers in order what was to survive, and how often it was delivered", async (directory) => {
  {
    await using store = (await reopened(directory)).store;
    await store.apply([append(2), append(1), append(5)]);
    await store.apply([append(3, { durable: false }), append(4)]);
    store.delivered(1, 1);
    store.delivered(1, 2);
    store.delivered(3, 7);
    store.delivered(4, 1);
    await store.apply([remove(4)]);
  }
  const { store, kept } = await reopened(directory);
  await using _ = store;
  const rest = { queue: "/queue/a", size: 1000 };
  assert.deepEqual(kept, [
    { sequence: 1, deliveries: 2, ...rest },
    { sequence: 2, deliveries: 0, ...rest },
    { sequence: 5, deliveries: 0, ...rest },
  ]);
  assert.equal(store.count, 3);
  assert.equal(store.bytes, 3000);
  assert.deepEqual(store.read(5), testMessage(5));
});

test("SqliteStore keeps when a message expires", async (directory) => {
  const change = append(1);
  const message = { ...change.stored.message, expires: 1_900_000_000_000 };
  {
    await using store = (await reopened(directory)).store;
    const stored = { ...change.stored, message };
    await store.apply([{ ...change, stored }]);
  }
  const { store, kept } = await reopened(directory);
  await using _ = store;
  assert.equal(kept[0]!.expires, 1_900_000_000_000);
  assert.deepEqual(store.read(1), message);
});

test("SqliteStore keeps bytes and headers of all kinds", async (directory) => {
  const change = append(1);
  const message = {
    ...change.stored.message,
    body: Uint8Array.from({ length: 256 }, (_, byte) => byte),
    headers: new Map([["empty", ""], ["ü:\n", "\0\u{1f600}\r"]]),
    persistent: false,
  };
  {
    await using store = (await reopened(directory)).store;
    const stored = { ...change.stored, message };
    await store.apply([{ ...change, stored }]);
  }
  await using store = (await reopened(directory)).store;
  assert.deepEqual(store.read(1), message);
});

test("SqliteStore forgets what was not to survive, wherever it was kept", async (directory) => {
  {
    await using store = (await reopened(directory, { memoryBytes: 2500 }))
      .store;
    for (let n = 1; n <= 5; n++) {
      await store.apply([append(n, { durable: false })]);
    }
    for (let n = 1; n <= 5; n++) {
      assert.deepEqual(store.read(n), testMessage(n));
    }
    await store.apply([remove(1), remove(4)]);
    assert.equal(store.count, 3);
    assert.equal(store.bytes, 3000);
    assert.throws(() => store.read(4), RangeError);
  }
  const { store, kept } = await reopened(directory);
  await using _ = store;
  assert.deepEqual(kept, []);
});

test("SqliteStore keeps in order what is partly in memory and partly not", async (directory) => {
  await using store = (await reopened(directory, { memoryBytes: 1500 })).store;
  const settled: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      await store.apply([append(n, { durable: n % 3 === 0 })]);
      settled.push(n);
    }),
  );
  assert.deepEqual(settled, Array.from({ length: 20 }, (_, n) => n));
  await store.apply(Array.from({ length: 20 }, (_, n) => remove(n)));
  assert.equal(store.count, 0);
  assert.equal(store.bytes, 0);
});

test("SqliteStore commits together what comes together", async (directory) => {
  await using store = (await reopened(directory)).store;
  let settled = 0;
  const all = Array.from(
    { length: 100 },
    (_, n) => store.apply([append(n)]).then(() => settled++),
  );
  await all[0];
  assert.equal(settled, 100);
});

test("SqliteStore commits removals along with the next message, or by themselves, and in the order of the calls", async (directory) => {
  await using store = (await reopened(directory)).store;
  await store.apply([append(1), append(2)]);
  const order: string[] = [];
  const remove = (sequence: number) =>
    store.apply([{ kind: "remove", sequence }])
      .then(() => order.push(`removed ${sequence}`));
  store.delivered(1, 1);
  const removed = remove(1);
  const appended = store.apply([append(3)]).then(() => order.push("appended"));
  await Promise.all([removed, appended]);
  await remove(2);
  assert.deepEqual(order, ["removed 1", "appended", "removed 2"]);
  assert.equal(store.count, 1);
});

test("SqliteStore writes deliveries down that nothing else comes along with", async (directory) => {
  const { store } = await reopened(directory);
  await store.apply([append(1)]);
  store.delivered(1, 1);
  // A second connection may not look: whoever is killed now leaves what is here.
  const copy = `${directory}/copy`;
  await Deno.mkdir(copy);
  const deliveries = async () => {
    for (const name of ["messages.sqlite", "messages.sqlite-wal"]) {
      await Deno.copyFile(`${directory}/${name}`, `${copy}/${name}`);
    }
    const again = await reopened(copy);
    await again.store[Symbol.asyncDispose]();
    return again.kept[0]?.deliveries;
  };
  const { resolve, promise } = Promise.withResolvers<void>();
  using watcher = Deno.watchFs(`${directory}/messages.sqlite-wal`);
  (async () => {
    for await (const _ of watcher) {
      if (await deliveries() === 1) return resolve();
    }
  })();
  await promise;
  await store[Symbol.asyncDispose]();
});

test("SqliteStore commits before it is closed, and nothing after that", async (directory) => {
  const { store } = await reopened(directory);
  const applied = store.apply([append(1)]);
  await store[Symbol.asyncDispose]();
  await applied;
  await assert.rejects(store.apply([append(2)]), { code: "ABORTED" });
  store.delivered(1, 1);
  await store[Symbol.asyncDispose]();
  const again = await reopened(directory);
  await using _ = again.store;
  assert.deepEqual(again.kept.map(({ sequence }) => sequence), [1]);
});

test("SqliteStore.open() makes a directory and files that are nobody else's", async (directory) => {
  const inner = `${directory}/a/b`;
  await using store = await SqliteStore.open(inner);
  await store.apply([append(1)]);
  assert.equal((await Deno.stat(inner)).mode! & 0o777, 0o700);
  const files = await Array.fromAsync(Deno.readDir(inner));
  assert.ok(files.length >= 2);
  for (const { name } of files) {
    const { mode } = await Deno.stat(`${inner}/${name}`);
    assert.equal(mode! & 0o777, 0o600, name);
  }
});

test("SqliteStore.open() refuses a directory that is in use", async (directory) => {
  await using _ = await SqliteStore.open(directory);
  await assert.rejects(SqliteStore.open(directory), {
    code: "RUNNING",
    message: `Cannot open the message store in ${directory}: ` +
      "another broker uses it",
  });
});

test("SqliteStore.open() refuses what is no database of its own", async (directory) => {
  const file = `${directory}/messages.sqlite`;
  await Deno.writeTextFile(
    file,
    "something else, by far no database".repeat(99),
  );
  await assert.rejects(SqliteStore.open(directory), {
    code: "SPOOL",
    message: `Cannot open the message store in ${directory}: ` +
      "file is not a database",
  });
  await Deno.remove(file);
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 2");
  database.close();
  await assert.rejects(SqliteStore.open(directory), {
    code: "SPOOL",
    message: `Cannot open the message store in ${directory}: ` +
      "it was written by a later version of ssm",
  });
  await assert.rejects(SqliteStore.open(file), { code: "SPOOL" });
});

test("SqliteStore refuses sizes that make no sense", async (directory) => {
  for (const bad of [0, -1, NaN]) {
    for (const name of ["maxBytes", "memoryBytes", "reserveBytes"]) {
      await assert.rejects(
        SqliteStore.open(directory, { [name]: bad }),
        RangeError,
      );
    }
  }
});

testWith(
  ["root"],
  "SqliteStore on a full disk takes nothing, loses nothing, and goes on once there is room",
  async () => {
    const directory = await Deno.makeTempDir();
    try {
      await using _ = await mountSmall(`${directory}/small`);
      const path = `${directory}/small/data`;
      const options = { reserveBytes: 64 << 10 };
      const kept: number[] = [];
      const isFull = (error: unknown) => isSsmError(error, "LIMIT");
      const body = new Uint8Array(2000);
      const large = (sequence: number, durable = true) => {
        const { kind, stored } = append(sequence, { durable });
        const message = { ...stored.message, body };
        return { kind, stored: { ...stored, message } } as const;
      };
      const fill = async (store: Store, from: number) => {
        for (let n = from; n < from + 1000; n++) {
          try {
            await store.apply([large(n)]);
          } catch (error) {
            assert.ok(isFull(error), String(error));
            assert.equal(
              (error as Error).message,
              "Cannot store messages: the disk is full",
            );
            return;
          }
          kept.push(n);
        }
        assert.fail("the disk is never full");
      };
      {
        await using store = (await reopened(path, options)).store;
        await fill(store, 1);
        assert.ok(kept.length > 5, `${kept.length} messages`);
        assert.equal(store.count, kept.length);
        // What needs no disk is still taken; what frees it is never refused.
        await store.apply([large(5000, false)]);
        await assert.rejects(store.apply([large(5001)]), isFull);
        for (const n of kept) assert.equal(store.read(n).body.length, 2000);
        while (kept.length > 2) await store.apply([remove(kept.pop()!)]);
        await fill(store, 2001);
        assert.ok(kept.length > 5, `${kept.length} messages again`);
      }
      const { store, kept: found } = await reopened(path, options);
      await using __ = store;
      assert.deepEqual(found.map(({ sequence }) => sequence), kept);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

testWith(
  ["root"],
  "SqliteStore on a full disk keeps no message behind one that it refuses",
  async () => {
    const directory = await Deno.makeTempDir();
    try {
      await using _ = await mountSmall(`${directory}/small`);
      await using store = await SqliteStore.open(`${directory}/small/data`, {
        reserveBytes: 64 << 10,
      });
      const { stored } = append(1);
      const body = new Uint8Array(200_000);
      const message = { ...stored.message, body };
      const outcomes = await Promise.allSettled([
        store.apply([{ kind: "append", stored: { ...stored, message } }]),
        store.apply([append(2)]),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["rejected", "rejected"],
      );
      await store.apply([append(3)]);
      assert.equal(store.count, 1);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);
