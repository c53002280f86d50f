import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  Ssm1Incoming,
  type Ssm1IncomingOptions,
} from "../../../../lib/spool/mod.ts";
import { deliver, replaySuite, unique, variant } from "../replay_suite.ts";
import { bodiesIn, hiddenIn } from "./ssm1_site.ts";
import { temporaryDirectory } from "../../../kit/disk/directories.ts";
import { runProgram } from "../../../kit/programs/short_program.ts";

const KILLED = fileURLToPath(new URL("ssm1_killed.ts", import.meta.url));

replaySuite({
  name: "Ssm1Incoming",
  goesBy: "body",
  open: (root, options) => Ssm1Incoming.open(root, options),
  count: (root) => bodiesIn(`${root}/incoming`).length,
  entries: (root) =>
    Array.from(
      Deno.readDirSync(`${root}/.ssm-ledger/incoming`),
      ({ name }) => name,
    ),
});

Deno.test("Ssm1Incoming.forget() lets nothing be delivered again that was signed before, and the same content signed anew", async () => {
  await using site = await temporaryDirectory();
  const { path: root } = site;
  const spool = await Ssm1Incoming.open(root);
  for (let round = 1; round <= 3; round++) {
    // Signed for each attempt: the first acknowledgement was lost.
    const signings = [unique(`${round}a`), unique(`${round}b`)];
    assert.equal(await deliver(spool, "a", signings[0]!), "delivered");
    assert.equal(await deliver(spool, "a", signings[1]!), "known");
    assert.equal(await spool.forget(md5("x")), true);
    for (const signing of signings) {
      assert.equal(await deliver(spool, "a", signing), "known");
      const reopened = await Ssm1Incoming.open(root);
      assert.equal(await deliver(reopened, "b", signing), "known");
    }
    assert.equal(bodiesIn(`${root}/incoming`).length, round);
  }
});

Deno.test("Ssm1Incoming delivers what is signed twice with one statement, once it is forgotten in between", async () => {
  await using site = await temporaryDirectory();
  const { path: root } = site;
  const spool = await Ssm1Incoming.open(root);
  for (const boundary of ["one", "two"]) {
    const signing = variant("s", boundary);
    assert.equal(await deliver(spool, "a", signing), "delivered");
    assert.equal(await spool.forget(md5("x")), true);
    assert.equal(await deliver(spool, "a", signing), "known");
  }
  assert.equal(bodiesIn(`${root}/incoming`).length, 2);
});

Deno.test("Ssm1Incoming knows the signature of a message that the original has stored", async () => {
  await using site = await temporaryDirectory();
  const { path: root } = site;
  const spool = await Ssm1Incoming.open(root);
  const entry = `${root}/ack/${md5("x")}`;
  await Deno.writeTextFile(entry, `${root}/incoming/of-theirs\t/CN=x\n`);
  assert.equal(await deliver(spool, "a", unique("s")), "known");
  assert.equal(await spool.forget(md5("x")), true);
  assert.equal(await deliver(spool, "a", unique("s")), "known");
});

/** What comes after the kill, in order: deliveries by their statements, and leave to forget. */
const AFTERMATHS: Readonly<Record<string, readonly string[]>> = {
  "it comes again, is forgotten and replayed": ["s", "forget", "s"],
  "it is forgotten, comes again and is replayed": [
    ...["forget", "s", "forget", "s"],
  ],
  "it is signed again, forgotten, and both are replayed": [
    ...["t", "s", "forget", "s", "t"],
  ],
};

for (const [what, aftermath] of Object.entries(AFTERMATHS)) {
  for (const swept of [false, true]) {
    const when = swept ? ", and old leftovers are tidied in between" : "";
    Deno.test(`Ssm1Incoming delivers once a message that is killed at any step before ${what}${when}`, async () => {
      const steps = new Set<string>();
      for (let killAt = 1;; killAt++) {
        await using site = await temporaryDirectory();
        const { path: root } = site;
        const said = await deliverAndDie(root, killAt);
        const last = said.at(-1)!;
        if (swept) await (await open(root, { maxTempMs: -1 })).tidy();
        for (const event of aftermath) {
          const spool = await open(root);
          if (event === "forget") await spool.forget(md5("x"));
          else await deliver(spool, "a", unique(event));
        }
        await (await open(root, { maxTempMs: -1 })).tidy();
        assert.equal(bodiesIn(`${root}/incoming`).length, 1, last);
        for (const directory of ["incoming", "ack"]) {
          assert.deepEqual(hiddenIn(`${root}/${directory}`), [], last);
        }
        steps.add(last);
        if (last === "committed") break;
      }
      for (
        const step of [
          "create incoming/.tmp-ID.MD5.MARK.sig",
          "prepared",
          "enter .ssm-ledger/incoming/MARK",
          "link ack/MD5",
          "rename incoming/ID.sig",
          "sync .ssm-ledger/incoming",
          "remove ack/.tmp-ID",
        ]
      ) {
        assert.ok(steps.has(step), `never killed before: ${step}`);
      }
    });
  }
}

function open(
  root: string,
  options: Ssm1IncomingOptions = {},
): Promise<Ssm1Incoming> {
  return Ssm1Incoming.open(root, options);
}

/** Delivers in a process that is killed before its `killAt`th step; returns what it said. */
async function deliverAndDie(
  root: string,
  killAt: number,
): Promise<readonly string[]> {
  return (await runProgram([
    "-A",
    KILLED,
    root,
    "x",
    "/CN=x",
    `${killAt}`,
    "s",
  ])).lines;
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
