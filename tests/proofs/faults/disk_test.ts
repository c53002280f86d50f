/**
 * Disks that are full or read-only, and directories that go away, under the
 * programs that run.
 *
 * The stores have tests of their own for this: `DirqSchema`, `SqliteStore`, the
 * broker with `--data`, and `receive()` with a full and a read-only incoming.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ssm } from "../../kit/programs/program.ts";
import { Receiving } from "../../kit/programs/program_receiver.ts";
import { AnsweringBroker, content } from "../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";
import { mountSmall } from "../../kit/disk/small_disk.ts";

const test = siteTests();

/** Takes all the room there is in a directory; removed on disposal. */
async function fill(directory: string): Promise<Disposable> {
  const path = `${directory}/.ballast`;
  await assert.rejects(Deno.writeFile(path, new Uint8Array(1 << 20)));
  return { [Symbol.dispose]: () => Deno.removeSync(path) };
}

function rootTest(name: string, fn: (site: Site) => Promise<void>): void {
  test(name, fn, "root");
}

/** A broker that confirms everything, and what it was sent. */
async function confirming(): Promise<
  { broker: AnsweringBroker; ids: string[] }
> {
  const ids: string[] = [];
  const broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "SEND") ids.push(frame.headers.get("empa-id") ?? "");
    await content(frame, peer);
  });
  return { broker, ids };
}

for (const path_type of ["dirq", "directory"]) {
  rootTest(`ssm send empties a full disk (${path_type})`, async (site) => {
    const { broker, ids } = await confirming();
    await using _broker = broker;
    await Deno.remove(site.outgoing);
    await using _disk = await mountSmall(site.outgoing);
    if (path_type === "dirq") await site.drop("one", "two", "three");
    else {
      for (const name of ["1", "2", "3"]) {
        await Deno.writeTextFile(`${site.outgoing}/${name}`, name);
      }
    }
    {
      using _ballast = await fill(site.outgoing);
      const config = await site.sender(broker.port, {
        messaging: { path_type, min_file_age: 0 },
      });
      const { status } = await ssm(["send", "-c", config]);
      assert.equal(status, 0, (await site.log()).join("\n"));
    }
    assert.equal(ids.length, 3);
    const files = await filesIn(site.outgoing);
    assert.deepEqual(files.filter((path) => !path.includes("/.ssm-")), []);
  });
}

rootTest(
  "ssm send empties a file system without inodes (directory)",
  async (site) => {
    const { broker, ids } = await confirming();
    await using _broker = broker;
    await Deno.remove(site.outgoing);
    // The root of a file system takes one, too.
    await using _disk = await mountSmall(
      site.outgoing,
      "size=256k,nr_inodes=4",
    );
    const names = ["1", "2", "x".repeat(200)];
    for (const name of names) {
      await Deno.writeTextFile(`${site.outgoing}/${name}`, name);
    }
    await assert.rejects(Deno.mkdir(`${site.outgoing}/more`));
    const config = await site.sender(broker.port, {
      messaging: { path_type: "directory", min_file_age: 0 },
    });
    const { status } = await ssm(["send", "-c", config]);
    assert.equal(status, 0, (await site.log()).join("\n"));
    assert.deepEqual(ids.sort(), names);
    const left = Array.from(Deno.readDirSync(site.outgoing))
      .filter(({ isFile }) => isFile);
    assert.deepEqual(left, []);
  },
);

rootTest(
  "ssm send says what it cannot remove from a disk that becomes read-only, and removes it later",
  async (site) => {
    await Deno.remove(site.outgoing);
    await using disk = await mountSmall(site.outgoing);
    const names = await site.drop("one", "two", "three");
    const ids: string[] = [];
    await using broker = await AnsweringBroker.start(async (frame, peer) => {
      if (frame.command === "SEND") {
        ids.push(frame.headers.get("empa-id")!);
        if (ids.length === 1) await disk.remount("ro");
      }
      await content(frame, peer);
    });
    const config = await site.sender(broker.port, {
      messaging: { max_lock_age: 10 },
    });
    assert.equal((await ssm(["send", "-c", config])).status, 1);
    const [first] = names;
    const log = (await site.log()).join("\n");
    assert.match(
      log,
      new RegExp(
        `ERROR - Message ${first} was sent but cannot be removed, .*read-only`,
        "i",
      ),
    );
    await disk.remount("rw");
    const before = Date.now() / 1000 - 60;
    for (const path of await filesIn(site.outgoing)) {
      await Deno.utime(path, before, before);
    }
    // Once more with the same id, so that the receiver knows it.
    assert.equal((await ssm(["send", "-c", config])).status, 0);
    assert.deepEqual([...new Set(ids)].sort(), names.toSorted());
    // The trace that could not be removed goes when its locks would count as old.
    const files = await filesIn(site.outgoing);
    assert.deepEqual(files.filter((path) => !path.includes("/.ssm-")), []);
  },
);

