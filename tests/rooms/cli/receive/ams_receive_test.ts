/**
 * `ssm receive` with `protocol = AMS`: from outgoing at one site to incoming at another.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";
import { startAms, TOKENS } from "../../../kit/programs/running_ams.ts";

const test = siteTests();

/** Sends messages; their names. */
async function send(
  site: Site,
  port: number,
  ...messages: string[]
): Promise<string[]> {
  const names = await site.drop(...messages);
  const config = await site.amsSender(port, {
    logging: { logfile: `${site.dir}/sender.log` },
  });
  assert.equal((await ssm(["send", "-c", config])).status, 0);
  assert.deepEqual(await site.waiting(), []);
  return names;
}

/** Receives until so many messages are in incoming and confirmed; what was said. */
async function receive(config: string, count: number): Promise<string> {
  await using receiver = new Running(ssmCommand(["receive", "-c", config]));
  for (let number = 1; number <= count; number++) {
    await receiver.line(/ - Message saved to incoming queue as /);
  }
  const { status, stdout, stderr } = await receiver.stop();
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}

async function bodies(site: Site): Promise<(string | undefined)[]> {
  return (await site.elements("incoming")).map(({ body }) => body);
}

test("ssm receive says with AMS what the original says, files what comes, and acknowledges it", async (site) => {
  await using ams = await startAms(site.pki);
  const [first, second] = await send(site, ams.port, "one", "two");
  const config = await site.amsReceiver(ams.port);
  const said = await receive(config, 2);
  for (
    const line of [
      "ssmreceive - INFO - Setting up SSM with protocol: AMS",
      "ssmreceive - INFO - No AMS token provided, using cert/key pair instead.",
      "ssmreceive - INFO - Fetching valid DNs.",
      `ssm.ssm2 - INFO - Will connect to localhost:${ams.port}`,
      "ssm.ssm2 - INFO - Will subscribe to: subscription",
      `ssm.ssm2 - INFO - Received message. ID = ${first}, Argo ID = 0`,
      "ssm.ssm2 - INFO - Valid signer: /C=UK/O=Test/CN=ec.example.org",
      `ssm.ssm2 - INFO - Received message. ID = ${second}, Argo ID = 1`,
      "ssmreceive - INFO - Receiving SSM has shut down.",
    ]
  ) assert.ok(said.includes(` - ${line}\n`), `${line}\n${said}`);
  assert.doesNotMatch(said, / - (WARNING|ERROR|CRITICAL) - /);
  assert.deepEqual(await bodies(site), ["one", "two"]);
  assert.deepEqual(await site.elements("reject"), []);

  // A receiver that remembers nothing gets what was not acknowledged, and no more.
  await Deno.remove(site.received, { recursive: true });
  await send(site, ams.port, "three");
  assert.match(await receive(config, 1), /Argo ID = 2\n/);
  assert.deepEqual(await bodies(site), ["three"]);
});

test("ssm receive takes its token from a file, and shows it to nobody", async (site) => {
  await using ams = await startAms(site.pki);
  const file = await site.write("token", `${TOKENS.puller}\n`);
  await Deno.chmod(file, 0o600);
  const config = await site.amsReceiver(ams.port, {
    broker: { authn_port: undefined },
    messaging: { token_file: file },
  });
  await send(site, ams.port, "one");
  const said = await receive(config, 1);
  assert.ok(!said.includes(TOKENS.puller));
  assert.doesNotMatch(said, /No AMS token provided/);
  assert.deepEqual(await bodies(site), ["one"]);
});

test("ssm receive says what AMS refuses, waits, and stops when it is told to", async (site) => {
  await using ams = await startAms(site.pki);
  const file = await site.write("token", "wr0ng\n");
  await Deno.chmod(file, 0o600);
  const config = await site.amsReceiver(ams.port, {
    broker: { authn_port: undefined },
    messaging: { token_file: file },
  });
  await using receiver = new Running(ssmCommand(["receive", "-c", config]));
  const line = await receiver.line(/ssm\.ssm2 - ERROR - /);
  assert.match(line, /subscription "subscription" of project "project"/);
  await receiver.line(/ssm\.ssm2 - ERROR - Hint: Check the token/);
  const { status, stdout } = await receiver.stop();
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /wr0ng/);
});

test("ssm receive does not start with AMS when a key of it is missing", async (site) => {
  const config = await site.amsReceiver(1, {
    messaging: { ams_project: undefined },
  });
  const { status, stdout, stderr } = await ssm(["receive", "-c", config]);
  assert.equal(status, 1);
  assert.match(
    stdout,
    /\nSSM failed to start\. {2}See log file for details\.\n$/,
  );
  assert.match(
    stderr,
    /Cannot use "ams_project" in section \[messaging\] of .*: it is missing/,
  );
});
