/**
 * Elements that are written under their own names, as `prog >
 * outgoing/20261127/20261127101112` does it, and those that are not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DirqSimple, type ListObserver } from "../../../../lib/spool/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { age, locked } from "../outgoing_suite.ts";
import { bytes } from "../../../kit/text.ts";
import { startPython } from "../../../peers/python_dirq.ts";

/** Longer than any test takes: what may still be written to is so to the end. */
const NEVER_OLD = { minAgeMs: 3_600_000 };

/** The names that `date +%Y%m%d` and `date +%Y%m%d%H%M%S` give. */
const DATED = "20261127/20261127101112";

class Directory implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Directory> {
    return new Directory(await Deno.makeTempDir());
  }

  /** Makes a file under its own name, and its directory; written to a moment ago. */
  async write(name: string, text: string): Promise<void> {
    await Deno.mkdir(`${this.path}/${name.split("/")[0]}`, { recursive: true });
    await Deno.writeTextFile(`${this.path}/${name}`, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

Deno.test("DirqSimple leaves an element alone that is written under its own name, until it is whole", async () => {
  await using directory = await Directory.make();
  const { path } = directory;
  await Deno.mkdir(`${path}/20261127`);
  const spool = new DirqSimple(path, { minAgeMs: 60_000 });
  const heard: number[] = [];
  const observer: ListObserver = {
    unreadable: assert.fail,
    unfinished: (count) => heard.push(count),
  };
  using writer = await Deno.open(`${path}/${DATED}`, {
    write: true,
    createNew: true,
  });
  assert.deepEqual(await spool.list(observer), []);
  await writer.write(bytes("one\n"));
  assert.deepEqual(await spool.list(observer), []);
  await age(`${path}/${DATED}`, 50);
  assert.deepEqual(await spool.list(observer), []);
  await writer.write(bytes("two\n"));
  assert.deepEqual(await spool.list(observer), []);
  assert.deepEqual(heard, [1, 1, 1, 1]);
  await age(`${path}/${DATED}`, 61);
  assert.deepEqual(await spool.list(observer), [DATED]);
  assert.equal(heard.length, 4);
  await using entry = await locked(spool, DATED);
  assert.deepEqual(await entry.read(), bytes("one\ntwo\n"));
});

Deno.test("DirqSimple.list() waits for what was written a moment ago, if not for long", async () => {
  await using directory = await Directory.make();
  await directory.write(DATED, "x");
  const patient = new DirqSimple(directory.path, { minAgeMs: 300 });
  assert.deepEqual(await patient.list(), [DATED]);
});

Deno.test("DirqSimple does not let what is added as dirq does it wait", async () => {
  await using directory = await Directory.make();
  const { path } = directory;
  const spool = new DirqSimple(path, NEVER_OLD);
  await directory.write(DATED, "in place");
  const names = [await spool.add(bytes("a")), await spool.add(bytes("b"))];
  assert.deepEqual(await spool.list(), names);
});

testWith(
  ["python3-dirq"],
  "DirqSimple does not let what Python adds wait",
  async () => {
    await using directory = await Directory.make();
    const names = await startPython<string[]>(
      "queue = QueueSimple(path)\nprint(json.dumps([queue.add(str(i)) for i in range(20)]))",
      directory.path,
    );
    const spool = new DirqSimple(directory.path, NEVER_OLD);
    assert.deepEqual(await spool.list(), names);
  },
);

Deno.test("DirqSimple lists what somebody has locked, however young", async () => {
  await using directory = await Directory.make();
  await directory.write(DATED, "x");
  const { path } = directory;
  await Deno.link(`${path}/${DATED}`, `${path}/${DATED}.lck`);
  assert.deepEqual(await new DirqSimple(path, NEVER_OLD).list(), [DATED]);
});

/** Names of an element, and what they tell about its content, which is a second old. */
const NAMES: [what: string, named: (now: number) => number, waits: boolean][] =
  [
    ["after its content", (now) => now - 900, false],
    ["before its content", (now) => now - 1100, true],
    ["by a clock that is ahead", (now) => now + 60_000, true],
    ["in another century", () => 0x99991231 * 1000, true],
  ];

for (const [what, named, waits] of NAMES) {
  Deno.test(`DirqSimple lets an element that was named ${what} ${waits ? "wait" : "go"}`, async () => {
    await using directory = await Directory.make();
    const now = Date.now();
    const ms = named(now);
    const name = "12345678/" +
      Math.floor(ms / 1000).toString(16).padStart(8, "0") +
      (ms % 1000 * 1000).toString(16).padStart(5, "0") + "0";
    await directory.write(name, "x");
    const written = new Date(now - 1000);
    await Deno.utime(`${directory.path}/${name}`, written, written);
    const spool = new DirqSimple(directory.path, NEVER_OLD);
    assert.deepEqual(await spool.list(), waits ? [] : [name]);
  });
}

Deno.test("DirqSimple sends an element whose time is in the future: a clock was wrong", async () => {
  await using directory = await Directory.make();
  await directory.write(DATED, "x");
  await age(`${directory.path}/${DATED}`, -7200);
  const spool = new DirqSimple(directory.path, NEVER_OLD);
  assert.deepEqual(await spool.list(), [DATED]);
});

Deno.test("DirqSimple does not let what was given back wait, unless it was written to meanwhile", async () => {
  await using directory = await Directory.make();
  const { path } = directory;
  const spool = new DirqSimple(path, NEVER_OLD);
  const [a, b] = [await spool.add(bytes("a")), await spool.add(bytes("b"))];
  for (const name of [a, b]) {
    const entry = await locked(spool, name);
    await entry.touch();
    if (name === b) {
      await Deno.writeTextFile(`${path}/${b}`, "more");
      // By the clock of the kernel that may be before it was named.
      await age(`${path}/${b}`, -1);
    }
    await entry.unlock();
  }
  assert.deepEqual(await spool.list(), [a]);
});
