/**
 * What lies in an outgoing directory and is never sent: said once, with what to do.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  DirqSimple,
  type OutgoingSpool,
  PlainDirectory,
} from "../../../../lib/spool/mod.ts";
import { isErrno } from "../../../../lib/errors.ts";
import { intercepted } from "../../../kit/disk/intercepted.ts";
import { age, isSpoolError, locked } from "../outgoing_suite.ts";
import { bytes } from "../../../kit/text.ts";

/** A spool in a directory of its own, and what it warns of. */
class Watched implements AsyncDisposable {
  readonly path: string;
  readonly spool: OutgoingSpool;
  readonly warnings: string[] = [];

  private constructor(path: string, type: "dirq" | "plain") {
    const warn = (text: string) => this.warnings.push(text);
    this.path = path;
    this.spool = type === "dirq"
      ? new DirqSimple(path, { warn, minAgeMs: 0 })
      : new PlainDirectory(path, { warn, minAgeMs: 0 });
  }

  static async make(
    type: "dirq" | "plain",
    ...files: readonly string[]
  ): Promise<Watched> {
    const watched = new Watched(await Deno.makeTempDir(), type);
    for (const name of files) await watched.write(name);
    return watched;
  }

  /** Makes a file, and the directories above it. */
  async write(name: string): Promise<void> {
    const path = `${this.path}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, "x");
    await age(path, 60);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

const GOOD = "6928b0a0/6928b0a0123451";

const MISNAMED =
  "not named as an element of a dirq; to be sent its name must have 14 of the characters 0-9 and a-f";

const ODDITIES: [
  what: string,
  files: readonly string[],
  said: (path: string) => string[],
][] = [
  ["with 13 digits", ["20261127/2026112710111"], (path) => [
    `Skipping "${path}/20261127/2026112710111": ${MISNAMED}`,
  ]],
  ["with 15 digits", ["20261127/202611271011123"], (path) => [
    `Skipping "${path}/20261127/202611271011123": ${MISNAMED}`,
  ]],
  ["in upper case", ["6928b0a0/6928B0A0123451"], (path) => [
    `Skipping "${path}/6928b0a0/6928B0A0123451": ${MISNAMED}`,
  ]],
  ["in a directory in upper case", ["6928B0A0/6928b0a0123451"], (path) => [
    `Skipping "${path}/6928B0A0": not named as a directory of a dirq; for its files to be sent its name must have 8 of the characters 0-9 and a-f`,
  ]],
  ["one level deeper", [`openstack/${GOOD}`], (path) => [
    `Skipping "${path}/openstack": a dirq of its own, one level deeper; to send what is in it write path = ${path}/openstack`,
  ]],
  ["without a directory", ["6928b0a0123451"], (path) => [
    `Skipping "${path}/6928b0a0123451": a dirq has its files in directories of its own; if these are plain files write path_type = directory, if ${path} is a directory of a dirq write the path of the dirq itself`,
  ]],
  [
    "that are none, or are not finished",
    [
      ".hidden",
      "half.tmp",
      "lost+found/x",
      "6928b0a0/.nfs0000000000001",
      "6928b0a0/6928b0a0123451.tmp",
      "6928b0a0/6928b0a0123451.lck",
      "6928b0a0/.new/x",
    ],
    () => [],
  ],
];

for (const [what, files, said] of ODDITIES) {
  Deno.test(`DirqSimple says once, or not at all, that it skips files ${what}`, async () => {
    await using watched = await Watched.make("dirq", GOOD, ...files);
    const { path, spool, warnings } = watched;
    assert.deepEqual(await spool.list(), [GOOD]);
    assert.deepEqual(await spool.list(), [GOOD]);
    assert.deepEqual(warnings, said(path));
  });
}

Deno.test("DirqSimple says of many files with the same fault how many they are, and of new ones later", async () => {
  await using watched = await Watched.make("dirq");
  const { path, spool, warnings } = watched;
  for (let i = 0; i < 9; i++) await watched.write(`20261127/202611271011${i}`);
  await spool.list();
  await watched.write("20261128/2026112810111");
  await spool.list();
  const [first = "", second = "", ...others] = warnings;
  assert.match(first, /^Skipping ".*\/20261127\/202611271011\d" and 8 more: /);
  assert.equal(
    second,
    `Skipping "${path}/20261128/2026112810111": ${MISNAMED}`,
  );
  assert.deepEqual(others, []);
});

Deno.test("DirqSimple says that it does not follow a symbolic link to a directory", async () => {
  await using watched = await Watched.make("dirq");
  await using elsewhere = await Watched.make("dirq", GOOD);
  const { path, spool, warnings } = watched;
  await Deno.symlink(`${elsewhere.path}/6928b0a0`, `${path}/6928b0a0`);
  assert.deepEqual(await spool.list(), []);
  assert.deepEqual(warnings, [
    `Skipping "${path}/6928b0a0": a symbolic link, which is not followed; move the directory itself here`,
  ]);
});

Deno.test("DirqSimple says that a lock is from the future", async () => {
  await using watched = await Watched.make("dirq", GOOD);
  const { path, spool, warnings } = watched;
  await Deno.link(`${path}/${GOOD}`, `${path}/${GOOD}.lck`);
  await age(`${path}/${GOOD}`, -3600);
  assert.deepEqual(await spool.list(), [GOOD]);
  await spool.list();
  assert.deepEqual(warnings, [
    `Skipping "${path}/${GOOD}.lck": it is a lock whose time is in the future; if no sender is running, remove it`,
  ]);
});

Deno.test("PlainDirectory says that a claim is from the future", async () => {
  await using watched = await Watched.make("plain", "usage");
  const { path, spool, warnings } = watched;
  await locked(spool, "usage");
  const [claim] = Array.from(Deno.readDirSync(`${path}/.ssm-claims`));
  await age(`${path}/.ssm-claims/${claim!.name}`, -3600);
  await spool.list();
  await spool.list();
  assert.deepEqual(warnings, [
    `Skipping "${path}/.ssm-claims/${
      claim!.name
    }/usage": it is a lock whose time is in the future; if no sender is running, remove it`,
  ]);
});

