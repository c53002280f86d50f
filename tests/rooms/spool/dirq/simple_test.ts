import assert from "node:assert/strict";
import { DirqSimple } from "../../../../lib/spool/mod.ts";
import { age, isSpoolError, locked, outgoingSuite } from "../outgoing_suite.ts";
import { bytes } from "../../../kit/text.ts";
import { modeOf, temporaryDirectory } from "../../../kit/disk/directories.ts";

outgoingSuite({
  name: "DirqSimple",
  open: (directory, options) => new DirqSimple(directory, options),
  put: (directory, bytes) => new DirqSimple(directory).add(bytes),
  claimedFile: (directory, name) => Promise.resolve(`${directory}/${name}.lck`),
  sentFile: (directory, name) => Promise.resolve(`${directory}/${name}`),
  ageClaim: (directory, name, seconds) => age(`${directory}/${name}`, seconds),
  leftovers: [/^[0-9a-f]{8}$/],
  badNames: [
    "",
    "12345678",
    "../12345678901234",
    "12345678/1234567890123",
    "12345678/12345678901234.lck",
    "12345678/1234567890ABCD",
    "12345678/../../12345678901234",
  ],
});

Deno.test("DirqSimple.add() names elements as dirq does, with the configured modes", async () => {
  await using temporary = await temporaryDirectory();
  const path = `${temporary.path}/deep/outgoing`;
  const before = Math.floor(Date.now() / 1000);
  const name = await new DirqSimple(path, {
    fileMode: 0o660,
    directoryMode: 0o770,
  }).add(bytes("x"));
  assert.match(name, /^[0-9a-f]{8}\/[0-9a-f]{14}$/);
  const [directory = "", element = ""] = name.split("/");
  assert.equal(parseInt(directory, 16) % 60, 0);
  const seconds = parseInt(element.slice(0, 8), 16);
  assert.ok(seconds >= before && seconds <= before + 60);
  assert.ok(parseInt(element.slice(8, 13), 16) < 1_000_000);
  assert.equal(modeOf(`${path}/${name}`), 0o660);
  assert.equal(modeOf(`${path}/${directory}`), 0o770);
});

Deno.test("DirqSimple.add() leaves nothing half-written behind when it fails", async () => {
  await using temporary = await temporaryDirectory();
  await Deno.writeTextFile(`${temporary.path}/file`, "");
  const spool = new DirqSimple(`${temporary.path}/file/outgoing`);
  await assert.rejects(() => spool.add(bytes("x")), isSpoolError);
});

Deno.test("DirqSimple.list() ignores what dirq ignores", async () => {
  await using temporary = await temporaryDirectory();
  const { path } = temporary;
  await Deno.mkdir(`${path}/12345678`);
  await Deno.mkdir(`${path}/1234567`);
  await Deno.mkdir(`${path}/ABCDEF01`);
  await Deno.writeTextFile(`${path}/abcdef01`, "a file, not a directory");
  for (
    const name of [
      "12345678/1234567890abcd",
      "12345678/1234567890ABCD",
      "12345678/1234567890abcd.lck",
      "12345678/1234567890abce.tmp",
      "12345678/1234567890abc",
      "12345678/1234567890abcde",
      "12345678/.hidden",
      "1234567/1234567890abcd",
      "ABCDEF01/1234567890abcd",
    ]
  ) await Deno.writeTextFile(`${path}/${name}`, "x");
  assert.deepEqual(await new DirqSimple(path).list(), [
    "12345678/1234567890abcd",
  ]);
});

