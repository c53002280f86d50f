import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  DeliveredElements,
  DirqSchema,
  type DirqSchemaOptions,
} from "../../../../lib/spool/mod.ts";
import { isSpoolError } from "../outgoing_suite.ts";
import { deliver, replaySuite, unique, variant } from "../replay_suite.ts";
import { namesIn, temporaryDirectory } from "../../../kit/disk/directories.ts";
import { runProgram } from "../../../kit/programs/short_program.ts";

const KILLED = fileURLToPath(new URL("dirq_killed.ts", import.meta.url));

replaySuite({
  name: "DirqSchema",
  goesBy: "key",
  open: (root, options) => open(root, options),
  count: (root) => new DeliveredElements(`${root}/incoming`).list().length,
  entries: (root) => namesIn(`${root}/ledger/incoming`),
});

/** What comes after the kill, by ids and statements: the killed one is `a` from `s`. */
const AFTERMATHS: Readonly<Record<string, readonly [string, string][]>> = {
  "it comes again and is replayed": [["a", "s"], ["b", "s"]],
  "it is replayed and comes again": [["b", "s"], ["a", "s"]],
  "it is signed again, and both are replayed": [
    ["a", "t"],
    ["a", "s"],
    ["b", "s"],
    ["c", "t"],
  ],
};

for (const [what, aftermath] of Object.entries(AFTERMATHS)) {
  for (const swept of [false, true]) {
    const when = swept ? ", and old leftovers are tidied in between" : "";
    Deno.test(`DirqSchema delivers once a message that is killed at any step before ${what}${when}`, async () => {
      const steps = new Set<string>();
      for (let killAt = 1;; killAt++) {
        await using site = await temporaryDirectory();
        const { path: root } = site;
        const said = await deliverAndDie(root, killAt);
        if (swept) await (await open(root, { maxTempMs: -1 })).tidy();
        for (const [id, statement] of aftermath) {
          await deliver(await open(root), id, unique(statement));
        }
        await (await open(root, { maxTempMs: -1 })).tidy();
        const { length } = new DeliveredElements(`${root}/incoming`).list();
        assert.equal(length, 1, said.at(-1));
        assert.deepEqual(namesIn(`${root}/incoming/temporary`), []);
        steps.add(said.at(-1)!);
        if (said.at(-1) === "committed") break;
      }
      for (
        const step of [
          "create incoming/temporary/KEY.TOKEN.MARK.part/body",
          "rename incoming/temporary/KEY.TOKEN.MARK",
          "prepared",
          "enter ledger/incoming/MARK",
          "enter ledger/incoming/KEY",
          "sync ledger/incoming",
          "rename incoming/00000000/ELEMENT",
        ]
      ) {
        assert.ok(steps.has(step), `never killed before: ${step}`);
      }
    });
  }
}

Deno.test("DirqSchema knows what a ledger without signings says, and what was staged with it", async () => {
  await using site = await temporaryDirectory();
  const { path: root } = site;
  await open(root);
  const digest = createHash("sha256").update("a x").digest("hex");
  const token = "0123456789abcdef";
  const staged = `${root}/incoming/temporary/${digest}.${token}`;
  await Deno.mkdir(staged);
  await Deno.writeTextFile(`${staged}/body`, "x");
  await Deno.symlink(token, `${root}/ledger/incoming/${digest}`);
  const queue = await open(root);
  assert.equal(await deliver(queue, "a", unique("s")), "known");
  assert.equal(new DeliveredElements(`${root}/incoming`).list().length, 1);
  assert.equal(await deliver(queue, "b", unique("s")), "known");
});

Deno.test("DirqSchema removes nothing that a mark names when its entry cannot be made", async () => {
  await using site = await temporaryDirectory();
  const { path: root } = site;
  const queue = await open(root);
  const digest = createHash("sha256").update("a x").digest("hex");
  const entry = `${root}/ledger/incoming/${digest}`;
  const fields = { body: "x", signer: "/CN=x" };
  const prepared = await queue.prepare({
    key: "a x",
    fields,
    signing: unique("s"),
  });
  // In the way, and no entry.
  await Deno.mkdir(`${entry}/directory`, { recursive: true });
  await assert.rejects(() => prepared!.commit());
  await Deno.remove(entry, { recursive: true });
  assert.equal(await deliver(await open(root), "b", unique("s")), "known");
  assert.equal(new DeliveredElements(`${root}/incoming`).list().length, 1);
});

Deno.test("DirqSchema makes its memory again when somebody has removed it", async () => {
  await using site = await temporaryDirectory();
  const { path: root } = site;
  const queue = await open(root);
  for (const signing of [unique("s"), variant("t", "one")]) {
    await Deno.remove(`${root}/ledger`, { recursive: true });
    const id = signing.statement;
    await assert.rejects(() => deliver(queue, id, signing), isSpoolError);
    assert.equal(await deliver(queue, id, signing), "delivered");
    assert.equal(await deliver(queue, "other", signing), "known");
  }
});

function open(
  root: string,
  options: Omit<DirqSchemaOptions, "ledgerDirectory"> = {},
): Promise<DirqSchema> {
  return DirqSchema.open(`${root}/incoming`, {
    ledgerDirectory: `${root}/ledger/incoming`,
    ...options,
  });
}

/** Delivers `a` from `s` in a process that is killed before its `killAt`th step; returns what it said. */
async function deliverAndDie(
  root: string,
  killAt: number,
): Promise<readonly string[]> {
  return (await runProgram(["-A", KILLED, root, "a x", "s", `${killAt}`]))
    .lines;
}
