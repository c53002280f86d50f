/**
 * `ssm check` on sites with faults: what is said of each, and what to do.
 *
 * @module
 */
import assert from "node:assert/strict";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";
import { check, only } from "./checking.ts";

const test = siteTests();
const BAD = ["warn", "fail", "unknown"] as const;

test("ssm check says all that is wrong with a configuration", async (site) => {
  const config = await site.write(
    "bad.cfg",
    "[sender]\n[broker]\nhosst = x\nuse_ssl = perhaps\n[certificates]\n" +
      "certificate = /nowhere\n[messaging]\npath_type = heap\n[loging]\n",
  );
  const { status, lines } = await check(site, config);
  assert.equal(status, 2);
  assert.deepEqual(only(lines, ...BAD), [
    'fail configuration Cannot use "host" in section [broker] of SITE/bad.cfg: it is missing; it must be host names or addresses between commas, each with or without :port; an IPv6 address with a port is written [address]:port',
    'fail configuration Cannot use "use_ssl" in section [broker] of SITE/bad.cfg, line 4: "perhaps" is not allowed; it must be true, yes, on or 1, or false, no, off or 0',
    'fail configuration Cannot use "destination" in section [messaging] of SITE/bad.cfg: it is missing; it must be the name of a queue or topic such as /queue/name, in ASCII without white space, quotes, #, ;, $, { and }',
    'fail configuration Cannot use "path" in section [messaging] of SITE/bad.cfg: it is missing; it must be a path',
    'fail configuration Cannot use "path_type" in section [messaging] of SITE/bad.cfg, line 8: "heap" is not allowed; it must be one of dirq, directory',
    'fail configuration Cannot use "key" in section [certificates] of SITE/bad.cfg: it is missing; it must be a path',
    'fail configuration Cannot use "capath" in section [certificates] of SITE/bad.cfg: it is missing; it must be a path',
    "warn configuration No option set for 'protocol'. Defaulting to STOMP.",
    'warn configuration Unknown key "hosst" in section [broker] of SITE/bad.cfg, line 3: did you mean "host"?',
    'warn configuration Unknown section [loging] in SITE/bad.cfg: did you mean "logging"?',
  ]);
});

test("ssm check says of certificates what is wrong", async (site) => {
  const { pki } = site;
  const said: Record<string, string[]> = {};
  for (const name of ["expired", "revoked", "rogue"] as const) {
    const config = await site.receiver(1, {
      certificates: site.identity(pki[name]),
    });
    const { status, lines } = await check(site, config, "--offline");
    assert.equal(status, 2, name);
    said[name] = only(lines, ...BAD).map((line) =>
      line.replace(/PKI\S+/, "FILE")
    );
  }
  assert.deepEqual(said, {
    expired: [
      "fail certificate Certificate FILE has expired or will expire within a day.",
      "→ ask your CA for a new one",
    ],
    revoked: [
      "fail certificate /C=UK/O=Test/CN=revoked.example.org is revoked",
      "→ ask your CA for a new one",
    ],
    rogue: [
      "fail certificate FILE does not lead to a CA in capath: no valid issuer /C=UK/O=Test/CN=Rogue CA of /C=UK/O=Test/CN=host.example.org is known",
      "→ put its CA into capath, if it is missing there, and what leads to it into the file of the certificate",
    ],
  });
});

test("ssm check finds odd lines in the list of DNs", async (site) => {
  await site.write(
    "dns",
    "/C=UK/CN=a\n/C=UK/CN=a\n/C=UK/CN=b # comment\nCN=c\n/C=UK/CN=d\u200b\nnonsense\n",
  );
  const { status, lines } = await check(
    site,
    await site.receiver(1),
    "--offline",
  );
  assert.equal(status, 1);
  assert.deepEqual(only(lines, ...BAD), [
    "warn dn_list DN in incorrect format: CN=c (line 4). It is taken for /CN=c",
    "warn dn_list DN in incorrect format: nonsense (line 6)",
    'warn dn_list SITE/dns: "/C=UK/CN=b # comment" has a comment behind the DN, which is taken for a part of it',
    "→ put the comment into a line of its own",
    'warn dn_list SITE/dns: "/C=UK/CN=d\\u{200b}" has characters that cannot be seen',
    "→ write the line anew by hand",
    'warn dn_list SITE/dns: "/C=UK/CN=a" is there more than once',
  ]);
});

test("ssm check tells a mistyped path, and a lock that was left behind", async (site) => {
  const mistyped = await check(
    site,
    await site.sender(1, { messaging: { path: "/nowhere/at/all" } }),
    "--offline",
  );
  assert.deepEqual(only(mistyped.lines, ...BAD), [
    'fail directories "/nowhere/at/all" does not exist, nor does the directory that it is in',
    "→ correct path, if it is mistyped; it is made by the program that writes the messages",
  ]);
  const [name] = await site.drop("one");
  const lock = `${site.outgoing}/${name}.lck`;
  await Deno.link(`${site.outgoing}/${name}`, lock);
  await Deno.utime(lock, 1_700_000_000, 1_700_000_000);
  const { status, lines } = await check(
    site,
    await site.sender(1),
    "--offline",
  );
  assert.equal(status, 1);
  assert.deepEqual(only(lines, ...BAD), [
    "warn process 1 lock was left behind in SITE/outgoing",
    "→ the next run of the sender takes them over; at once: ssm outgoing unlock --all",
  ]);
});

test("ssm check tells a broker that refuses us, without the passcode", async (site) => {
  await site.write("users", "alice:passw0rd\n");
  await Deno.chmod(`${site.dir}/users`, 0o600);
  await using broker = await startBroker(`--users=${site.dir}/users`);
  const config = await site.sender(broker.port, {
    broker: { login: "alice", passcode: "wrong-passcode" },
  });
  await Deno.chmod(config, 0o600);
  const { status, lines } = await check(site, config);
  assert.equal(status, 2);
  assert.deepEqual(only(lines, "fail"), [
    `fail broker Cannot connect to broker localhost:${broker.port}: Cannot log in: wrong login or passcode`,
  ]);
  assert.ok(!lines.join().includes("wrong-passcode"));
});

test("ssm check tells that nobody listens", async (site) => {
  const { status, lines } = await check(site, await site.sender(1));
  assert.equal(status, 2);
  assert.deepEqual(only(lines, "fail"), [
    "fail broker Cannot connect to localhost:1 (127.0.0.1): connection refused",
  ]);
});

test("ssm check tells a destination that may not be used, without taking or sending", async (site) => {
  await site.write("users", "alice:passw0rd\n");
  await site.write("access", "allow read /queue/other user:alice\n");
  await Deno.chmod(`${site.dir}/users`, 0o600);
  await Deno.chmod(`${site.dir}/access`, 0o600);
  await using broker = await startBroker(
    `--users=${site.dir}/users`,
    `--access-file=${site.dir}/access`,
  );
  const user = { broker: { login: "alice", passcode: "passw0rd" } };
  const said: string[] = [];
  for (
    const config of [
      await site.sender(broker.port, user),
      await site.receiver(broker.port, user),
    ]
  ) {
    const { status, lines } = await check(site, config);
    assert.equal(status, 2);
    said.push(...only(lines, "fail"));
  }
  assert.deepEqual(said, [
    `fail broker Broker localhost:${broker.port} refuses: Cannot send to "/queue/test": not allowed`,
    `fail broker Broker localhost:${broker.port} refuses: Cannot subscribe to "/queue/test": not allowed`,
  ]);
});
