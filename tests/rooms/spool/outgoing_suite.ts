/**
 * What every outgoing spool must do, whatever it looks like on disk.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import type { OutgoingSpool } from "../../../lib/spool/mod.ts";
import { bytes } from "../../kit/text.ts";
import { temporaryDirectory } from "../../kit/disk/directories.ts";

/** One kind of spool, as the suite handles it. */
export interface OutgoingKind {
  readonly name: string;
  /** Opens a spool on an existing or missing directory. */
  open(directory: string, options?: { maxLockMs: number }): OutgoingSpool;
  /** Puts a complete element there; returns its name. */
  put(directory: string, bytes: Uint8Array): Promise<string>;
  /** The file whose bytes a claim on `name` covers. */
  claimedFile(directory: string, name: string): Promise<string>;
  /** The file that is removed when the claimed element `name` was sent. */
  sentFile(directory: string, name: string): Promise<string>;
  /** Makes the claim on `name` that many seconds old. */
  ageClaim(directory: string, name: string, seconds: number): Promise<void>;
  /** What a complete directory without any element may still hold. */
  readonly leftovers: readonly RegExp[];
  /** A name that `list` never gives. */
  readonly badNames: readonly string[];
}

/** Registers the suite for one kind. */
export function outgoingSuite(kind: OutgoingKind): void {
  function test(
    criterion: string,
    body: (directory: string, spool: OutgoingSpool) => Promise<void>,
  ): void {
    Deno.test(`${kind.name} ${criterion}`, async () => {
      await using temporary = await temporaryDirectory();
      await body(temporary.path, kind.open(temporary.path));
    });
  }

  test(
    "lists what was put, in the order in which it was put",
    async (directory, spool) => {
      const names: string[] = [];
      for (let i = 0; i < 5; i++) {
        names.push(await kind.put(directory, bytes(`element ${i}`)));
      }
      assert.deepEqual(await spool.list(), names);
    },
  );

  test("lists nothing in an empty directory", async (_, spool) => {
    assert.deepEqual(await spool.list(), []);
  });

  test(
    "lists locked elements too, and gives none of them twice",
    async (directory, spool) => {
      const name = await kind.put(directory, bytes("x"));
      await using entry = await locked(spool, name);
      assert.equal(entry.name, name);
      const other = kind.open(directory);
      assert.deepEqual(await other.list(), [name]);
      assert.equal(await other.lock(name), undefined);
      assert.equal(await spool.lock(name), undefined);
    },
  );

  test("reads any bytes", async (directory, spool) => {
    const every = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7 % 256);
    const name = await kind.put(directory, every);
    await using entry = await locked(spool, name);
    assert.equal(entry.size, 70_000);
    assert.deepEqual(await entry.read(), every);
  });

  test("locks an empty element", async (directory, spool) => {
    const name = await kind.put(directory, new Uint8Array());
    await using entry = await locked(spool, name);
    assert.equal(entry.size, 0);
    assert.equal((await entry.read()).length, 0);
  });

  test(
    "gives an unlocked element to the next, in its old place",
    async (directory, spool) => {
      const names = [
        await kind.put(directory, bytes("a")),
        await kind.put(directory, bytes("b")),
      ];
      const entry = await locked(spool, names[0]!);
      await entry.unlock();
      await entry.unlock();
      assert.deepEqual(await spool.list(), names);
      await using again = await locked(kind.open(directory), names[0]!);
      assert.deepEqual(await again.read(), bytes("a"));
    },
  );

  test("unlocks a disposed entry", async (directory, spool) => {
    const name = await kind.put(directory, bytes("a"));
    {
      await using _ = await locked(spool, name);
    }
    await using _ = await locked(spool, name);
  });

  test("leaves nothing of a removed element", async (directory, spool) => {
    const name = await kind.put(directory, bytes("a"));
    {
      await using entry = await locked(spool, name);
      await entry.read();
      await entry.remove();
      await entry.unlock();
    }
    assert.deepEqual(await spool.list(), []);
    assert.equal(await spool.lock(name), undefined);
    assert.deepEqual(await filesOf(directory, kind.leftovers), []);
  });

  test("does not lock what is gone", async (directory, spool) => {
    const name = await kind.put(directory, bytes("a"));
    const entry = await locked(spool, name);
    await entry.remove();
    assert.equal(await kind.open(directory).lock(name), undefined);
  });

  test("refuses names that it does not give", async (_, spool) => {
    for (const name of kind.badNames) {
      await assert.rejects(() => spool.lock(name), RangeError, name);
    }
  });

  test(
    "tidy() takes over a claim older than the limit",
    async (directory, spool) => {
      const name = await kind.put(directory, bytes("a"));
      const dead = await locked(spool, name);
      await kind.ageClaim(directory, name, 601);
      const other = kind.open(directory);
      await other.tidy();
      await using entry = await locked(other, name);
      assert.deepEqual(await entry.read(), bytes("a"));
      assert.equal(dead.name, name);
    },
  );

  test(
    "tidy() leaves younger claims and elements alone",
    async (directory, spool) => {
      const names = [
        await kind.put(directory, bytes("a")),
        await kind.put(directory, bytes("b")),
      ];
      await using _ = await locked(spool, names[0]!);
      await kind.ageClaim(directory, names[0]!, 590);
      const other = kind.open(directory);
      await other.tidy();
      assert.deepEqual(await other.list(), names);
      assert.equal(await other.lock(names[0]!), undefined);
    },
  );

  test("touch() makes a claim young again", async (directory, spool) => {
    const name = await kind.put(directory, bytes("a"));
    await using entry = await locked(spool, name);
    await kind.ageClaim(directory, name, 5000);
    await entry.touch();
    const other = kind.open(directory);
    await other.tidy();
    assert.equal(await other.lock(name), undefined);
  });

  test("a claim that was taken over can neither be touched nor given back", async (directory) => {
    const name = await kind.put(directory, bytes("a"));
    const late = await locked(kind.open(directory, { maxLockMs: 1 }), name);
    // The claim of the other must really be younger by more than the limit.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const other = kind.open(directory, { maxLockMs: 1 });
    await other.tidy();
    await assert.rejects(() => late.touch(), isSpoolError);
    await using _ = await locked(other, name);
    await late.unlock();
    assert.equal(await kind.open(directory).lock(name), undefined);
  });

  test("of many that lock at the same time exactly one gets each element", async (directory) => {
    const names: string[] = [];
    for (let i = 0; i < 20; i++) {
      names.push(await kind.put(directory, bytes(`${i}`)));
    }
    const got: string[] = [];
    await Promise.all(Array.from({ length: 8 }, async () => {
      const spool = kind.open(directory);
      for (const name of await spool.list()) {
        const entry = await spool.lock(name);
        if (entry === undefined) continue;
        got.push(name);
        await entry.remove();
      }
    }));
    assert.deepEqual(got.sort(), names.sort());
  });

  test("refuses to read an element that grows", async (directory, spool) => {
    const name = await kind.put(directory, bytes("half"));
    const entry = await locked(spool, name);
    const file = await kind.claimedFile(directory, name);
    await Deno.writeFile(file, bytes(" and half"), { append: true });
    await assert.rejects(() => entry.read(), isSpoolError);
    await entry.unlock();
    assert.deepEqual(await spool.list(), [name]);
  });

  test(
    "removes what only had its time changed since it was read",
    async (directory, spool) => {
      const name = await kind.put(directory, bytes("a"));
      const entry = await locked(spool, name);
      await entry.read();
      const now = Date.now() / 1000;
      await Deno.utime(
        await kind.claimedFile(directory, name),
        now - 9,
        now - 9,
      );
      await entry.remove();
      assert.deepEqual(await spool.list(), []);
    },
  );

  const changes: [
    what: string,
    change: (file: string) => Promise<unknown>,
    state: string,
    left: string,
  ][] = [
    [
      "was appended to",
      (file) => Deno.writeTextFile(file, " two", { append: true }),
      "it is being written to",
      "one two",
    ],
    [
      "was emptied",
      (file) => Deno.truncate(file),
      "it is being written to",
      "",
    ],
    [
      "was written anew, as long as before",
      async (file) => {
        await Deno.writeTextFile(file, "two");
        // Whatever the clock of the file system: it is another time than before.
        await age(file, 5);
      },
      "it is being written to",
      "two",
    ],
    [
      "was replaced",
      async (file) => {
        await Deno.writeTextFile(`${file}.new`, "two");
        await Deno.rename(`${file}.new`, file);
      },
      "it is another file now",
      "two",
    ],
  ];
  for (const [what, change, state, left] of changes) {
    test(
      `does not remove an element that ${what} after it was read`,
      async (directory, spool) => {
        const name = await kind.put(directory, bytes("one"));
        const entry = await locked(spool, name);
        assert.deepEqual(await entry.read(), bytes("one"));
        await change(await kind.sentFile(directory, name));
        await assert.rejects(() => entry.remove(), {
          code: "SPOOL",
          message: `Cannot remove "${directory}/${name}": ${state}`,
        });
        await entry.unlock();
        await age(`${directory}/${name}`, 10);
        assert.deepEqual(await spool.list(), [name]);
        await using again = await locked(spool, name);
        assert.deepEqual(await again.read(), bytes(left));
        await again.remove();
      },
    );
  }

  test(
    "notices what was written before the claim was renewed",
    async (directory, spool) => {
      const name = await kind.put(directory, bytes("one"));
      const entry = await locked(spool, name);
      await entry.read();
      const file = await kind.claimedFile(directory, name);
      await Deno.writeTextFile(file, "two");
      await age(file, 5);
      await entry.touch();
      await assert.rejects(() => entry.remove(), isSpoolError);
      await entry.unlock();
    },
  );

  const swaps: [what: string, swap: (file: string) => Promise<unknown>][] = [
    ["another file", (file) => Deno.writeTextFile(file, "x")],
    ["a symbolic link", (file) => Deno.symlink("/etc/passwd", file)],
    ["a FIFO", (file) => run("mkfifo", file)],
  ];
  for (const [what, swap] of swaps) {
    test(
      `reads nothing when ${what} is put in the place of a claimed element`,
      async (directory, spool) => {
        const name = await kind.put(directory, bytes("a"));
        const entry = await locked(spool, name);
        const file = await kind.claimedFile(directory, name);
        // As long as the file that is there still exists, its number is not given again.
        await Deno.rename(file, `${directory}/.away`);
        await swap(file);
        await assert.rejects(() => entry.read(), {
          code: "SPOOL",
          message: `Cannot read "${directory}/${name}": it is another file now`,
        });
      },
    );
  }

  test("says so when an element cannot be read", async (directory, spool) => {
    const name = await kind.put(directory, bytes("a"));
    await using entry = await locked(spool, name);
    await Deno.remove(await kind.claimedFile(directory, name));
    await assert.rejects(() => entry.read(), isSpoolError);
  });

  test("list() says so when the directory is missing", async (directory) => {
    await assert.rejects(
      () => kind.open(`${directory}/missing`).list(),
      (error: unknown) =>
        isSpoolError(error) && error.cause instanceof Deno.errors.NotFound &&
        error.message ===
          `Cannot list "${directory}/missing": no such file or directory`,
    );
  });

  test("list() and tidy() say so when it is no directory", async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    const spool = kind.open(`${directory}/file`);
    await assert.rejects(() => spool.list(), isSpoolError);
    await assert.rejects(() => spool.tidy(), isSpoolError);
  });
}

/** Locks an element that must be free. */
export async function locked(spool: OutgoingSpool, name: string) {
  const entry = await spool.lock(name);
  assert.ok(entry, `${name} is not free`);
  return entry;
}

/** Whether it is an `SsmError` with code `SPOOL`. */
export function isSpoolError(error: unknown): error is Error {
  return isSsmError(error, "SPOOL");
}

/** Makes a file that many seconds old. */
export async function age(path: string, seconds: number): Promise<void> {
  const then = new Date(Date.now() - seconds * 1000);
  await Deno.utime(path, then, then);
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args }).output();
  assert.ok(success, command);
}

async function filesOf(
  directory: string,
  except: readonly RegExp[],
): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (!except.some((pattern) => pattern.test(name))) names.push(name);
    if (!isDirectory) continue;
    for await (const inner of Deno.readDir(`${directory}/${name}`)) {
      names.push(`${name}/${inner.name}`);
    }
  }
  return names;
}
