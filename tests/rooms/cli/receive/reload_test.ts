import assert from "node:assert/strict";
import { Receiving } from "../../../kit/programs/program_receiver.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

const EC = "/C=UK/O=Test/CN=ec.example.org";
const UNLISTED = "/C=UK/O=Test/CN=unlisted.example.org";

/** How often the receiver looks at the list, and how long a list must be left alone to count. */
const LOOK_MS = 1000;

/** Writes the list, as if that had been a while ago. */
async function writeList(site: Site, text: string): Promise<void> {
  const path = await site.write("dns", text);
  const before = Date.now() / 1000 - 60;
  await Deno.utime(path, before, before);
}

test("SIGHUP makes ssm receive log to a new file after a rename", async (site) => {
  await using receiving = await Receiving.start(site);
  const old = `${site.logfile}.1`;
  await Deno.rename(site.logfile, old);
  const before = await Deno.readTextFile(old);
  await site.write("dns", `${EC}\n${UNLISTED}\n`);
  receiving.receiver.kill("SIGHUP");
  await receiving.receiver.line(/Refreshing valid DNs\./);
  assert.deepEqual(await site.log(), [
    "ssmreceive - INFO - Refreshing valid DNs.",
  ]);
  assert.equal(await Deno.readTextFile(old), before);
  const { mode } = await Deno.lstat(site.logfile);
  assert.equal(mode! & 0o777, 0o640);
});

test("SIGHUP when the log cannot be opened again leaves ssm receive with the old one", async (site) => {
  const logs = `${site.dir}/logs`;
  await Deno.mkdir(logs);
  await using receiving = await Receiving.start(site, {
    logging: { logfile: `${logs}/ssm.log` },
  });
  await Deno.rename(logs, `${logs}.old`);
  receiving.receiver.kill("SIGHUP");
  await receiving.receiver.line(/ssm\.log - ERROR - Cannot open the log file/);
  assert.equal(await receiving.send(site.pki.ec, "payload"), "incoming");
  assert.equal((await receiving.receiver.stop()).status, 0);
  const log = await Deno.readTextFile(`${logs}.old/ssm.log`);
  assert.match(log, /Cannot open the log file[^]*Message saved to incoming/);
});

test("SIGHUP makes ssm receive reread the DN list at once", async (site) => {
  await using receiving = await Receiving.start(site);
  const { unlisted } = site.pki;
  assert.equal(await receiving.send(unlisted, "too early", "1"), "reject");
  await site.write("dns", `${EC}\n${UNLISTED}\n`);
  receiving.receiver.kill("SIGHUP");
  await receiving.receiver.line(/Refreshing valid DNs\./);
  assert.equal(await receiving.send(unlisted, "in time", "2"), "incoming");
});

test("ssm receive notices by itself that the DN list has changed", async (site) => {
  await using receiving = await Receiving.start(site);
  const { ec, unlisted } = site.pki;
  assert.equal(await receiving.send(unlisted, "too early", "1"), "reject");
  await writeList(site, `${UNLISTED}\n`);
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS + 100));
  assert.equal(await receiving.send(unlisted, "in time", "2"), "incoming");
  assert.equal(await receiving.send(ec, "too late", "3"), "reject");
});

for (
  const [state, spoil] of [
    ["emptied", (path: string) => Deno.writeTextFile(path, "")],
    ["removed", (path: string) => Deno.remove(path)],
  ] as const
) {
  test(`ssm receive keeps the last good DN list when it is ${state}`, async (site) => {
    await using receiving = await Receiving.start(site);
    const dns = `${site.dir}/dns`;
    await spoil(dns);
    receiving.receiver.kill("SIGHUP");
    const warning = await receiving.receiver.line(/WARNING - Cannot/);
    assert.ok(warning.includes(`"${dns}"`), warning);
    assert.ok(warning.endsWith("The last good list stays in force."), warning);
    assert.equal(await receiving.send(site.pki.ec, "payload"), "incoming");
    assert.equal(await receiving.send(site.pki.unlisted, "no"), "reject");
    // And a good one counts again.
    await site.write("dns", `${UNLISTED}\n`);
    receiving.receiver.kill("SIGHUP");
    await receiving.receiver.line(/Refreshing valid DNs\./);
    assert.equal(await receiving.send(site.pki.unlisted, "yes"), "incoming");
  });
}

test("ssm receive warns of lines of the DN list that are no DNs, and repairs what it can", async (site) => {
  await site.write("dns", `C = UK, O = Test, CN = ec.example.org\nnonsense\n`);
  await using receiving = await Receiving.start(site);
  assert.equal(await receiving.send(site.pki.ec, "payload"), "incoming");
  const warnings = (await site.log())
    .filter((line) => line.includes("DN in incorrect format"));
  assert.deepEqual(warnings, [
    "ssmreceive - WARNING - DN in incorrect format: C = UK, O = Test, " +
    `CN = ec.example.org (line 1). It is taken for ${EC}`,
    "ssmreceive - WARNING - DN in incorrect format: nonsense (line 2)",
  ]);
});