Deno.test("DirqSimple skips directories and links that are named like elements, and warns", async () => {
  await using temporary = await temporaryDirectory();
  const path = `${temporary.path}/queue`;
  await Deno.mkdir(path);
  const secret = `${temporary.path}/secret`;
  await Deno.writeTextFile(secret, "private key");
  await age(secret, 1000);
  const before = (await Deno.stat(secret)).mtime;
  await Deno.mkdir(`${path}/12345678/11111111111111`, { recursive: true });
  await Deno.symlink(secret, `${path}/12345678/22222222222222`);
  await Deno.writeTextFile(`${path}/12345678/33333333333333`, "x");
  const warnings: string[] = [];
  const spool = new DirqSimple(path, { warn: (text) => warnings.push(text) });
  assert.deepEqual(await spool.list(), ["12345678/33333333333333"]);
  assert.deepEqual(warnings.sort(), [
    `Skipping "${path}/12345678/11111111111111": not a regular file`,
    `Skipping "${path}/12345678/22222222222222": not a regular file but a symbolic link, which is not followed; move the file itself here`,
  ]);
  for (const name of ["11111111111111", "22222222222222"]) {
    await assert.rejects(() => spool.lock(`12345678/${name}`), {
      code: "SPOOL",
      message: `Cannot lock "${path}/12345678/${name}": not a regular file`,
    });
    await assert.rejects(() => Deno.lstat(`${path}/12345678/${name}.lck`));
  }
  assert.deepEqual((await Deno.stat(secret)).mtime, before);
});

Deno.test("DirqSimple.tidy() removes old half-written elements and drained directories, nothing else", async () => {
  await using temporary = await temporaryDirectory();
  const { path } = temporary;
  for (const name of ["00000001", "00000002", "00000003", "00000004"]) {
    await Deno.mkdir(`${path}/${name}`);
  }
  const files = [
    "00000002/11111111111111",
    "00000003/22222222222222.tmp",
    "00000003/33333333333333.tmp",
    "00000003/notes.tmp",
  ];
  for (const name of files) await Deno.writeTextFile(`${path}/${name}`, "x");
  for (const name of [files[0]!, files[1]!, files[3]!]) {
    await age(`${path}/${name}`, 301);
  }
  await age(`${path}/${files[2]}`, 290);
  await new DirqSimple(path).tidy();
  assert.deepEqual(await tree(path), [
    "00000002",
    "00000002/11111111111111",
    "00000003",
    "00000003/33333333333333.tmp",
    "00000003/notes.tmp",
    "00000004",
  ]);
});

Deno.test("DirqSimple with limits of 0 removes nothing", async () => {
  await using temporary = await temporaryDirectory();
  const { path } = temporary;
  await Deno.mkdir(`${path}/00000001`);
  for (const name of ["11111111111111.tmp", "22222222222222.lck"]) {
    await Deno.writeTextFile(`${path}/00000001/${name}`, "x");
    await age(`${path}/00000001/${name}`, 1e6);
  }
  await new DirqSimple(path, { maxTempMs: 0, maxLockMs: 0 }).tidy();
  assert.equal((await tree(path)).length, 3);
});

Deno.test("DirqSimple.remove() succeeds although the lock is gone", async () => {
  await using temporary = await temporaryDirectory();
  const { path } = temporary;
  const spool = new DirqSimple(path);
  const name = await spool.add(bytes("x"));
  const entry = await locked(spool, name);
  await Deno.remove(`${path}/${name}.lck`);
  await entry.remove();
  assert.deepEqual(await spool.list(), []);
});

Deno.test("DirqSimple.lock() respects a lock that is no second name of the element", async () => {
  await using temporary = await temporaryDirectory();
  const { path } = temporary;
  const spool = new DirqSimple(path);
  const name = await spool.add(bytes("x"));
  await Deno.writeTextFile(`${path}/${name}.lck`, "");
  assert.equal(await spool.lock(name), undefined);
  assert.equal(await Deno.readTextFile(`${path}/${name}.lck`), "");
});

Deno.test("DirqSimple keeps the order of elements added within one microsecond", async () => {
  await using temporary = await temporaryDirectory();
  const spool = new DirqSimple(temporary.path);
  const names = await Promise.all(
    Array.from({ length: 50 }, () => spool.add(bytes("x"))),
  );
  assert.equal(new Set(names).size, 50);
  assert.deepEqual(await spool.list(), [...names].sort());
});

async function tree(path: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    names.push(prefix + name);
    if (!isDirectory) continue;
    names.push(...await tree(`${path}/${name}`, `${prefix}${name}/`));
  }
  return names.sort();
}
