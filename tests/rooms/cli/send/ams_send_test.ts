/**
 * `ssm send` with `protocol = AMS`: the words and exit statuses of the original.
 *
 * @module
 */
import assert from "node:assert/strict";
import { VERSION } from "../../../../lib/version.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";
import type { Sections } from "../../../kit/ini_text.ts";
import { startAms, TOKENS } from "../../../kit/programs/running_ams.ts";

const test = siteTests();

const SILENT = { status: 0, stdout: "", stderr: "" };
const FAILED =
  "SSM failed to complete successfully.  See log file for details.\n";
const BREAK = "ssmsend - INFO - ========================================";
const EC = "/C=UK/O=Test/CN=ec.example.org";

/** A sender by token needs no authentication service. */
function byToken(port: number, token: string, more: Sections = {}): Sections {
  return {
    ...more,
    broker: { host: `localhost:${port}`, authn_port: undefined },
    messaging: { token, ...more["messaging"] },
  };
}

/** Sends, and what the log says of it. */
async function send(
  site: Site,
  config: string,
): Promise<{ status: number; stdout: string; log: string[] }> {
  await Deno.chmod(config, 0o600);
  const { status, stdout } = await ssm(["send", "-c", config]);
  return { status, stdout, log: await site.log() };
}

test("ssm send says with AMS what the original says, in its order, and sends by certificate", async (site) => {
  await using ams = await startAms(site.pki);
  const [first, second] = await site.drop("one", "two");
  const config = await site.amsSender(ams.port);
  assert.deepEqual(await ssm(["send", "-c", config]), SILENT);
  const log = await site.log();
  const sending = (name: string | undefined) => [
    `ssm.ssm2 - INFO - Sending message: ${name}`,
    "ssm.ssm2 - INFO - Waiting for broker to accept message.",
  ];
  assert.deepEqual(log.filter((line) => !line.includes(" - Sending ")), [
    BREAK,
    `ssmsend - INFO - Starting sending SSM version ${VERSION}.`,
    "ssmsend - INFO - Setting up SSM with protocol: AMS",
    "ssmsend - INFO - No AMS token provided, using cert/key pair instead.",
    "ssmsend - INFO - No server certificate supplied.  Will not encrypt messages.",
    `ssmsend - INFO - Messages will be signed using ${EC}`,
    `ssm.ssm2 - INFO - Will connect to localhost:${ams.port}`,
    "ssm.ssm2 - INFO - Will send messages to: topic",
    "ssm.ssm2 - INFO - Found 2 messages.",
    sending(first)[1],
    sending(second)[1],
    `ssm.ssm2 - INFO - Sent ${first}, Argo ID: 0`,
    `ssm.ssm2 - INFO - Sent ${second}, Argo ID: 1`,
    "ssm.ssm2 - INFO - Tidying message directory.",
    "ssmsend - INFO - SSM run has finished.",
    "ssm.ssm2 - INFO - SSM connection ended.",
    "ssmsend - INFO - SSM has shut down.",
    BREAK,
  ]);
  assert.deepEqual(
    log.filter((line) => line.includes(" - Sending ")),
    [sending(first)[0], sending(second)[0]],
  );
  assert.deepEqual(await site.waiting(), []);
  assert.equal(ams.stats().messages, 2);
});

test("ssm send asks nothing of AMS when there is nothing to send", async (site) => {
  const config = await site.amsSender(freePort());
  assert.deepEqual(await ssm(["send", "-c", config]), SILENT);
  assert.deepEqual((await site.log()).slice(6), [
    "ssm.ssm2 - INFO - No messages found to send.",
    "ssm.ssm2 - INFO - SSM connection ended.",
    "ssmsend - INFO - SSM has shut down.",
    BREAK,
  ]);
});

for (const where of ["token", "token_file"]) {
  test(`ssm send sends to AMS with a ${where}`, async (site) => {
    await using ams = await startAms(site.pki);
    await site.drop("one");
    const file = await site.write("token", `${TOKENS.publisher}\n`);
    await Deno.chmod(file, 0o600);
    const given = where === "token"
      ? { token: TOKENS.publisher }
      : { token: undefined, token_file: file };
    const config = await site.amsSender(
      ams.port,
      byToken(ams.port, "", { messaging: given }),
    );
    const { status, log } = await send(site, config);
    assert.equal(status, 0);
    assert.deepEqual(log.filter((line) => !line.includes(" - INFO - ")), []);
    assert.ok(!log.join("\n").includes("No AMS token provided"));
    assert.ok(!log.join("\n").includes(TOKENS.publisher));
    assert.equal(ams.stats().messages, 1);
  });
}

test("ssm send says that AMS refuses its token, which it does not show", async (site) => {
  await using ams = await startAms(site.pki);
  const waiting = await site.drop("one");
  const config = await site.amsSender(ams.port, byToken(ams.port, "hunter2"));
  const { status, stdout, log } = await send(site, config);
  assert.deepEqual([status, stdout], [1, FAILED]);
  const text = log.join("\n");
  assert.match(
    text,
    /ssmsend - ERROR - SSM failed to complete successfully: .*topic "?topic"?.*401|Unauthorized/i,
  );
  assert.doesNotMatch(text, /hunter2/);
  assert.deepEqual(await site.waiting(), waiting);
});

