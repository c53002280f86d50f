import assert from "node:assert/strict";
import {
  Running,
  saying,
  ssm,
  ssmCommand,
} from "../../../kit/programs/program.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { AmsCaller } from "../../../kit/net/test_ams.ts";

const test = siteTests();

const TOPICS = "--ams-topics=p/t:s,s2";
const TOKEN = "0123456789abcdef";

/** A real `ssm broker --ams`, killed on disposal. */
async function start(
  ...args: string[]
): Promise<AsyncDisposable & { broker: Running; port: number; line: string }> {
  const broker = new Running(
    ssmCommand(["broker", "--stomp=off", "--ams=0", ...args]),
  );
  const line = await broker.line(/AMS listening on /);
  const port = Number(/:(\d+), /.exec(line)![1]);
  return {
    broker,
    port,
    line,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

Deno.test("ssm broker --ams serves AMS beside STOMP, and ends in order", async () => {
  await using broker = new Running(
    ssmCommand(["broker", "--port=0", "--ams=0 127.0.0.1:0", TOPICS]),
  );
  const line = await broker.line(/AMS listening on /);
  const [, first, second] =
    /127\.0\.0\.1:(\d+) and 127\.0\.0\.1:(\d+), plain HTTP, .* in memory only$/
      .exec(line) ?? [];
  await broker.line(/Broker listening on /);
  using other = new AmsCaller(Number(second));
  assert.deepEqual(await other.pull(), {});
  using ams = new AmsCaller(Number(first));
  assert.deepEqual(await ams.publish("x"), ["0"]);
  assert.deepEqual(await ams.pull(), { 0: "x" });
  const { status, stderr, stdout } = await broker.stop();
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /Broker has shut down\.\n$/);
});

test("ssm broker --ams, killed, keeps what it has confirmed", async (site) => {
  const data = `--data=${site.dir}/data`;
  {
    await using server = await start(data, TOPICS);
    using ams = new AmsCaller(server.port);
    await ams.publish("0", "1", "2");
    await ams.pull(2);
    await ams.acknowledge(0);
    server.broker.kill("SIGKILL");
    await server.broker.end();
  }
  await using server = await start(data);
  assert.match(server.line, /topics: 1, messages: 3 in .*\/data\/ams$/);
  using ams = new AmsCaller(server.port);
  assert.deepEqual(await ams.pull(), { 1: "1", 2: "2" });
  assert.deepEqual(await ams.pull(9, "s2"), { 0: "0", 1: "1", 2: "2" });
  assert.deepEqual(await ams.publish("3"), ["3"]);
});

test("ssm broker --hash-token makes what --ams-users understands", async (site) => {
  const hashed = await ssm(["broker", "--hash-token"], {
    stdin: saying(`${TOKEN}\n`),
  });
  assert.deepEqual([hashed.status, hashed.stderr], [0, ""]);
  assert.match(hashed.stdout, /^\$sha256\$[0-9a-f]{64}\n$/);
  const file = await site.write(
    "users",
    `# who may\na:publish=p/t:${hashed.stdout}b:pull=p/s*, publish:${TOKEN}-b\n`,
  );
  await Deno.chmod(file, 0o600);
  await using server = await start(TOPICS, `--ams-users=${file}`);
  const allowed = async (token: string) => {
    using ams = new AmsCaller(server.port, { token });
    const calls = ["topics/t:publish", "subscriptions/s2:pull"].map((call) =>
      ams.post(`/projects/p/${call}`, "{}")
    );
    return (await Promise.all(calls)).map(({ status }) => status);
  };
  assert.deepEqual(await allowed(TOKEN), [200, 403]);
  assert.deepEqual(await allowed(`${TOKEN}-b`), [200, 200]);
  assert.deepEqual(await allowed("other"), [401, 401]);
  // The file is read again.
  await Deno.writeTextFile(file, `c:all:${TOKEN}-c\n`);
  server.broker.kill("SIGHUP");
  await server.broker.line(/Users and access were read again/);
  assert.deepEqual(await allowed(TOKEN), [401, 401]);
  assert.deepEqual(await allowed(`${TOKEN}-c`), [200, 200]);
  const { stdout } = await server.broker.stop();
  assert.match(
    stdout,
    /1 tokens in .*users are not hashed, the first in line 3:/,
  );
  assert.match(
    stdout,
    /Refused 127\.0\.0\.1:\d+: POST \/v1\/projects\/p\/topics\/t:publish: 401 Unauthorized\n/,
  );
  assert.ok(!stdout.includes(TOKEN));
});

test("ssm broker --ams-users names the line that is wrong, and no token", async (site) => {
  for (
    const [line, why] of [
      ["a", "it is not name:rights:credential"],
      [
        `a:read:${TOKEN}`,
        "a right is not publish, pull, all, alone or with =PROJECT/NAME",
      ],
      [
        `a:all=p:${TOKEN}`,
        "a right is not publish, pull, all, alone or with =PROJECT/NAME",
      ],
      [
        "a:all:short",
        "a token is shorter than 16 characters: openssl rand -hex 32 makes one",
      ],
      [`a:all:${TOKEN} x`, "a token has blanks, or letters beyond ASCII"],
      [
        "a:all:/CN=x",
        "a user by DN needs tls, and a capath or cafile to trust certificates by",
      ],
    ] as const
  ) {
    const file = await site.write("users", `\n${line}\n`);
    await Deno.chmod(file, 0o600);
    const { status, stdout, stderr } = await ssm([
      "broker",
      "--ams=0",
      `--ams-users=${file}`,
    ]);
    assert.equal(status, 1);
    assert.ok(
      (stdout + stderr).includes(`Cannot use ${file}, line 2: ${why}`),
      stdout + stderr,
    );
    assert.ok(!(stdout + stderr).includes(TOKEN));
  }
});

test("ssm broker --hash-token refuses tokens that could be guessed", async () => {
  const said = await ssm(["broker", "--hash-token"], {
    stdin: saying(`${TOKEN}\nsecret\n`),
  });
  assert.deepEqual([said.status, said.stdout], [2, ""]);
  assert.match(said.stderr, /Line 2 of standard input: a token is shorter/);
  assert.doesNotMatch(said.stderr, /secret/);
});

test("ssm broker --ams gives tokens to certificates that its CA directory trusts", async (site) => {
  const { pki } = site;
  const file = await site.write(
    "users",
    "host:publish:/C=UK/O=Test/CN=host.example.org\n",
  );
  await Deno.chmod(file, 0o600);
  const args = [
    TOPICS,
    `--ams-users=${file}`,
    `--data=${site.dir}/data`,
    "--tls=on",
    `--certificate=${pki.server.certificatePath}`,
    `--key=${pki.server.keyPath}`,
    `--capath=${pki.caPath}`,
    "--check-crls=true",
  ];
  const login = "/service-types/ams/hosts/localhost:authx509";
  const caCerts = [pki.ca.credentials.certificatePem];
  const caller = (port: number, who?: typeof pki.host) =>
    new AmsCaller(port, {
      caCerts,
      ...(who && { tls: { cert: who.certificatePem, key: who.keyPem } }),
    });
  let token: string;
  {
    await using server = await start(...args);
    assert.match(server.line, /, HTTPS, /);
    for (
      const [who, status, message] of [
        [pki.ec, 404, "Binding was not found"],
        [pki.rogue, 403, "Your certificate is invalid. "],
        [pki.expired, 403, "Your certificate is invalid. "],
        [pki.revoked, 403, "Your certificate is invalid. "],
        [undefined, 400, "No certificate provided"],
      ] as const
    ) {
      using ams = caller(server.port, who);
      const said = await ams.get(login);
      assert.equal(said.status, status);
      assert.ok(said.json.error.message.startsWith(message), said.text);
    }
    using ams = caller(server.port, pki.host);
    const said = await ams.get(login);
    assert.equal(said.status, 200, said.text);
    token = said.json.token;
    const { stdout } = await server.broker.stop();
    assert.ok(!stdout.includes(token));
  }
  const key = await Deno.stat(`${site.dir}/data/ams/token-key`);
  assert.equal(key.mode! & 0o777, 0o600);
  // After a restart it is the same, and needs no certificate.
  await using server = await start(...args);
  using ams = caller(server.port);
  ams.token = token;
  assert.deepEqual(await ams.publish("x"), ["0"]);
});

Deno.test("ssm broker --ams warns of what is open to others", async () => {
  await using server = await start("--ams=0.0.0.0:0");
  await server.broker.line(/AMS has no topics: name some by ams_topics$/);
  await server.broker.line(/AMS is plain HTTP on 0\.0\.0\.0: whoever sees /);
  await server.broker.line(/AMS on 0\.0\.0\.0 has no users: whoever can /);
});

Deno.test("ssm broker --stomp=off without --ams has no port", async () => {
  const { status, stderr } = await ssm(["broker", "--stomp=off"]);
  assert.equal(status, 1);
  assert.match(stderr, /although stomp is off/);
});

Deno.test("ssm broker names a topic of AMS that cannot be", async () => {
  const { status, stderr } = await ssm([
    "broker",
    "--ams=0",
    "--ams-topics=p/t:s p/u:s",
  ]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /Cannot open AMS: subscription s of project p belongs to topic t already/,
  );
});
