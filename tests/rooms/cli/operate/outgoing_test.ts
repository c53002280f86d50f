import assert from "node:assert/strict";
import {
  announceSender,
  DirqSimple,
  PlainDirectory,
} from "../../../../lib/spool/mod.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { runScript } from "../../../kit/programs/script.ts";
import { leaveTrace } from "./outgoing_site.ts";

const test = siteTests();

const script = (name: string) => new URL(`${name}.txtar`, import.meta.url);

test("ssm outgoing works on a dirq", async (site) => {
  await site.sender(1);
  const [first, second, third] = await site.drop(
    "APEL-summary-job-message: v0.2\nSite: X\n",
    "\u001b[31mred\n",
    "three\n",
  );
  await Deno.writeTextFile(`${site.outgoing}/stray.txt`, "plain");
  // Of a sender that was killed, of one that runs, and of a stranger.
  const spool = new DirqSimple(site.outgoing);
  assert.ok(await spool.lock(first!));
  await leaveTrace(site);
  const variables = {
    ...{ first: first!, second: second!, third: third! },
    pid: `${Deno.pid}`,
  };
  await runScript(script("outgoing_dirq"), { dir: site.dir, variables });
  assert.ok(await spool.lock(second!));
  using _running = announceSender(site.outgoing, {
    ...{ pid: Deno.pid, host: "here", since: Date.now() - 1000 },
  });
  await runScript(script("outgoing_running"), { dir: site.dir, variables });
});

test("ssm outgoing works on a plain directory", async (site) => {
  await site.sender(1, { messaging: { path_type: "directory" } });
  for (const name of ["a b", "two", ".hidden", "half.tmp"]) {
    await Deno.writeTextFile(`${site.outgoing}/${name}`, `${name}\n`);
  }
  await Deno.mkdir(`${site.outgoing}/6927a1f2`);
  const spool = new PlainDirectory(site.outgoing, { minAgeMs: 0 });
  assert.ok(await spool.lock("two"));
  await runScript(script("outgoing_plain"), { dir: site.dir });
  assert.equal(await Deno.readTextFile(`${site.outgoing}/two`), "two\n");
});

test("ssm outgoing unlock takes the locks of a sender that was killed, and of no other", async (site) => {
  const asked = Promise.withResolvers<void>();
  await using broker = await AnsweringBroker.start(async (frame, caller) => {
    if (frame.command === "SEND") asked.resolve();
    else await content(frame, caller);
  });
  const [name] = await site.drop("one", "two");
  const config = await site.sender(broker.port);
  await using sender = new Running(ssmCommand(["send", "-c", config]));
  await asked.promise;
  const unlock = () => ssm(["outgoing", "unlock", "--all", "-c", config]);
  const refused = await unlock();
  assert.equal(refused.status, 1);
  assert.match(
    refused.stdout,
    new RegExp(
      `^left +${name}: locked by process ${sender.pid} on .*, which runs`,
    ),
  );
  sender.kill("SIGKILL");
  await sender.end();
  const { status, stdout } = await unlock();
  assert.equal(status, 0);
  assert.match(
    stdout,
    new RegExp(
      `^unlocked ${name}: locked by process ${sender.pid} on .*, which does not run any more`,
    ),
  );
  await assert.rejects(Deno.lstat(`${site.outgoing}/${name}.lck`));
});
