import assert from "node:assert/strict";
import { PlainDirectory } from "../../../../lib/spool/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { age, isSpoolError, locked, outgoingSuite } from "../outgoing_suite.ts";
import { bytes } from "../../../kit/text.ts";
import { startPython } from "../../../peers/python_dirq.ts";
import { temporaryDirectory } from "../../../kit/disk/directories.ts";

let made = 0;

outgoingSuite({
  name: "PlainDirectory",
  open: (directory, options) =>
    new PlainDirectory(directory, { minAgeMs: 0, ...options }),
  async put(directory, bytes) {
    // Names against the order of the times.
    const name = `report ${String(1000 - made)}`;
    await put(`${directory}/${name}`, bytes, 100_000 - made++);
    return name;
  },
  claimedFile: async (directory, name) =>
    `${await claimOf(directory, name)}/${name}`,
  sentFile: async (directory, name) =>
    `${await claimOf(directory, name)}/${name}`,
  ageClaim: async (directory, name, seconds) =>
    age(await claimOf(directory, name), seconds),
  leftovers: [/^\.ssm-claims$/],
  badNames: ["", ".", "..", ".hidden", "a.tmp", "../a", "a/b", "/etc/passwd"],
});

outgoingSuite({
  name: "PlainDirectory in the order of names",
  open: (directory, options) =>
    new PlainDirectory(directory, {
      order: "name",
      skipTmp: false,
      minAgeMs: 0,
      ...options,
    }),
  async put(directory, bytes) {
    // Times against the order of the names.
    const name = `report ${String(1000 + made)}.tmp`;
    await put(`${directory}/${name}`, bytes, 100_000 + made++);
    return name;
  },
  claimedFile: async (directory, name) =>
    `${await claimOf(directory, name)}/${name}`,
  sentFile: async (directory, name) =>
    `${await claimOf(directory, name)}/${name}`,
  ageClaim: async (directory, name, seconds) =>
    age(await claimOf(directory, name), seconds),
  leftovers: [/^\.ssm-claims$/],
  badNames: ["", ".", "..", ".hidden", "../a", "a/b", "/etc/passwd"],
});

testWith(
  ["python3-dirq"],
  "PlainDirectory in the order of names sorts as Python sorts the bytes of names",
  async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    // Of the last two, UTF-16 has it the other way round.
    const names = [
      "10",
      "9",
      "B",
      "a",
      "a b",
      "\n",
      "é",
      "\uffee",
      "\u{1f600}",
    ];
    for (const name of names) await put(`${path}/${name}`, bytes(name), 10);
    const sorted = await startPython(
      "print(json.dumps([os.fsdecode(n) for n in sorted(os.listdir(os.fsencode(path)))]))",
      path,
    );
    const spool = new PlainDirectory(path, { order: "name" });
    assert.deepEqual(await spool.list(), sorted);
    assert.deepEqual((await spool.list()).slice(-2), ["\uffee", "\u{1f600}"]);
  },
);

Deno.test("PlainDirectory warns once of what is no file, and goes on", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/good`, bytes("x"), 10);
  await Deno.mkdir(`${path}/directory`);
  await Deno.mkdir(`${path}/.hidden`);
  const warnings: string[] = [];
  const spool = new PlainDirectory(path, {
    order: "name",
    warn: (text) => warnings.push(text),
  });
  const warning = `Skipping "${path}/directory": not a regular file`;
  assert.deepEqual(await spool.list(), ["good"]);
  assert.deepEqual(await spool.list(), ["good"]);
  assert.deepEqual(warnings, [warning]);
  await Deno.remove(`${path}/directory`);
  await spool.list();
  await Deno.mkdir(`${path}/directory`);
  await spool.list();
  assert.deepEqual(warnings, [warning, warning], "it is another one");
});

Deno.test("PlainDirectory skips hidden, temporary and fresh files, directories and links", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  for (const name of ["good", ".hidden", "half.tmp", "tmp", "a.tmp.txt"]) {
    await put(`${path}/${name}`, bytes("x"), 10);
  }
  await put(`${path}/fresh`, bytes("x"), 0);
  await put(`${path}/from the future`, bytes("x"), -5000);
  await Deno.mkdir(`${path}/directory`);
  await age(`${path}/directory`, 10);
  await Deno.symlink(`${path}/good`, `${path}/link`);
  const spool = new PlainDirectory(path, { minAgeMs: 5000 });
  assert.deepEqual((await spool.list()).sort(), [
    "a.tmp.txt",
    "from the future",
    "good",
    "tmp",
  ]);
  assert.equal(await spool.lock("fresh"), undefined);
  for (const name of ["link", "directory"]) {
    await assert.rejects(() => spool.lock(name), {
      code: "SPOOL",
      message: `Cannot claim "${path}/${name}": not a regular file`,
    });
  }
});

Deno.test("PlainDirectory.list() waits for a file that was written a moment ago, if not for long", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/old`, bytes("x"), 10);
  await put(`${path}/new`, bytes("x"), 0);
  const patient = new PlainDirectory(path, { minAgeMs: 200 });
  assert.deepEqual(await patient.list(), ["old", "new"]);
  const impatient = new PlainDirectory(path, { minAgeMs: 60_000 });
  assert.deepEqual(await impatient.list(), []);
});

