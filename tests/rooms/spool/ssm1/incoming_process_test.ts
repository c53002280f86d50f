import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Ssm1Incoming } from "../../../../lib/spool/mod.ts";
import { bodiesIn, hiddenIn, visibleIn } from "./ssm1_site.ts";
import { temporaryDirectory } from "../../../kit/disk/directories.ts";
import { runProgram } from "../../../kit/programs/short_program.ts";

const DELIVER = fileURLToPath(new URL("ssm1_deliver.ts", import.meta.url));
const KILLED = fileURLToPath(new URL("ssm1_killed.ts", import.meta.url));
const OURS = "/CN=ours";

/** What happens after the kill, before the message is delivered once more. */
const AFTERMATHS: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "and delivered again": async () => {},
  "and swept, then delivered again": (path) => tidy(path, 0),
};

for (const [aftermath, happen] of Object.entries(AFTERMATHS)) {
  for (
    const [where, other] of [["", undefined], [
      ", in place of another signer's",
      "/CN=other",
    ]]
  ) {
    Deno.test(`Ssm1Incoming delivers once a message that is killed at any step ${aftermath}${where}`, async () => {
      const steps = new Set<string>();
      for (let killAt = 1;; killAt++) {
        await using site = await temporaryDirectory();
        if (other !== undefined) await deliver(site.path, other);
        const said = await deliverAndDie(site.path, killAt);
        const got = consume(site.path);
        await happen(site.path);
        got.push(...consume(site.path));
        await deliver(site.path, OURS);
        got.push(...consume(site.path));
        await tidy(site.path, 0);
        got.push(...consume(site.path));
        const expected = other === undefined ? [OURS] : [other, OURS];
        assert.deepEqual(got.sort(), expected, said.at(-1));
        assert.deepEqual(hiddenIn(`${site.path}/incoming`), []);
        assert.deepEqual(hiddenIn(`${site.path}/ack`), [], said.at(-1));
        steps.add(said.at(-1)!);
        if (said.at(-1) === "committed") break;
      }
      for (
        const step of [
          "create ack/.tmp-ID",
          "create incoming/.tmp-ID.MD5",
          "create incoming/.tmp-ID.MD5.sig",
          "prepared",
          "link ack/MD5",
          "sync ack",
          "rename incoming/ID",
          "rename incoming/ID.sig",
          "sync incoming",
          "remove ack/.tmp-ID",
          ...(other === undefined ? [] : ["remove ack/MD5"]),
        ]
      ) {
        assert.ok(steps.has(step), `never killed before: ${step}`);
      }
    });
  }
}

for (
  const [what, finish] of [
    ["tidy()", (spool: Ssm1Incoming) => spool.tidy()],
    ["forget()", async (spool: Ssm1Incoming, md5: string) => {
      assert.equal(await spool.forget(md5), true);
    }],
  ] as const
) {
  Deno.test(`Ssm1Incoming.${what} makes visible what was killed after it was entered`, async () => {
    for (const step of ["rename incoming/ID", "rename incoming/ID.sig"]) {
      await using site = await temporaryDirectory();
      const whole = await deliverAndDie(`${site.path}/whole`, Infinity);
      const steps = whole.filter((step) => !step.startsWith("synced "));
      const path = `${site.path}/half`;
      await deliverAndDie(path, steps.indexOf(step) + 1);
      const [md5 = ""] = visibleIn(`${path}/ack`);
      await finish(await Ssm1Incoming.open(path), md5);
      assert.deepEqual(consume(path), [OURS]);
      await tidy(path, 0);
      assert.deepEqual(consume(path), []);
      assert.deepEqual(hiddenIn(`${path}/ack`), []);
    }
  });
}

Deno.test("Ssm1Incoming syncs each step before the next", async () => {
  await using site = await temporaryDirectory();
  const said = await deliverAndDie(site.path, Infinity);
  const at = (step: string) => {
    assert.ok(said.includes(step), step);
    return said.indexOf(step);
  };
  const files = ["ack/.tmp-ID", "incoming/.tmp-ID.MD5"];
  for (const file of [...files, "incoming/.tmp-ID.MD5.sig"]) {
    assert.ok(at(`synced ${file}`) < at("prepared"), file);
    const directory = file.split("/")[0];
    const sync = said.indexOf(`sync ${directory}`, at(`create ${file}`));
    const synced = said.indexOf(`synced ${directory}`, sync);
    assert.ok(sync > 0 && synced < at("prepared"), file);
  }
  const steps = [
    "prepared",
    "link ack/MD5",
    "sync ack",
    "synced ack",
    "rename incoming/ID",
    "rename incoming/ID.sig",
    "sync incoming",
    "synced incoming",
    "remove ack/.tmp-ID",
    "committed",
  ];
  assert.deepEqual(said.slice(at("prepared")), steps);
});

Deno.test("Ssm1Incoming loses and doubles nothing when processes are killed and started again", async () => {
  await using site = await temporaryDirectory();
  const { path } = site;
  const got: string[] = [];
  // Each round: two processes deliver the same messages; one is killed on its way.
  for (const killAt of [0, 40, 88]) {
    await Promise.all([runUntil(path, killAt), runUntil(path, killAt + 24)]);
    got.push(...consume(path));
  }
  await Promise.all([runUntil(path, Infinity), runUntil(path, Infinity)]);
  await tidy(path, 0);
  got.push(...consume(path));
  const expected = Array.from({ length: COUNT }, () => "/C=UK/CN=x");
  assert.deepEqual(got, expected);
  assert.deepEqual(hiddenIn(`${path}/incoming`), []);
  assert.deepEqual(hiddenIn(`${path}/ack`), []);
});

const COUNT = 200;

/** Takes the messages out of incoming that have come whole; returns their signers. */
function consume(path: string): string[] {
  const incoming = `${path}/incoming`;
  const names = visibleIn(incoming);
  const whole = bodiesIn(incoming).filter((id) => names.includes(`${id}.sig`));
  return whole.map((id) => {
    const signer = Deno.readTextFileSync(`${incoming}/${id}.sig`);
    Deno.removeSync(`${incoming}/${id}`);
    Deno.removeSync(`${incoming}/${id}.sig`);
    return signer.trimEnd();
  });
}

async function deliver(path: string, signer: string): Promise<void> {
  const spool = await Ssm1Incoming.open(path);
  const prepared = await spool.prepare({
    key: "any",
    fields: { body: "x", signer },
  });
  await prepared?.commit();
}

async function tidy(path: string, maxTempMs?: number): Promise<void> {
  const options = maxTempMs === undefined ? {} : { maxTempMs };
  await (await Ssm1Incoming.open(path, options)).tidy();
}

/** Delivers in a process that is killed before its `killAt`th step; returns what it said. */
async function deliverAndDie(
  path: string,
  killAt: number,
): Promise<readonly string[]> {
  const { success, lines } = await runProgram(
    ["-A", KILLED, path, "x", OURS, `${killAt}`],
  );
  assert.equal(success, killAt === Infinity);
  return lines;
}

/** Delivers all messages, and is killed once it has delivered message `killAt`. */
async function runUntil(path: string, killAt: number): Promise<void> {
  const { success } = await runProgram(
    ["-A", DELIVER, path, `${COUNT}`],
    (line) => Number(line) >= killAt,
  );
  assert.equal(success, killAt === Infinity);
}
