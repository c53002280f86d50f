/**
 * Files of one user that another one sends: root's parser writes them, ssm runs as
 * a user of its own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DirqSimple, PlainDirectory } from "../../../lib/spool/mod.ts";
import { testWith } from "../../peers/parts.ts";
import { intercepted } from "../../kit/disk/intercepted.ts";
import { age, isSpoolError, locked } from "./outgoing_suite.ts";
import { bytes } from "../../kit/text.ts";
import { temporaryDirectory } from "../../kit/disk/directories.ts";

/** The owner of the files. Whoever sends is the user who runs the tests, without the rights of root. */
const OTHER = 54_321;

/** What a sender without special rights can do with the first file of a spool. */
async function sendersView(
  kind: "dirq" | "plain",
  path: string,
): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command("setpriv", {
    args: [
      "--bounding-set=-all",
      "--inh-caps=-all",
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      fileURLToPath(new URL("first_file.ts", import.meta.url)),
      kind,
      path,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

testWith(
  ["protected-hardlinks"],
  "PlainDirectory gives the file of another user back, and sends it",
  async () => {
    await using outgoing = await temporaryDirectory();
    const { path } = outgoing;
    await Deno.writeTextFile(`${path}/usage`, "monday", { mode: 0o644 });
    await Deno.chown(`${path}/usage`, OTHER, OTHER);
    assert.deepEqual(await sendersView("plain", path), [
      "lists usage",
      "claims it",
      "leaves usage",
      "reads monday",
      "leaves ",
    ]);
  },
);

testWith(
  ["protected-hardlinks"],
  "DirqSimple says whose an element is that it cannot lock, and what to do",
  async () => {
    await using outgoing = await temporaryDirectory();
    const { path } = outgoing;
    const name = await new DirqSimple(path, { fileMode: 0o644 })
      .add(bytes("monday"));
    await Deno.chown(`${path}/${name}`, OTHER, OTHER);
    assert.deepEqual(await sendersView("dirq", path), [
      `lists ${name}`,
      `Cannot lock "${path}/${name}": operation not permitted, it belongs to another user (id 54321); ` +
      "only the owner of a file can send it from a dirq: let the producer write its files as the user that runs ssm",
    ]);
  },
);

testWith(
  ["protected-hardlinks"],
  "PlainDirectory can claim files although the directory of claims is another user's",
  async () => {
    await using outgoing = await temporaryDirectory();
    const { path } = outgoing;
    await Deno.mkdir(`${path}/.ssm-claims/left`, { recursive: true });
    await Deno.chmod(`${path}/.ssm-claims`, 0o755);
    await Deno.chown(`${path}/.ssm-claims`, OTHER, OTHER);
    await Deno.writeTextFile(`${path}/usage`, "monday", { mode: 0o644 });
    await Deno.chown(`${path}/usage`, OTHER, OTHER);
    assert.deepEqual(await sendersView("plain", path), [
      "lists usage",
      "claims it",
      "leaves .ssm-claims usage",
      "reads monday",
      "leaves .ssm-claims",
    ]);
  },
);

/** What file systems say that have no hard links, or none between directories. */
for (const code of ["EPERM", "ENOTSUP", "ENOSYS", "EXDEV"]) {
  Deno.test(`PlainDirectory gives files back where the system refuses links with ${code}`, async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await Deno.writeTextFile(`${path}/usage`, "monday");
    await age(`${path}/usage`, 10);
    const spool = new PlainDirectory(path);
    using _ = intercepted(Deno, "linkSync", () => () => {
      throw Object.assign(new Error("refused"), { code });
    });
    await (await locked(spool, "usage")).unlock();
    assert.equal(await Deno.readTextFile(`${path}/usage`), "monday");
    await assert.rejects(Deno.lstat(`${path}/.ssm-claims/`));

    const monday = await locked(spool, "usage");
    await Deno.writeTextFile(`${path}/usage`, "tuesday");
    await age(`${path}/usage`, 5);
    await monday.unlock();
    assert.equal(await Deno.readTextFile(`${path}/usage`), "tuesday");
    await (await locked(spool, "usage")).remove();
    await spool.tidy();
    assert.equal(await Deno.readTextFile(`${path}/usage`), "monday");
  });
}

Deno.test("PlainDirectory keeps a claim whose file it cannot give back, and says so", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await Deno.writeTextFile(`${path}/usage`, "monday");
  await age(`${path}/usage`, 10);
  const spool = new PlainDirectory(path);
  const entry = await locked(spool, "usage");
  {
    using _ = intercepted(Deno, "linkSync", () => () => {
      throw Object.assign(new Error("Broken"), { code: "EIO" });
    });
    await assert.rejects(() => entry.unlock(), isSpoolError);
  }
  assert.deepEqual(await spool.list(), ["usage"]);
  await entry.unlock();
  assert.equal(await Deno.readTextFile(`${path}/usage`), "monday");
});