Deno.test("PlainDirectory takes any name that a file can have", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  const names = [
    "new\nline",
    " blanks ",
    "ünïcödé",
    "-rf",
    "a:b\\c",
    "x".repeat(255),
  ];
  for (const [index, name] of names.entries()) {
    await put(`${path}/${name}`, bytes(name), 100 - index);
  }
  const spool = new PlainDirectory(path);
  assert.deepEqual(await spool.list(), names);
  for (const name of names) {
    const entry = await locked(spool, name);
    assert.deepEqual(await entry.read(), bytes(name));
    await entry.unlock();
    await (await locked(spool, name)).remove();
  }
  assert.deepEqual(await spool.list(), []);
});

Deno.test("PlainDirectory warns of a name that is not UTF-8", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  const { success } = await new Deno.Command("sh", {
    args: ["-c", `printf x > "$1/$(printf 'a\\377b')"`, "sh", path],
  }).output();
  assert.ok(success);
  const warnings: string[] = [];
  const spool = new PlainDirectory(path, {
    warn: (text) => warnings.push(text),
  });
  assert.deepEqual(await spool.list(), []);
  assert.deepEqual(warnings, [
    `Skipping "${path}/a\ufffdb": its name is not UTF-8`,
  ]);
});

Deno.test("PlainDirectory keeps a file that was written to while it was sent", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/log`, bytes("one\n"), 10);
  const spool = new PlainDirectory(path);
  const writer = await Deno.open(`${path}/log`, { append: true });
  const entry = await locked(spool, "log");
  assert.deepEqual(await entry.read(), bytes("one\n"));
  await writer.write(bytes("two\n"));
  writer.close();
  await assert.rejects(() => entry.remove(), {
    code: "SPOOL",
    message: `Cannot remove "${path}/log": it is being written to`,
  });
  await entry.unlock();
  assert.equal(await Deno.readTextFile(`${path}/log`), "one\ntwo\n");
});

Deno.test("PlainDirectory loses neither of two files of one name", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/usage`, bytes("monday"), 20);
  const spool = new PlainDirectory(path);
  const monday = await locked(spool, "usage");
  await put(`${path}/usage`, bytes("tuesday"), 10);
  await monday.unlock();
  assert.deepEqual(await spool.list(), ["usage"]);

  const tuesday = await locked(spool, "usage");
  assert.deepEqual(await tuesday.read(), bytes("tuesday"));
  await tuesday.remove();
  assert.deepEqual(
    await spool.list(),
    ["usage"],
    "monday's waits in its claim",
  );
  await spool.tidy();
  const again = await locked(spool, "usage");
  assert.deepEqual(await again.read(), bytes("monday"));
  await again.remove();
  assert.deepEqual(await spool.list(), []);
});

Deno.test("PlainDirectory recovers a claim that was cut off while it was given back", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/a`, bytes("a"), 10);
  const spool = new PlainDirectory(path);
  await locked(spool, "a");
  const claim = await claimOf(path, "a");
  // Linked back, and killed before the claim was removed.
  await Deno.link(`${claim}/a`, `${path}/a`);
  await age(claim, 601);
  await spool.tidy();
  await assert.rejects(Deno.lstat(`${path}/.ssm-claims`), Deno.errors.NotFound);
  await (await locked(spool, "a")).remove();
  assert.deepEqual(await spool.list(), []);
});

Deno.test("PlainDirectory.remove() refuses when the claim was taken over", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/a`, bytes("a"), 10);
  const spool = new PlainDirectory(path);
  const late = await locked(spool, "a");
  await age(await claimOf(path, "a"), 601);
  await spool.tidy();
  await assert.rejects(() => late.remove(), isSpoolError);
  assert.deepEqual(await spool.list(), ["a"]);
});

Deno.test("PlainDirectory says so when claims cannot be made", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await put(`${path}/a`, bytes("a"), 10);
  await Deno.writeTextFile(`${path}/.ssm-claims`, "in the way");
  const spool = new PlainDirectory(path);
  await assert.rejects(() => spool.lock("a"), isSpoolError);
  assert.equal(await Deno.readTextFile(`${path}/a`), "a");
});

async function put(
  path: string,
  bytes: Uint8Array,
  seconds: number,
): Promise<void> {
  await Deno.writeFile(path, bytes);
  await age(path, seconds);
}

async function claimOf(directory: string, name: string): Promise<string> {
  const claims = `${directory}/.ssm-claims`;
  for await (const claim of Deno.readDir(claims)) {
    for await (const file of Deno.readDir(`${claims}/${claim.name}`)) {
      if (file.name === name) return `${claims}/${claim.name}`;
    }
  }
  throw new Error(`nobody claims ${name}`);
}
