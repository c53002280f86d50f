import assert from "node:assert/strict";
import { TestBroker } from "../../kit/net/test_broker.ts";
import type { Credentials } from "../../peers/openssl/openssl.ts";
import { Running, ssm, ssmCommand } from "../../kit/programs/program.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

/** Writes the file of a consumer. */
async function consumer(
  site: Site,
  port: number,
  { certificatePath, keyPath }: Pick<
    Credentials,
    "certificatePath" | "keyPath"
  > = site.pki.server,
): Promise<string> {
  return await site.write(
    "ssm.cfg",
    `[broker]
host: 127.0.0.1
port: ${port}
use-ssl: false
use-pwd: false
[certificates]
certificate: ${certificatePath}
key: ${keyPath}
cadir: ${site.pki.caPath}
[messagedb]
path: ${site.received}
test: false
[logging]
logfile: ${site.logfile}
level: INFO
console: true
[pidfile]
pidfile: ${site.pidfile}
[consumer]
topic: /queue/ssm1
valid-dns: ${site.dir}/dns
read-valid-dns: 10
`,
  );
}

async function refusal(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await ssm(args);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
  return stderr;
}

test("ssm --config tells -d alone from -d with a file", async (site) => {
  const ssm1 = await consumer(site, 1);
  const ssm2 = await site.receiver(1);
  assert.equal(
    await refusal("-d", `${site.dir}/dns`, "--config", ssm1),
    `ssm: error: The option --dn-file is for ssm receive, and ${ssm1} is for something else\n` +
      "ssm: hint: see: ssm receive --help\n",
  );
  for (const args of [["-d", "--config", ssm2], ["--config", ssm2, "-d"]]) {
    assert.match(
      await refusal(...args),
      /^ssm: error: The option --daemon is for ssm ssm1, /,
    );
  }
});

test("ssm ssm1 --detach needs -d", async (site) => {
  const config = await consumer(site, 1);
  for (const command of [["ssm1"], []]) {
    assert.match(
      await refusal(...command, "--config", config, "--detach"),
      /^ssm: error: The option --detach needs -d\nssm: hint: /,
    );
  }
});

test("ssm ssm1 says which file it looked for", async () => {
  const { status, stdout } = await ssm(["ssm1", "-c", "/does/not/exist"]);
  assert.deepEqual({ status, stdout }, {
    status: 1,
    stdout: "Config file not found at /does/not/exist\n",
  });
});

test("ssm --config -d with a file of SSM1 runs until it is stopped, and rereads on SIGHUP", async (site) => {
  await using broker = await TestBroker.start();
  const config = await consumer(site, broker.port);
  await using running = new Running(ssmCommand(["--config", config, "-d"]));
  await running.line(/Subscribing to: \/queue\/ssm1/);
  assert.equal(await Deno.readTextFile(site.pidfile), `${running.pid}\n`);
  await site.write("dns", "/C=UK/O=Test/CN=another.example.org\n");
  await Deno.rename(site.logfile, `${site.logfile}.1`);
  running.kill("SIGHUP");
  await running.line(/Refreshing valid DNs/);
  const { status } = await running.stop();
  assert.equal(status, 0);
  const log = (await site.log()).map((line) => line.replace(/^SSM - /, ""));
  assert.deepEqual(log.slice(0, 1), ["INFO - Refreshing valid DNs."]);
  assert.deepEqual(log.slice(-3), [
    "INFO - Received the shutdown signal: SIGTERM",
    "INFO - SSM has shut down.",
    `INFO - ${"=".repeat(40)}`,
  ]);
  await assert.rejects(Deno.lstat(site.pidfile), Deno.errors.NotFound);
});

