import assert from "node:assert/strict";
import { DnList, parseDns } from "../../../lib/credentials/dn_list.ts";

Deno.test("parseDns() follows the rules of the original", () => {
  const text = [
    "\ufeff/C=UK/CN=first",
    "",
    "  \t",
    "# comment",
    "   # comment",
    "  /C=UK/CN=blanks around  ",
    "/C=UK/CN=x # not a comment",
    "/",
    "/C=UK/CN=first",
    '"/C=UK/CN=quoted"',
    "CN=x,C=UK",
  ].join("\r\n");
  assert.deepEqual(parseDns(new TextEncoder().encode(text)), {
    dns: [
      "/C=UK/CN=first",
      "/C=UK/CN=blanks around",
      "/C=UK/CN=x # not a comment",
      "/",
      "/C=UK/CN=first",
    ],
    malformed: [
      { line: 10, text: '"/C=UK/CN=quoted"' },
      { line: 11, text: "CN=x,C=UK" },
    ],
  });
});

Deno.test("parseDns() names a line that is not UTF-8, and takes the others", () => {
  const line = (...parts: (string | number)[]) =>
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    );
  const content = Uint8Array.from([
    ...line("/C=ES/CN=M", 0xe1, "laga\n"),
    ...line("# M", 0xe1, "laga\r\n"),
    ...line("/C=ES/CN=Málaga\n"),
  ]);
  assert.deepEqual(parseDns(content), {
    dns: ["/C=ES/CN=Málaga"],
    malformed: [{ line: 1, text: "/C=ES/CN=M\\xE1laga", undecodable: true }],
  });
});

Deno.test("DnList repairs no line that is not UTF-8", async () => {
  await using file = await listFile("");
  const content = "/CN=a\n/CN=b\xe9\n";
  await Deno.writeFile(
    file.path,
    Uint8Array.from(content, (char) => char.charCodeAt(0)),
  );
  const list = await DnList.open(file.path, { repair: ({ text }) => text });
  assert.equal(list.size, 1);
  assert.deepEqual(list.malformed, [
    { line: 2, text: "/CN=b\\xE9", undecodable: true },
  ]);
});

Deno.test("DnList.open() shows the lines of a list in which none is a DN", async () => {
  await using file = await listFile("one\n\n# two\nthree\nfour\nfive\n");
  await assert.rejects(() => DnList.open(file.path), {
    code: "DN_LIST",
    message:
      `Cannot use the DN list "${file.path}": no line of it is a DN in the form /C=UK/CN=host.example: one (line 1); three (line 4); four (line 5); and 1 more`,
  });
});

Deno.test("DnList allows what is in the file, every character counting", async () => {
  await using file = await listFile("/CN=a\n/CN=b\nCN=c\n");
  const list = await DnList.open(file.path);
  assert.equal(list.size, 2);
  assert.ok(list.has("/CN=a"));
  assert.ok(!list.has("/CN=A"));
  assert.ok(!list.has("/cn=a"));
  assert.ok(!list.has("/CN=a "));
  assert.deepEqual(list.malformed, [{ line: 3, text: "CN=c" }]);
});

Deno.test("DnList can ignore the case of A to Z, in the file and in what is asked", async () => {
  await using file = await listFile(
    "/C=UK/CN=Host.Example\n  /c=uk/cn=OTHER\r\n# /CN=no\n/CN=\u212a\u0130\u00c9 \\xC3\n",
  );
  const list = await DnList.open(file.path, { ignoreCase: true });
  assert.equal(list.size, 3);
  assert.ok(list.has("/C=UK/CN=host.example"));
  assert.ok(list.has("/c=uk/cn=HOST.EXAMPLE"));
  assert.ok(list.has("/C=UK/CN=other"));
  assert.ok(!list.has("/C=UK/CN=others"));
  assert.ok(!list.has("/CN=no") && !list.has("# /CN=no"));
  // The Kelvin sign is no k, the dotted capital I no i.
  assert.ok(list.has("/CN=\u212a\u0130\u00c9 \\xc3"));
  assert.ok(!list.has("/CN=k\u0130\u00c9 \\xC3"));
  assert.ok(!list.has("/CN=\u212ai\u0307\u00c9 \\xC3"));
  assert.ok(!list.has("/CN=\u212a\u0130\u00e9 \\xC3"));
});

Deno.test("DnList ignores case in repaired lines too", async () => {
  await using file = await listFile("CN=C\n");
  const list = await DnList.open(file.path, {
    ignoreCase: true,
    repair: () => "/CN=C",
  });
  assert.ok(list.has("/CN=c"));
});

