/**
 * `ssm check` on a site where all is well, and its forms of output.
 *
 * @module
 */
import assert from "node:assert/strict";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { startAms } from "../../../kit/programs/running_ams.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";
import { check, only } from "./checking.ts";

const test = siteTests();

test("ssm check finds nothing wrong with a sender over AMS that works", async (site) => {
  await using ams = await startAms(site.pki);
  const { status, lines, stderr } = await check(
    site,
    await site.amsSender(ams.port),
  );
  assert.deepEqual(lines.map((line) => line.replace(`:${ams.port}`, ":PORT")), [
    "ok       configuration  SITE/sender.cfg: a sender, SSM2 over AMS",
    'ok       directories    "SITE/outgoing": files, locks and hard links work, as user UID',
    'ok       directories    "SITE/outgoing": N MiB are free, and N inodes',
    'ok       directories    the log does not exist yet: "SITE/ssm.log" is made at the first start',
    "ok       process        no lock was left behind in SITE/outgoing",
    "ok       certificate    DN, as GOCDB wants it: /C=UK/O=Test/CN=ec.example.org",
    "ok       certificate    DN, as the authentication service of AMS writes it: CN=ec.example.org,O=Test,C=UK",
    "ok       certificate    issued by /C=UK/O=Test/CN=Test CA",
    "ok       certificate    is valid until DATE",
    "ok       certificate    leads to a CA in capath: /C=UK/O=Test/CN=Test CA",
    "ok       certificate    is for TLS as a client",
    "ok       authorities    PKI/certificates: 1 CA certificate",
    "ok       server_cert    none: messages are not encrypted",
    "ok       ams            localhost:PORT (127.0.0.1) can be reached with TLS, and is trusted: /C=UK/O=Test/CN=server.example.org, valid until DATE",
    "ok       ams            the token is that of the user ec, with the role publisher in project",
    "ok       ams            the user may publish to the topic topic",
    "ok       ams            the topic topic is there; messages are sent up to 1000000 bytes as AMS stores them",
    "ok       ams            this machine's clock agrees with that of AMS",
    "18 ok",
  ]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.equal(ams.stats().messages, 0);
});

test("ssm check takes no message of a queue, and sends none", async (site) => {
  await using broker = await startBroker();
  await using client = await broker.connect();
  const body = new TextEncoder().encode("waits");
  await client.send("/queue/test", body, { receipt: true });
  for (
    const config of [
      await site.receiver(broker.port),
      await site.sender(broker.port),
    ]
  ) {
    const { status, lines } = await check(site, config);
    assert.equal(status, 1);
    assert.deepEqual(only(lines, "warn", "fail", "unknown"), [
      "warn broker SSL connection not requested, your messages may be intercepted.",
      "→ write use_ssl = true, and the port on which the broker speaks TLS",
    ]);
  }
  const subscription = await client.subscribe("/queue/test");
  for await (const message of subscription) {
    assert.equal(new TextDecoder().decode(message.body), "waits");
    assert.equal(message.headers.get("redelivered") ?? "false", "false");
    await message.ack({ receipt: true });
    break;
  }
});

test("ssm check --offline asks nobody, and leaves nothing in outgoing", async (site) => {
  const { status, lines } = await check(
    site,
    await site.sender(1),
    "--offline",
  );
  assert.deepEqual([status, lines.at(-1)], [0, "12 ok"]);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(site.outgoing)), []);
});

test("ssm check --nagios prints one line with performance data", async (site) => {
  const config = await site.receiver(1);
  const { status, lines } = await check(site, config, "--offline", "--nagios");
  assert.equal(status, 0);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^SSM OK - 12 checks \| received_free=\d+B;104857600: running=0 certificate_days=\d+;10:;0: dns=1$/,
  );
});

test("ssm check cannot tell without a configuration", async (site) => {
  assert.deepEqual(await check(site, `${site.dir}/none.cfg`), {
    status: 3,
    lines: [
      'unknown  configuration  There is no configuration file "SITE/none.cfg"',
      "                        → name the one that is meant: -c FILE",
      "1 unknown",
    ],
    stderr: "",
  });
});
