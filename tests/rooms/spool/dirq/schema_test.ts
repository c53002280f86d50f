import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  DeliveredElements,
  DirqSchema,
  type DirqSchemaOptions,
} from "../../../../lib/spool/mod.ts";
import { incomingSuite } from "../incoming_suite.ts";
import { isSpoolError } from "../outgoing_suite.ts";
import { bytes } from "../../../kit/text.ts";
import { modeOf } from "../../../kit/disk/directories.ts";

const FIELDS = {
  body: bytes("\0\xffbody"),
  signer: "/C=UK/CN=é",
  empaid: "1/2",
};

incomingSuite({
  name: "DirqSchema",
  directory: "incoming",
  open: (root, options) =>
    DirqSchema.open(`${root}/incoming`, {
      ledgerDirectory: `${root}/ledger`,
      ...options,
    }),
  bodies: (root) =>
    new DeliveredElements(`${root}/incoming`).list()
      .map((name) => `incoming/${name}/body`),
  hidden: (root) =>
    Array.from(
      Deno.readDirSync(`${root}/incoming/temporary`),
      ({ name }) => `incoming/temporary/${name}`,
    ),
  remembers: true,
});

Deno.test("DirqSchema delivers each field as a file, with the configured modes", async () => {
  await using site = await makeSite();
  const queue = await site.open({ fileMode: 0o660, directoryMode: 0o2770 });
  const name = await deliver(queue, "k");
  assert.match(name ?? "", /^00000000\/[0-9a-f]{14}$/);
  assert.deepEqual(site.delivered.list(), [name]);
  assert.deepEqual(await site.delivered.read(name!), {
    body: FIELDS.body,
    signer: bytes("/C=UK/CN=é"),
    empaid: bytes("1/2"),
  });
  const element = `${site.path}/${name}`;
  assert.equal(modeOf(`${element}/body`), 0o660);
  for (const path of [element, `${site.path}/00000000`, site.temporary]) {
    assert.equal(modeOf(path), 0o2770, path);
  }
});

Deno.test("DirqSchema delivers again what was killed while it was written", async () => {
  await using site = await makeSite();
  await site.open();
  const part = `${site.temporary}/${digest("k")}.0123456789abcdef.part`;
  await Deno.mkdir(part);
  await Deno.writeTextFile(`${part}/body`, "ha");
  const queue = await site.open();
  const name = await deliver(queue, "k");
  assert.deepEqual((await site.delivered.read(name!))["body"], FIELDS.body);
  await age(part, 299);
  await queue.tidy();
  assert.deepEqual(
    site.staged().length,
    1,
    "perhaps it is still being written",
  );
  await age(part, 301);
  await queue.tidy();
  assert.deepEqual(site.staged(), []);
  assert.equal(site.delivered.list().length, 1);
});

Deno.test("DirqSchema delivers once what was killed before the commit", async () => {
  await using site = await makeSite();
  await (await site.open()).prepare({ key: "k", fields: FIELDS });
  const [staged] = site.staged();
  const queue = await site.open();
  assert.ok(await deliver(queue, "k"));
  await age(`${site.temporary}/${staged}`, 301);
  await queue.tidy();
  assert.equal(site.delivered.list().length, 1);
  assert.deepEqual(site.staged(), []);
});

Deno.test("DirqSchema.tidy() commits what was prepared by a dead process", async () => {
  await using site = await makeSite();
  await (await site.open()).prepare({ key: "k", fields: FIELDS });
  await age(`${site.temporary}/${site.staged()[0]}`, 301);
  const queue = await site.open();
  await queue.tidy();
  assert.equal(site.delivered.list().length, 1);
  assert.equal(await queue.prepare({ key: "k", fields: FIELDS }), undefined);
});

Deno.test("DirqSchema finishes what was killed between commit and rename", async () => {
  await using site = await makeSite();
  await (await site.open()).prepare({ key: "k", fields: FIELDS });
  const token = site.staged()[0]!.split(".")[1]!;
  await Deno.symlink(token, site.entry("k"));
  const queue = await site.open();
  assert.equal(await queue.prepare({ key: "k", fields: FIELDS }), undefined);
  const [name] = site.delivered.list();
  assert.deepEqual((await site.delivered.read(name!))["body"], FIELDS.body);
  assert.deepEqual(site.staged(), []);
});

Deno.test("DirqSchema commits what another process finished for it", async () => {
  await using site = await makeSite();
  const slow = await (await site.open()).prepare({ key: "k", fields: FIELDS });
  await age(`${site.temporary}/${site.staged()[0]}`, 301);
  await (await site.open()).tidy();
  assert.equal(await slow!.commit(), undefined);
  assert.equal(site.delivered.list().length, 1);
});

Deno.test("DirqSchema takes a damaged ledger entry for none", async () => {
  await using site = await makeSite();
  const queue = await site.open();
  await Deno.writeTextFile(site.entry("file"), "");
  await Deno.symlink("nonsense", site.entry("link"));
  assert.ok(await deliver(queue, "file"));
  assert.ok(await deliver(queue, "link"));
  assert.equal(await queue.prepare({ key: "file", fields: FIELDS }), undefined);
  assert.equal(await queue.prepare({ key: "link", fields: FIELDS }), undefined);
});

Deno.test("DirqSchema remembers a bounded number of messages, the last ones", async () => {
  await using site = await makeSite();
  const queue = await site.open({ remembered: 4 });
  const keys = keysUpTo(20);
  for (const key of keys) await deliver(queue, key);
  const entries = [...Deno.readDirSync(site.ledger)];
  assert.ok(entries.length <= 4, `${entries.length}`);
  assert.equal(
    await queue.prepare({ key: keys.at(-1)!, fields: FIELDS }),
    undefined,
  );
  assert.ok(await queue.prepare({ key: keys[0]!, fields: FIELDS }));
});

