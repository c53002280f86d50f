import assert from "node:assert/strict";
import { brokerAccess } from "../../../../lib/cli/broker/access.ts";
import { silentLogger } from "../../../../lib/log/logger.ts";
import type { StompClient } from "../../../../lib/stomp/mod.ts";
import { ssm } from "../../../kit/programs/program.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();
const receipt = true;
const body = new Uint8Array([1]);

/** Sends, and tells what the broker says against it, if anything. */
async function send(
  client: StompClient,
  destination: string,
): Promise<string | undefined> {
  try {
    await client.send(destination, body, { receipt });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("ssm broker --access-file says which user may read and write where, and is reread on SIGHUP", async (site) => {
  const rules = await site.write(
    "access",
    `# who does the work
allow write /queue/jobs user:alice
allow all   /topic/>    anyone
`,
  );
  await using server = await startBroker(
    `--access-file=${rules}`,
    "--user=alice:secret",
    "--user=bob:secret",
  );
  const as = (login: string) => server.connect({ login, passcode: "secret" });
  const alice = await as("alice");
  assert.equal(await send(alice, "/queue/jobs"), undefined);
  assert.equal(await send(alice, "jobs"), undefined);
  await assert.rejects(alice.subscribe("/queue/jobs", { receipt }), {
    code: "STOMP_ERROR",
    message: /Cannot subscribe to "\/queue\/jobs": not allowed/,
  });
  await server.broker.line(
    /WARNING - Denied "alice" of 127\.0\.0\.1:\d+ to read "\/queue\/jobs": no line of \S+access allows it/,
  );
  await server.broker.line(/Refused .*Cannot subscribe to "\/queue\/jobs"/);
  const bob = await as("bob");
  assert.equal(await send(bob, "/topic/news"), undefined);
  assert.match(
    (await send(bob, "/queue/jobs"))!,
    /Cannot send to "\/queue\/jobs": not allowed/,
  );

  await site.write(
    "access",
    "deny write /queue/> user:alice\nallow all /> anyone\n",
  );
  const early = await as("alice");
  server.broker.kill("SIGHUP");
  await server.broker.line(/INFO - Users and access were read again/);
  assert.equal(await send(await as("bob"), "/queue/jobs"), undefined);
  assert.match((await send(early, "/queue/jobs"))!, /not allowed/);
  await server.broker.line(
    /Denied "alice" .* to write "\/queue\/jobs": \S+access, line 1/,
  );

  await site.write("access", "nonsense\n");
  server.broker.kill("SIGHUP");
  await server.broker.line(
    /ERROR - Users and access stay as they were: Cannot use \S+access, line 1: it is not allow\|deny/,
  );
  assert.equal(await send(await as("bob"), "/queue/jobs"), undefined);
});

test("ssm broker --access-file knows clients by the DN in their certificate", async (site) => {
  const { pki } = site;
  const rules = await site.write(
    "access",
    "allow write /queue/records dn:/C=UK/O=Test/CN=ec.example.org\n",
  );
  await using server = await startBroker(
    ...[`--access-file=${rules}`, "--tls=strict", `--capath=${pki.caPath}`],
    `--certificate=${pki.server.certificatePath}`,
    `--key=${pki.server.keyPath}`,
  );
  const known = await server.connect({}, pki.ec);
  assert.equal(await send(known, "/queue/records"), undefined);
  assert.match((await send(known, "/queue/other"))!, /not allowed/);
  const other = await server.connect({
    login: "/C=UK/O=Test/CN=ec.example.org",
  }, pki.server);
  assert.match((await send(other, "/queue/records"))!, /not allowed/);
});

test("ssm broker takes access_file from its section, and knows clients by address", async (site) => {
  const rules = await site.write(
    "access",
    "deny all /queue/a address:127.*\r\nallow all /queue/> address:127.0.0.?\r\n",
  );
  const config = await site.write(
    "broker.cfg",
    `[stompserver]\naccess_file = ${rules}\n`,
  );
  await using server = await startBroker(`--config=${config}`);
  const client = await server.connect();
  assert.equal(await send(client, "/queue/b"), undefined);
  assert.match((await send(client, "/queue/a"))!, /not allowed/);
});

test("ssm broker names the line of an access file that it cannot use, and why", async (site) => {
  const form = "it is not allow|deny read|write|all WHERE WHO";
  const cases: [line: string, why: string][] = [
    ["allow", form],
    ["allow all", form],
    ["allow all /queue/a", form],
    ["permit all /queue/a anyone", form],
    ["Allow all /queue/a anyone", form],
    ["allow readwrite /queue/a anyone", form],
    [
      "allow all /queue/a everyone",
      "its WHO is not anyone, user:, dn: or address:",
    ],
    [
      "allow all /queue/a user:",
      "its WHO is not anyone, user:, dn: or address:",
    ],
    ["allow all /queue/a user:alice", "there are no users"],
    ["allow all /queue/a dn:/CN=a", "only tls = strict demands certificates"],
    ["allow all /queue/a dn:CN=a", "its DN does not begin with a slash"],
    [
      "allow all queue/a anyone",
      "it is neither /queue/NAME, /topic/NAME nor />",
    ],
    [
      "allow all /queue/a* anyone",
      "its wildcards are not * or > as whole levels",
    ],
  ];
  const outcomes = [];
  for (const [index, [line]] of cases.entries()) {
    const rules = await site.write(`access-${index}`, `# first\n\n${line}\n`);
    outcomes.push(await ssm(["broker", "--port=0", `--access-file=${rules}`]));
  }
  for (const [index, { status, stderr }] of outcomes.entries()) {
    const rules = `${site.dir}/access-${index}`;
    const [line, why] = cases[index]!;
    assert.equal(
      stderr,
      `ssm: error: Cannot use ${rules}, line 3: ${why}\n`,
      line,
    );
    assert.equal(status, 1);
  }
  const missing = await ssm(["broker", "--access-file=/nowhere/access"]);
  assert.equal(missing.status, 1);
  assert.match(
    missing.stderr,
    /^ssm: error: Cannot read "\/nowhere\/access": /,
  );
});

test("conf/broker-access has no rules but in comments, and those can be used", async (site) => {
  const example = new URL("../../../../conf/broker-access", import.meta.url);
  const text = await Deno.readTextFile(example);
  const rules = text.split("\n").filter((line) => /^# (allow|deny) /.test(line))
    .map((line) => line.slice(2));
  assert.ok(rules.length >= 4);
  assert.deepEqual(
    text.split("\n").filter((line) => !line.startsWith("#")),
    [""],
  );
  const file = await site.write("access", rules.join("\n"));
  const known = { users: true, certificates: true };
  const authorise = brokerAccess(file, known, silentLogger());
  const allowed = (name: string, destination: string) =>
    authorise({
      access: "read",
      destination,
      principal: { name },
      host: "",
      remote: "10.0.0.1:50000",
      peer: undefined,
    });
  assert.equal(allowed("loader", "/queue/gLite-APEL"), true);
  assert.equal(allowed("other", "/queue/gLite-APEL"), false);
  assert.equal(allowed("other", "/topic/news.uk"), true);
});