Deno.test("DnList takes what its caller makes of a malformed line", async () => {
  await using file = await listFile("CN=c\nnonsense\n");
  const list = await DnList.open(file.path, {
    repair: ({ text }) => text === "CN=c" ? "/CN=c" : undefined,
  });
  assert.ok(list.has("/CN=c"));
  assert.deepEqual(list.malformed, [{ line: 2, text: "nonsense" }]);
});

Deno.test("DnList.open() refuses a list that is missing, empty or a directory", async () => {
  await using file = await listFile("# nobody\n");
  await assert.rejects(() => DnList.open(file.path), {
    code: "DN_LIST",
    message: `Cannot use the DN list "${file.path}": there is no DN in it`,
  });
  await assert.rejects(() => DnList.open(`${file.path}.missing`), {
    code: "DN_LIST",
    message: `Cannot read the DN list "${file.path}.missing": no such file`,
  });
  await assert.rejects(() => DnList.open(file.directory), { code: "DN_LIST" });
});

Deno.test("DnList.refresh() reads a changed or replaced file, and only such", async () => {
  await using file = await listFile("/CN=a\n");
  const list = await DnList.open(file.path);
  assert.deepEqual(await list.refresh(), { status: "unchanged" });
  await file.write("/CN=b\nbad\n");
  assert.deepEqual(await list.refresh(), {
    status: "changed",
    malformed: [{ line: 2, text: "bad" }],
  });
  assert.ok(list.has("/CN=b") && !list.has("/CN=a"));
  // Same size and same time, but another file.
  const { mtime } = await Deno.stat(file.path);
  const replacement = `${file.path}.new`;
  await Deno.writeTextFile(replacement, "/CN=c\nbad\n");
  await Deno.utime(replacement, mtime!, mtime!);
  await Deno.rename(replacement, file.path);
  assert.equal((await list.refresh()).status, "changed");
  assert.ok(list.has("/CN=c"));
});

Deno.test("DnList.open() shows nothing of a private key", async () => {
  const secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";
  await using file = await listFile(
    `/CN=a\n-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`,
  );
  const repair = () => assert.fail("a line was shown");
  await assert.rejects(DnList.open(file.path, { repair }), {
    code: "DN_LIST",
    message: `Cannot use the DN list "${file.path}": it is a PEM file`,
  });
});

Deno.test("DnList.refresh() notices a list of the same size and time", async () => {
  await using file = await listFile("/CN=a\n");
  const list = await DnList.open(file.path);
  const { mtime } = await Deno.stat(file.path);
  await Deno.writeTextFile(file.path, "/CN=b\n");
  await Deno.utime(file.path, mtime!, mtime!);
  const { status } = await list.refresh({ complete: true });
  assert.deepEqual([status, list.has("/CN=a"), list.has("/CN=b")], [
    "changed",
    false,
    true,
  ]);
});

Deno.test("DnList.refresh() leaves a file alone that may be half written", async () => {
  await using file = await listFile("/CN=a\n/CN=b\n");
  const list = await DnList.open(file.path, { quietMs: 60_000 });
  await Deno.writeTextFile(file.path, "/CN=c\n");
  assert.deepEqual(await list.refresh(), { status: "unchanged" });
  assert.ok(list.has("/CN=a"));
  assert.equal((await list.refresh({ complete: true })).status, "changed");
  assert.ok(list.has("/CN=c") && !list.has("/CN=a"));
});

Deno.test("DnList.refresh() keeps the last good list when the file is empty or missing", async () => {
  await using file = await listFile("/CN=a\n");
  const list = await DnList.open(file.path);
  await file.write("");
  assert.deepEqual(await list.refresh(), {
    status: "kept",
    problem: `Cannot use the DN list "${file.path}": there is no DN in it`,
  });
  assert.ok(list.has("/CN=a"));
  await Deno.remove(file.path);
  assert.deepEqual(await list.refresh(), {
    status: "kept",
    problem: `Cannot read the DN list "${file.path}": no such file`,
  });
  assert.ok(list.has("/CN=a"));
  await file.write("/CN=b\n");
  assert.equal((await list.refresh()).status, "changed");
  assert.ok(list.has("/CN=b"));
});

/** A file whose changes are all an hour old, and a second apart. */
async function listFile(text: string) {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/dns`;
  let time = Math.floor(Date.now() / 1000) - 3600;
  async function write(text: string): Promise<void> {
    await Deno.writeTextFile(path, text);
    await Deno.utime(path, ++time, time);
  }
  await write(text);
  return {
    directory,
    path,
    write,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}
