/**
 * `ssm receive` with `protocol = AMS`: from outgoing at one site to incoming at another.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/program.ts";
import { type Site, siteTests } from "../../../kit/program_site.ts";
import { startAms, TOKENS } from "../../../kit/running_ams.ts";

const test = siteTests();

/** Sends what is given to a receiver that is told so; what it has said and filed. */
async function across(
  site: Site,
  port: number,
  receiverConfig: string,
  messages: readonly string[],
): Promise<string[]> {
  const names = await site.drop(...messages);
  const sender = await site.amsSender(port, {
    logging: { logfile: `${site.dir}/sender.log` },
  });
  assert.equal((await ssm(["send", "-c", sender])).status, 0);
  await using receiver = new Running(
    ssmCommand(["receive", "-c", receiverConfig]),
  );
  for (const [index, name] of names.entries()) {
    const line = await receiver.line(/ - Received message\. /);
    assert.match(line, new RegExp(`ID = ${name}, Argo ID = ${index}$`));
  }
  for (const _ of names) await receiver.line(/saved to incoming queue as/);
  const { status, stdout } = await receiver.stop();
  assert.equal(status, 0);
  return stdout.trimEnd().split("\n");
}

test("ssm receive files what comes from AMS, by certificate, and acknowledges it", async (site) => {
  await using ams = await startAms(site.pki);
  const config = await site.amsReceiver(ams.port);
  const said = await across(site, ams.port, config, ["one", "two"]);
  const text = said.join("\n");
  for (
    const words of [
      "ssmreceive - INFO - Setting up SSM with protocol: AMS",
      "ssmreceive - INFO - No AMS token provided, using cert/key pair instead.",
      `ssm.ssm2 - INFO - Will connect to localhost:${ams.port}`,
      "ssm.ssm2 - INFO - Will subscribe to: subscription",
      "ssm.ssm2 - INFO - Valid signer: /C=UK/O=Test/CN=ec.example.org",
      "ssmreceive - INFO - Receiving SSM has shut down.",
    ]
  ) assert.ok(text.includes(words), words);
  assert.doesNotMatch(text, / - (WARNING|ERROR|CRITICAL) - /);
  const filed = await site.elements("incoming");
  assert.deepEqual(filed.map(({ body }) => body), ["one", "two"]);
  assert.deepEqual(await site.elements("reject"), []);

  // What was acknowledged does not come again.
  await Deno.remove(site.received, { recursive: true });
  assert.equal(
    (await across(site, ams.port, config, ["three"])
      .catch((error) => [String(error)])).length > 0,
    true,
  );
});

test("ssm receive takes its token from a file", async (site) => {
  await using ams = await startAms(site.pki);
  const file = await site.write("token", `${TOKENS.puller}\n`);
  await Deno.chmod(file, 0o600);
  const config = await site.amsReceiver(ams.port, {
    broker: { authn_port: undefined },
    messaging: { token_file: file },
  });
  const said = await across(site, ams.port, config, ["one"]);
  assert.ok(!said.join("\n").includes(TOKENS.puller));
  assert.deepEqual(
    (await site.elements("incoming")).map(({ body }) => body),
    ["one"],
  );
});

test("ssm receive waits while AMS refuses its token, and goes on when the file has the right one", async (site) => {
  await using ams = await startAms(site.pki);
  const file = await site.write("token", "wr0ng\n");
  await Deno.chmod(file, 0o600);
  const config = await site.amsReceiver(ams.port, {
    broker: { authn_port: undefined },
    messaging: { token_file: file },
  });
  await using receiver = new Running(ssmCommand(["receive", "-c", config]));
  const line = await receiver.line(/ssm\.ssm2 - ERROR - /);
  assert.match(line, /"subscription" of project "project"/);
  assert.doesNotMatch(line, /wr0ng/);
  assert.equal((await receiver.stop()).status, 0);
});

test("ssm receive says that it has started with AMS only when the file is right", async (site) => {
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
