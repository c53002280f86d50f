import assert from "node:assert/strict";
import { DirqSimple } from "../../../../lib/spool/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { locked } from "../outgoing_suite.ts";
import { bytes } from "../../../kit/text.ts";
import { startPython } from "../../../peers/python_dirq.ts";
import { temporaryDirectory } from "../../../kit/disk/directories.ts";

// dirq itself gives up in three places when a purge removes a drained directory in
// that moment, or finds it filled: adding, listing and purging are then repeated.

const PRODUCE = `
queue = QueueSimple(path, granularity=int(sys.argv[4]))
for i in range(int(sys.argv[3])):
    while True:
        try:
            queue.add("%s %d" % (sys.argv[2], i))
            break
        except OSError:
            pass
print("null")
`;

const TOLERANT_PURGE = `
def purge(queue):
    try:
        queue.purge()
    except OSError:
        pass
`;

const CONSUME = `${TOLERANT_PURGE}
queue = QueueSimple(path)
got = []
until = time.time() + 60
while time.time() < until and not os.path.exists(sys.argv[2]):
    try:
        names = list(queue)
    except OSError:
        continue
    for name in names:
        if queue.lock(name):
            got.append(queue.get(name).decode())
            queue.remove(name)
    purge(queue)
print(json.dumps(got))
`;

const PURGE = `${TOLERANT_PURGE}
queue = QueueSimple(path)
until = time.time() + 60
while time.time() < until and not os.path.exists(sys.argv[2]):
    purge(queue)
print("null")
`;

testWith(
  ["python3-dirq"],
  "DirqSimple reads what Python adds, in Python's order",
  async () => {
    await using temporary = await temporaryDirectory();
    const { path } = temporary;
    const names = await startPython<string[]>(
      `
queue = QueueSimple(path, granularity=1)
for i in range(5):
    queue.add(b"\\x00\\xff%d" % i)
print(json.dumps([name for name in queue]))
`,
      path,
    );
    const spool = new DirqSimple(path);
    assert.deepEqual(await spool.list(), names);
    await using entry = await locked(spool, names[0]!);
    assert.deepEqual(await entry.read(), Uint8Array.of(0, 255, 0x30));
  },
);

testWith(["python3-dirq"], "DirqSimple.add() is read by Python", async () => {
  await using temporary = await temporaryDirectory();
  const { path } = temporary;
  const spool = new DirqSimple(path);
  const names = [await spool.add(bytes("one")), await spool.add(bytes("two"))];
  const got = await startPython(
    `
queue = QueueSimple(path)
print(json.dumps([[n, queue.lock(n), queue.get(n).decode(), queue.remove(n)] for n in queue]))
`,
    path,
  );
  assert.deepEqual(got, [
    [names[0], true, "one", null],
    [names[1], true, "two", null],
  ]);
  assert.deepEqual(await spool.list(), []);
});

testWith(
  ["python3-dirq"],
  "DirqSimple and Python honour each other's locks, until they are stale",
  async () => {
    await using temporary = await temporaryDirectory();
    const { path } = temporary;
    const spool = new DirqSimple(path);
    const [ours, theirs, stale] = [
      await spool.add(bytes("ours")),
      await spool.add(bytes("theirs")),
      await spool.add(bytes("stale")),
    ];
    await using _ = await locked(spool, ours);
    const abandoned = await locked(spool, stale);
    const then = new Date(Date.now() - 601_000);
    await Deno.utime(`${path}/${stale}`, then, then);
    const got = await startPython(
      `
queue = QueueSimple(path)
before = [queue.lock(name) for name in sys.argv[2:5]]
queue.purge()
print(json.dumps([before, [queue.lock(name) for name in sys.argv[2:5]], queue.count()]))
`,
      path,
      ours,
      theirs,
      stale,
    );
    assert.deepEqual(got, [[false, true, false], [false, false, true], 3]);
    assert.equal(await spool.lock(theirs), undefined);
    await abandoned.unlock();
  },
);

testWith(
  ["python3-dirq"],
  "DirqSimple and Python share a queue at full speed, each element once",
  async () => {
    await using temporary = await temporaryDirectory();
    const path = `${temporary.path}/queue`;
    const done = `${temporary.path}/done`;
    await Deno.mkdir(path);
    const consumer = startPython<string[]>(CONSUME, path, done);
    const purger = startPython(PURGE, path, done);
    const producers = [
      startPython(PRODUCE, path, "a", "150", "1"),
      startPython(PRODUCE, path, "b", "150", "60"),
    ];
    let producing = true;
    const ours = new DirqSimple(path, { granularitySeconds: 1 });
    const added = (async () => {
      for (let i = 0; i < 150; i++) await ours.add(bytes(`c ${i}`));
      await Promise.all(producers);
      producing = false;
    })();

    const got: string[] = [];
    const spool = new DirqSimple(path);
    for (let last = false; !last;) {
      last = !producing;
      for (const name of await spool.list()) {
        const entry = await spool.lock(name);
        if (entry === undefined) continue;
        got.push(new TextDecoder().decode(await entry.read()));
        await entry.remove();
      }
      await spool.tidy();
    }
    await added;
    await Deno.writeTextFile(done, "");
    const theirs = await consumer;
    await purger;

    const expected = ["a", "b", "c"].flatMap((producer) =>
      Array.from({ length: 150 }, (_, i) => `${producer} ${i}`)
    );
    assert.deepEqual([...got, ...theirs].sort(), expected.sort());
    assert.deepEqual(await spool.list(), []);
  },
);