Deno.test("PlainDirectory says of links and of a dirq what to do", async () => {
  await using watched = await Watched.make("plain", GOOD);
  const { path, spool, warnings } = watched;
  await Deno.symlink("/etc/hostname", `${path}/link`);
  assert.deepEqual(await spool.list(), []);
  assert.deepEqual(warnings.sort(), [
    `Skipping "${path}/6928b0a0": not a regular file; if this is a dirq write path_type = dirq`,
    `Skipping "${path}/link": not a regular file but a symbolic link, which is not followed; move the file itself here`,
  ]);
});

/** Makes one directory unreadable, as for a user who has no right to it. */
function unreadable(directory: string): Disposable {
  return intercepted(
    Deno,
    "readDir",
    (readDir) => (path) => {
      if (path !== directory) return readDir(path);
      throw Object.assign(new Error("Permission denied"), { code: "EACCES" });
    },
  );
}

const LOCKED_DIRECTORY = "20261127";

Deno.test("DirqSimple goes on behind a directory that it cannot read", async () => {
  await using watched = await Watched.make(
    "dirq",
    `${LOCKED_DIRECTORY}/20261127101112`,
    GOOD,
  );
  const { path, spool } = watched;
  using _ = unreadable(`${path}/${LOCKED_DIRECTORY}`);
  const heard: string[] = [];
  const names = await spool.list({ unreadable: (e) => heard.push(e.message) });
  assert.deepEqual(names, [GOOD]);
  assert.deepEqual(heard, [
    `Cannot list "${path}/${LOCKED_DIRECTORY}": permission denied`,
  ]);
  await assert.rejects(() => spool.list(), isSpoolError);
  await spool.tidy();
});