Deno.test("DirqSchema finishes an element before its entry is forgotten", async () => {
  await using site = await makeSite();
  const [first = "", ...others] = keysUpTo(9);
  await (await site.open()).prepare({ key: first, fields: FIELDS });
  await Deno.symlink(site.staged()[0]!.split(".")[1]!, site.entry(first));
  const queue = await site.open({ remembered: 4 });
  for (const key of others) await deliver(queue, key);
  await assert.rejects(
    () => Deno.lstat(site.entry(first)),
    Deno.errors.NotFound,
  );
  assert.deepEqual(site.staged(), []);
  assert.equal(site.delivered.list().length, 9);
});

Deno.test("DirqSchema starts a new directory when the last one is full or drained", async () => {
  await using site = await makeSite();
  const queue = await site.open({ maxElements: 3 });
  const names: string[] = [];
  for (let i = 0; i < 5; i++) names.push((await deliver(queue, `${i}`))!);
  assert.deepEqual(names.map((name) => name.slice(0, 8)), [
    "00000000",
    "00000000",
    "00000000",
    "00000001",
    "00000001",
  ]);
  assert.deepEqual(site.delivered.list(), names);
  for (const name of names.slice(3)) {
    await Deno.remove(`${site.path}/${name}`, { recursive: true });
  }
  assert.match((await deliver(queue, "5"))!, /^00000002\//);
});

Deno.test("DirqSchema uses one directory for deliveries at the same time", async () => {
  await using site = await makeSite();
  const queue = await site.open();
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => deliver(queue, `${i}`)),
  );
  const names = site.delivered.list();
  assert.equal(names.length, 20);
  assert.ok(names.every((name) => name.startsWith("00000000/")));
});

Deno.test("DirqSchema.prepare() refuses field names that dirq does not have", async () => {
  await using site = await makeSite();
  const queue = await site.open();
  for (const name of ["", "locked", "../body", "a b", "body.tmp"]) {
    await assert.rejects(
      () => queue.prepare({ key: "k", fields: { [name]: "" } }),
      RangeError,
    );
  }
});

Deno.test("DirqSchema says so when it cannot write, and delivers when it can again", async () => {
  await using site = await makeSite();
  const queue = await site.open();
  await Deno.rename(site.temporary, `${site.path}/away`);
  await Deno.writeTextFile(site.temporary, "in the way");
  await assert.rejects(() => queue.prepare({ key: "k", fields: FIELDS }), {
    code: "SPOOL",
    message: `Cannot write to "${site.path}": not a directory`,
  });
  await Deno.rename(`${site.path}/away`, `${site.path}/temporary.new`);
  await Deno.remove(site.temporary);
  await Deno.rename(`${site.path}/temporary.new`, site.temporary);
  assert.ok(await deliver(queue, "k"));
});

Deno.test("DirqSchema leaves the element on no side when the ledger cannot be written", async () => {
  await using site = await makeSite();
  const queue = await site.open();
  const prepared = await queue.prepare({ key: "k", fields: FIELDS });
  await Deno.rename(site.ledger, `${site.ledger}.away`);
  await assert.rejects(() => prepared!.commit(), isSpoolError);
  assert.deepEqual(site.delivered.list(), []);
  await Deno.rename(`${site.ledger}.away`, site.ledger);
  assert.ok(await deliver(queue, "k"));
  assert.equal(site.delivered.list().length, 1);
});

Deno.test("DirqSchema.open() says so when the directories cannot be made", async () => {
  await using site = await makeSite();
  await Deno.writeTextFile(`${site.root}/file`, "");
  await assert.rejects(
    () =>
      DirqSchema.open(`${site.root}/file/in`, { ledgerDirectory: site.ledger }),
    isSpoolError,
  );
  await assert.rejects(
    () =>
      DirqSchema.open(site.path, { ledgerDirectory: `${site.root}/file/l` }),
    isSpoolError,
  );
});

Deno.test("DeliveredElements refuses names that are not those of elements", async () => {
  await using site = await makeSite();
  for (const name of ["", "temporary/x", "../../../etc/passwd", "00000000"]) {
    await assert.rejects(() => site.delivered.read(name), RangeError);
  }
  await assert.rejects(
    () => site.delivered.read("00000000/00000000000000"),
    isSpoolError,
  );
});

async function deliver(
  queue: DirqSchema,
  key: string,
): Promise<string | undefined> {
  return await (await queue.prepare({ key, fields: FIELDS }))?.commit();
}

async function makeSite() {
  const root = await Deno.makeTempDir();
  const path = `${root}/incoming`;
  const ledger = `${root}/ledger/incoming`;
  const temporary = `${path}/temporary`;
  return {
    root,
    path,
    ledger,
    temporary,
    delivered: new DeliveredElements(path),
    open: (options: Partial<DirqSchemaOptions> = {}) =>
      DirqSchema.open(path, { ledgerDirectory: ledger, ...options }),
    staged: () => [...Deno.readDirSync(temporary)].map(({ name }) => name),
    entry: (key: string) => `${ledger}/${digest(key)}`,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

function keysUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key ${i}`);
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

async function age(path: string, seconds: number): Promise<void> {
  const then = new Date(Date.now() - seconds * 1000);
  await Deno.utime(path, then, then);
}