test("ssm ssm1 -d --detach returns when it is up", async (site) => {
  const config = await consumer(site, 1);
  const outcome = await ssm(["ssm1", "-c", config, "-d", "--detach"]);
  const pid = Number(await Deno.readTextFile(site.pidfile));
  try {
    assert.deepEqual(outcome, { status: 0, stdout: "", stderr: "" });
  } finally {
    Deno.kill(pid, "SIGTERM");
    const args = ["-n", "+1", "-F", site.logfile];
    await using log = new Running(["tail", ...args]);
    await log.line(/SSM has shut down/);
  }
});

test("ssm ssm1 fails with the reason when there is no list of DNs", async (site) => {
  const config = await consumer(site, 1);
  await Deno.remove(`${site.dir}/dns`);
  assert.match(await failure(site, config), /^Cannot read the DN list /);
});

test("ssm ssm1 fails with the reason when the directory of [messagedb] cannot be made", async (site) => {
  // Not even root makes a directory in a file.
  await site.write("received", "");
  const config = await consumer(site, 1);
  assert.equal(
    await failure(site, config),
    `Cannot open "${site.received}": not a directory`,
  );
});

test("ssm ssm1 without -d that is stopped keeps what was not sent, and exits with 1", async (site) => {
  await using broker = await TestBroker.start();
  const producing = (await Deno.readTextFile(await consumer(site, broker.port)))
    .replace(
      /\[consumer\][^]*/,
      `[producer]
topic: /queue/ssm1
consumer-dn: /C=UK/O=Test/CN=server.example.org
ack: /queue/acks
`,
    );
  const config = await site.write("ssm.cfg", producing);
  const file = `${site.received}/outgoing/a`;
  await Deno.mkdir(`${site.received}/outgoing`, { recursive: true });
  await Deno.writeTextFile(file, "content");
  await using running = new Running(ssmCommand(["ssm1", "-c", config]));
  await running.line(/Requesting the consumer's certificate/);
  const { status } = await running.stop();
  assert.equal(status, 1);
  assert.equal(await Deno.readTextFile(file), "content");
});

test("ssm ssm1 -d gives its certificate, and nothing else of a file with its key in it", async (site) => {
  await using broker = await TestBroker.start();
  const { certificatePem, keyPem } = site.pki.server;
  const both = await site.write(
    "both.pem",
    `Bag Attributes\n    friendlyName: secret\n${keyPem}${certificatePem}# secret\n`,
  );
  await Deno.chmod(both, 0o600);
  const config = await consumer(site, broker.port, {
    certificatePath: both,
    keyPath: both,
  });
  await using running = new Running(ssmCommand(["ssm1", "-c", config, "-d"]));
  await running.line(/Subscribing to: \/queue\/ssm1/);
  const client = await broker.connect();
  const replies = "/queue/replies";
  client.send("SUBSCRIBE", { id: "r", destination: replies });
  client.send("SEND", {
    destination: "/queue/ssm1",
    "ssm-msg-type": "certreq",
    "reply-to": replies,
  }, "");
  const { headers, body } = await client.expect("MESSAGE");
  assert.equal(headers.get("ssm-msg-type"), "certresp");
  assert.equal(
    new TextDecoder().decode(body),
    certificatePem.slice(certificatePem.indexOf("-----BEGIN")),
  );
  client.close();
  assert.equal((await running.stop()).status, 0);
});

/** Runs a consumer that fails, and says so at every place; the reason. */
async function failure(site: Site, config: string): Promise<string> {
  const { status, stdout, stderr } = await ssm(["ssm1", "-c", config, "-d"]);
  assert.equal(status, 1);
  const [, words] = /^ssm: error: (.*)\n/.exec(stderr) ?? [];
  assert.ok(words !== undefined, stderr);
  const said = `SSM - CRITICAL - The SSM will exit: ${words}`;
  assert.ok((await site.log()).includes(said));
  // Nothing of outgoing messages: it was to receive.
  assert.deepEqual(
    stdout.trimEnd().split("\n").filter((line) => !line.includes(" - SSM - ")),
    ["The SSM will exit"],
  );
  return words;
}
