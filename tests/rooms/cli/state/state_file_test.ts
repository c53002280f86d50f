import assert from "node:assert/strict";
import { RunRecord } from "../../../../lib/cli/state/run_record.ts";
import { StateFile } from "../../../../lib/cli/state/state_file.ts";
import { knownRuns } from "../../../../lib/cli/state/state_directory.ts";
import { DirqSimple, PlainDirectory } from "../../../../lib/spool/mod.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import {
  modeOf,
  namesIn,
  temporaryDirectory,
} from "../../../kit/disk/directories.ts";

/** A record in a directory of its own. */
async function recording() {
  const directory = await temporaryDirectory();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const begin = (spool = directory.path) =>
    new RunRecord({
      ...{ role: "sender", config: "sender.cfg", spool, umask: 0o027, clock },
      warn: (words) => warnings.push(words),
    });
  return {
    ...{ clock, warnings, begin, path: directory.path },
    files: () => namesIn(`${directory.path}/.ssm-state`),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test("RunRecord is known to others from its beginning, as running, and after its end", async () => {
  await using site = await recording();
  const record = site.begin();
  const [running] = knownRuns(site.path);
  assert.deepEqual([running!.running, running!.state.pid], [true, Deno.pid]);
  assert.equal(running!.state.ended, null);
  record.tally.sent("a");
  record.end(true);
  const [ended, ...others] = knownRuns(site.path);
  assert.deepEqual(others, []);
  assert.equal(ended!.running, false);
  assert.equal(ended!.state.succeeded, true);
  assert.equal(ended!.state.counts.sent!.total, 1);
  const [name] = site.files();
  assert.equal(modeOf(`${site.path}/.ssm-state/${name}`), 0o640);
  assert.equal(modeOf(`${site.path}/.ssm-state`), 0o750);
});

Deno.test("RunRecord writes a few times a minute, however much happens, and at the end", async () => {
  await using site = await recording();
  const record = site.begin();
  const sent = () => knownRuns(site.path)[0]!.state.counts.sent!.total;
  let writes = 0;
  let last = sent();
  for (let tick = 0; tick < 600; tick++) {
    record.tally.sent("a");
    site.clock.advance(100);
    if (sent() === last) continue;
    last = sent();
    writes++;
  }
  assert.equal(writes, 4);
  record.tally.sent("a");
  record.end(false);
  assert.equal(sent(), 601);
  assert.equal(site.clock.timers, 0);
});

Deno.test("RunRecord keeps the latest of earlier runs while it runs, and none of them later", async () => {
  await using site = await recording();
  site.begin().end(true);
  site.clock.timeOfDay = 1000;
  site.begin().end(false);
  const [only, ...others] = knownRuns(site.path);
  assert.deepEqual([only!.state.succeeded, others], [false, []]);
  const third = site.begin();
  const fourth = site.begin();
  assert.equal(site.files().length, 3);
  third.end(true);
  // Nor is that of another process touched.
  assert.equal(knownRuns(site.path)[0]!.running, true);
  fourth.end(true);
  assert.equal(site.files().length, 1);
});

Deno.test("RunRecord says once that it cannot be written, and goes on", async () => {
  await using site = await recording();
  await Deno.writeTextFile(`${site.path}/.ssm-state`, "in the way");
  const record = site.begin();
  for (let i = 0; i < 10; i++) {
    record.tally.sent("a");
    site.clock.advance(60_000);
  }
  record.end(true);
  assert.equal(site.warnings.length, 1);
  assert.match(
    site.warnings[0]!,
    /^Cannot write the state for ssm status into .*: /,
  );
});

Deno.test("RunRecord makes no spool where there is none, and says nothing", async () => {
  await using site = await recording();
  site.begin(`${site.path}/missing`).end(true);
  assert.deepEqual([site.warnings, namesIn(site.path)], [[], []]);
  assert.deepEqual(knownRuns(`${site.path}/missing`), []);
});

Deno.test("knownRuns() passes over what is not the record of a run", async () => {
  await using site = await recording();
  const directory = `${site.path}/.ssm-state`;
  await Deno.mkdir(directory);
  for (const [i, text] of ["", "{", "null", "7", '{"format":1}'].entries()) {
    await Deno.writeTextFile(`${directory}/sender-${i}.json`, text);
  }
  await Deno.mkdir(`${directory}/sender-x.json`);
  assert.deepEqual(knownRuns(site.path), []);
  site.begin().end(true);
  assert.equal(knownRuns(site.path).length, 1);
});

Deno.test("StateFile is no message for the spools, nor for dirq and the directory of the original", async () => {
  await using site = await recording();
  const record = site.begin();
  assert.deepEqual(await new DirqSimple(site.path).list(), []);
  assert.deepEqual(await new PlainDirectory(site.path).list(), []);
  // As the original lists a directory: all regular files.
  const files = Array.from(Deno.readDirSync(site.path))
    .filter(({ isFile }) => isFile);
  assert.deepEqual(files, []);
  const { success, stdout } = await new Deno.Command("/usr/bin/python3", {
    args: [
      "-c",
      "import sys; from dirq.QueueSimple import QueueSimple as S; from dirq.queue import Queue as Q\nprint(S(sys.argv[1]).count(), Q(sys.argv[1], schema={'body': 'string'}).first())",
      site.path,
    ],
  }).output();
  if (success) assert.equal(new TextDecoder().decode(stdout), "0 \n");
  record.end(true);
});

Deno.test("StateFile leaves nothing half written behind, and nobody's file that is being written", async () => {
  await using site = await recording();
  site.begin().end(true);
  const left = `${site.path}/.ssm-state/sender-old.tmp`;
  await Deno.writeTextFile(left, "half");
  await Deno.utime(left, new Date(0), new Date(0));
  const young = `${site.path}/.ssm-state/sender-new.tmp`;
  await Deno.writeTextFile(young, "half");
  site.clock.timeOfDay = Date.now();
  const file = new StateFile({
    ...{ spool: site.path, role: "sender", clock: site.clock },
    document: () => ({}),
    warn: assert.fail,
  });
  file.end();
  assert.deepEqual(
    site.files().filter((name) => name.endsWith(".tmp")),
    ["sender-new.tmp"],
  );
});