rootTest(
  "ssm receive goes on while the disk of its log is full, and owns up to the gap",
  async (site) => {
    const logs = `${site.dir}/logs`;
    await using _disk = await mountSmall(logs);
    const logfile = `${logs}/ssm.log`;
    await using receiving = await Receiving.start(site, {
      logging: { logfile },
    });
    {
      using _ballast = await fill(logs);
      // The rest of the page that the file has already.
      await assert.rejects(
        Deno.writeTextFile(logfile, "\n".repeat(1 << 20), { append: true }),
      );
      for (const id of ["1", "2"]) {
        assert.equal(await receiving.send(site.pki.ec, id, id), "incoming");
      }
    }
    assert.equal(await receiving.send(site.pki.ec, "3", "3"), "incoming");
    await receiving.receiver.stop();
    const log = await Deno.readTextFile(logfile);
    assert.match(
      log,
      /^\S+ \S+ - ssm\.log - WARNING - \d+ log lines were lost/m,
    );
    assert.match(log, /Received message\. ID = 3\n/);
    assert.equal((await site.elements("incoming")).length, 3);
  },
);

for (const queue of ["incoming", "reject"] as const) {
  rootTest(
    `ssm receive loses nothing when the disk of ${queue} is full`,
    async (site) => {
      await Deno.mkdir(site.received);
      const path = `${site.received}/${queue}`;
      await using _disk = await mountSmall(path);
      await using receiving = await Receiving.start(site);
      const { receiver } = receiving;
      const { ec, unlisted } = site.pki;
      let verdict: Promise<string>;
      {
        using _ballast = await fill(path);
        verdict = receiving.send(queue === "incoming" ? ec : unlisted, "x");
        const line = await receiver.line(/Failed to read or write file/);
        assert.match(line, /no space left on device/i);
      }
      assert.equal(await verdict, queue);
      const [element, ...more] = await site.elements(queue);
      assert.match(element!["body"]!, /x/);
      assert.deepEqual(more, []);
    },
  );
}

/** What an administrator may do to the directories of a receiver that runs. */
const REMOVALS: [
  what: string,
  remove: (site: Site) => Promise<unknown>,
  mend?: (site: Site) => Promise<unknown>,
][] = [
  [
    "everything in incoming",
    async ({ received }) => {
      for await (const { name } of Deno.readDir(`${received}/incoming`)) {
        await Deno.remove(`${received}/incoming/${name}`, { recursive: true });
      }
    },
  ],
  [
    "the memory of what was delivered",
    ({ received }) =>
      Deno.remove(`${received}/.ssm-ledger`, { recursive: true }),
  ],
  [
    "incoming, and puts it back",
    ({ received }) => Deno.rename(`${received}/incoming`, `${received}/away`),
    ({ received }) => Deno.rename(`${received}/away`, `${received}/incoming`),
  ],
  [
    "incoming, and makes it anew",
    ({ received }) => Deno.remove(`${received}/incoming`, { recursive: true }),
    ({ received }) => Deno.mkdir(`${received}/incoming`),
  ],
];

for (const [what, remove, mend] of REMOVALS) {
  test(`ssm receive loses nothing when somebody removes ${what}`, async (site) => {
    await using receiving = await Receiving.start(site);
    assert.equal(await receiving.send(site.pki.ec, "before", "1"), "incoming");
    await remove(site);
    const verdict = receiving.send(site.pki.ec, "after", "2");
    if (mend) {
      const line = await receiving.receiver.line(/Failed to read or write/);
      assert.match(line, /ERROR - .*: Cannot .*no such file/i);
      await mend(site);
    }
    assert.equal(await verdict, "incoming");
    await receiving.receiver.stop();
    const bodies = (await site.elements("incoming")).map(({ body }) => body);
    assert.ok(bodies.includes("after"), bodies.join());
  });
}

test("ssm send leaves what it does not find any more, and sends the rest", async (site) => {
  const names = await site.drop("one", "two", "three");
  const ids: string[] = [];
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "SEND") {
      ids.push(frame.headers.get("empa-id")!);
      if (ids.length === 1) {
        await Deno.remove(site.outgoing, { recursive: true });
        await Deno.mkdir(site.outgoing);
      }
    }
    await content(frame, peer);
  });
  const config = await site.sender(broker.port);
  const { status, stderr } = await ssm(["send", "-c", config]);
  assert.equal(status, 1, stderr);
  assert.equal(ids[0], names[0]);
  await site.drop("four");
  assert.equal((await ssm(["send", "-c", config])).status, 0);
  assert.deepEqual(await site.waiting(), []);
});

/** All files below a directory, hidden ones of the spools' own aside. */
async function filesIn(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) paths.push(...await filesIn(path));
    else paths.push(path);
  }
  return paths;
}