Deno.test("DirqSimple.tidy() goes on behind a directory that it cannot tidy, and says so", async () => {
  const stale = "20261127/20261127101112.lck";
  await using watched = await Watched.make("dirq", stale, `${GOOD}.lck`);
  const { path, spool } = watched;
  for (const name of [stale, `${GOOD}.lck`]) await age(`${path}/${name}`, 900);
  using _ = intercepted(
    Deno,
    "removeSync",
    (remove) => (file, options) => {
      if (file !== `${path}/${stale}`) return remove(file, options);
      throw Object.assign(new Error("Read-only"), { code: "EROFS" });
    },
  );
  await assert.rejects(() => spool.tidy(), {
    message: `Cannot remove "${path}/${stale}": read-only`,
  });
  await assert.rejects(
    Deno.lstat(`${path}/${GOOD}.lck`),
    Deno.errors.NotFound,
  );
});

Deno.test("PlainDirectory goes on behind a claim that it cannot look into", async () => {
  await using watched = await Watched.make("plain", "a", "b");
  const { path, spool } = watched;
  await locked(spool, "a");
  const [claim] = Array.from(Deno.readDirSync(`${path}/.ssm-claims`));
  using _ = unreadable(`${path}/.ssm-claims/${claim!.name}`);
  const heard: string[] = [];
  const names = await spool.list({ unreadable: (e) => heard.push(e.message) });
  assert.deepEqual(names, ["b"]);
  assert.equal(heard.length, 1);
  await spool.tidy();
});

/** No inode is left for a directory. */
function withoutInodes(): Disposable {
  return intercepted(Deno, "mkdirSync", () => () => {
    throw Object.assign(new Error("No space left"), { code: "ENOSPC" });
  });
}

Deno.test("PlainDirectory claims, renews, gives back and takes over where no directory can be made", async () => {
  await using watched = await Watched.make("plain", "usage-2026 a\nb");
  const { path, spool } = watched;
  const name = "usage-2026 a\nb";
  const alone = () => Array.from(Deno.readDirSync(path), ({ name }) => name);
  using _ = withoutInodes();
  const first = await locked(spool, name);
  assert.deepEqual(await spool.list(), [name]);
  assert.equal(await spool.lock(name), undefined);
  await first.touch();
  assert.match(alone().join(), /^\.ssm-claim-\d+-[0-9a-f]{8}-usage-2026 a\nb$/);
  await first.unlock();
  assert.deepEqual(alone(), [name]);

  const dead = await locked(spool, name);
  await spool.tidy();
  assert.equal(await spool.lock(name), undefined, "it is young");
  const later = new PlainDirectory(path, { minAgeMs: 0, maxLockMs: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await later.tidy();
  await assert.rejects(() => dead.touch(), isSpoolError);
  await assert.rejects(() => dead.remove(), isSpoolError);
  const taken = await locked(later, name);
  await dead.unlock();
  assert.deepEqual(await taken.read(), bytes("x"));
  await taken.remove();
  assert.deepEqual(alone(), []);
});

Deno.test("PlainDirectory loses neither of two files of one name where no directory can be made", async () => {
  await using watched = await Watched.make("plain", "usage");
  const { path, spool } = watched;
  using _ = withoutInodes();
  const monday = await locked(spool, "usage");
  await Deno.writeTextFile(`${path}/usage`, "tuesday");
  await monday.unlock();
  await (await locked(spool, "usage")).remove();
  await spool.tidy();
  assert.equal(await Deno.readTextFile(`${path}/usage`), "x");
});

Deno.test("PlainDirectory says so where neither a directory nor a longer name is to be had", async () => {
  const name = "x".repeat(255);
  await using watched = await Watched.make("plain", name);
  using _ = withoutInodes();
  await assert.rejects(
    () => watched.spool.lock(name),
    (error) => isSpoolError(error) && isErrno(error.cause, "ENOSPC"),
  );
});