test("ssm send says which topic is not there, or not its own", async (site) => {
  await using ams = await startAms(site.pki);
  const waiting = await site.drop("one");
  const cases: [Sections, RegExp][] = [
    [
      { messaging: { destination: "elsewhere" } },
      /"elsewhere".*project "project"/,
    ],
    [{ messaging: { ams_project: "other" } }, /"topic".*project "other"/],
    [
      byToken(ams.port, TOKENS.puller),
      /"topic".*project "project"/,
    ],
  ];
  for (const [changes, words] of cases) {
    const config = await site.amsSender(ams.port, changes);
    const { status, stdout, log } = await send(site, config);
    assert.deepEqual([status, stdout], [1, FAILED]);
    const error = log.findLast((line) =>
      line.startsWith("ssmsend - ERROR - SSM failed to complete successfully")
    );
    assert.match(error ?? "", words);
    assert.ok(log.some((line) => line.startsWith("ssmsend - ERROR - Hint: ")));
    assert.deepEqual(await site.waiting(), waiting);
  }
});

test("ssm send names the DN that AMS does not know", async (site) => {
  await using ams = await startAms(site.pki);
  await site.drop("one");
  const config = await site.amsSender(ams.port, {
    certificates: site.identity(site.pki.unlisted),
  });
  const { status, log } = await send(site, config);
  assert.equal(status, 1);
  const text = log.join("\n");
  assert.match(text, /Hint: .*\/C=UK\/O=Test\/CN=unlisted\.example\.org/);
  assert.match(text, /CN=unlisted\.example\.org,O=Test,C=UK/);
});

test("ssm send trusts an AMS of an authority in capath, and no other", async (site) => {
  await using ams = await startAms(site.pki);
  await site.drop("one");
  const empty = `${site.dir}/authorities`;
  await Deno.mkdir(empty);
  await Deno.writeTextFile(
    `${empty}/00000000.0`,
    site.pki.rogueCa.credentials.certificatePem,
  );
  for (const ams_trust of ["public", "capath"]) {
    const config = await site.amsSender(ams.port, {
      broker: { ams_trust, retry_for: 0 },
      certificates: { capath: empty },
    });
    const { status, log } = await send(site, config);
    assert.equal(status, 1);
    assert.match(log.join("\n"), /Cannot trust .*localhost/);
    assert.equal(ams.stats().messages, 0);
  }
  const config = await site.amsSender(ams.port, {
    broker: { ams_trust: "capath" },
  });
  assert.equal((await send(site, config)).status, 0);
  assert.equal(ams.stats().messages, 1);
});

test("ssm send says that a token_file cannot be used, and what is in it is not shown", async (site) => {
  const config = await site.amsSender(1, {
    messaging: { token_file: `${site.dir}/token` },
  });
  const missing = await send(site, config);
  assert.equal(missing.status, 1);
  assert.match(
    missing.log.join("\n"),
    /ERROR - SSM failed to complete successfully: Cannot read token_file ".*\/token": /,
  );
  await site.write("token", "hunter2 and more\n");
  const odd = await send(site, config);
  assert.equal(odd.status, 1);
  assert.match(
    odd.log.join("\n"),
    /ERROR - SSM failed to complete successfully: Cannot use token_file ".*\/token": its first line is no token$/m,
  );
  assert.doesNotMatch(odd.log.join("\n"), /hunter2/);
});

test("ssm send --keep-running sends to AMS what comes", async (site) => {
  await using ams = await startAms(site.pki);
  await site.drop("one");
  const config = await site.amsSender(ams.port, {
    logging: { console: "true" },
  });
  await using sender = new Running(
    ssmCommand(["send", "-c", config, "--keep-running"]),
  );
  await sender.line(/ - Sent .*, Argo ID: 0$/);
  await site.drop("two");
  await sender.line(/ - Sent .*, Argo ID: 1$/);
  assert.equal((await sender.stop()).status, 0);
  assert.deepEqual(await site.waiting(), []);
});

test("ssm send splits for AMS what would be too large there, and says which ids the parts have", async (site) => {
  await using ams = await startAms(site.pki);
  const records = Array.from(
    { length: 2000 },
    (_, index) =>
      `Site: example\nLocalJobId: ${index}\nWallDuration: 100\n%%\n`,
  );
  const text = `APEL-individual-job-message: v0.3\n${records.join("")}`;
  const [name] = await site.drop(text);
  const limit = { ams_message_limit: 100_000 };
  const whole = await site.amsSender(ams.port, { messaging: limit });
  const refused = await send(site, whole);
  assert.equal(refused.status, 1);
  assert.match(
    refused.log.join("\n"),
    /stays in outgoing: .*AMS would store \d+ bytes, the limit is 100000/,
  );
  assert.equal(ams.stats().messages, 0);

  const config = await site.amsSender(ams.port, {
    messaging: { ...limit, split: "records" },
  });
  const { status, log } = await send(site, config);
  assert.equal(status, 0, log.join("\n"));
  const { messages } = ams.stats();
  assert.ok(messages > 1);
  assert.ok(
    log.includes(`ssm.ssm2 - INFO - Sent ${name}.1of${messages}, Argo ID: 0`),
    log.join("\n"),
  );
  assert.ok(
    log.includes(`ssm.ssm2 - INFO - Sent ${name}, Argo ID: ${messages - 1}`),
  );
  assert.deepEqual(await site.waiting(), []);
});
