import assert from "node:assert/strict";
import {
  type Outcome,
  ssm,
  ssmCommand,
} from "../../../kit/programs/program.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** Runs `ssm broker --hash-password` on that input. */
async function hash(input: string): Promise<Outcome> {
  const [program, ...args] = ssmCommand(["broker", "--hash-password"]);
  const child = new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

test("ssm broker --hash-password makes lines that --users understands, without passcodes", async (site) => {
  const { status, stdout, stderr } = await hash("alice:se:cret\r\nbob:other");
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.match(stdout, /^alice:\$scrypt\$\S+\nbob:\$scrypt\$\S+\n$/);
  assert.doesNotMatch(stdout, /cret|other/);
  const users = await site.write("users", `# made\n${stdout}`);
  await Deno.chmod(users, 0o600);
  await using server = await startBroker(
    `--users=${users}`,
    "--user=carol:third",
  );
  for (
    const [login, passcode] of [
      ["alice", "se:cret"],
      ["bob", "other"],
      ["carol", "third"],
    ] as const
  ) {
    await (await server.connect({ login, passcode })).disconnect();
    await assert.rejects(server.connect({ login, passcode: "third " }), {
      code: "STOMP_ERROR",
    });
  }
  const said = await server.broker.stop();
  assert.doesNotMatch(said.stdout, /cret|other|third|not hashed/);
});

Deno.test("ssm broker --hash-password names the line that is none", async () => {
  assert.deepEqual(await hash("alice:secret\nsecret\n"), {
    status: 2,
    stdout: "",
    stderr: "ssm: error: Line 2 of standard input is not login:passcode\n",
  });
});

test("ssm broker warns of passcodes that are not hashed, and rereads the file on SIGHUP", async (site) => {
  const users = await site.write("users", "alice:secret\nbob:hidden\n");
  await using server = await startBroker(`--users=${users}`);
  await (await server.connect({ login: "alice", passcode: "secret" }))
    .disconnect();
  await site.write("users", "alice:changed\n");
  server.broker.kill("SIGHUP");
  await server.broker.line(/1 passcodes in \S+ are not hashed/);
  await (await server.connect({ login: "alice", passcode: "changed" }))
    .disconnect();
  await assert.rejects(server.connect({ login: "bob", passcode: "hidden" }));
  await site.write("users", "nonsense\n");
  server.broker.kill("SIGHUP");
  await server.broker.line(
    /ERROR - Users and access stay as they were: .*line 1/,
  );
  await (await server.connect({ login: "alice", passcode: "changed" }))
    .disconnect();
  const { stdout } = await server.broker.stop();
  assert.match(
    stdout,
    /WARNING - 2 passcodes in \S+ are not hashed, the first in line 1: ssm broker --hash-password makes lines that are\n/,
  );
  assert.doesNotMatch(stdout, /secret|hidden|changed/);
});

Deno.test("ssm broker --user must have a passcode", async () => {
  const { status, stderr } = await ssm(["broker", "--user=alice"]);
  assert.equal(status, 2);
  assert.equal(
    stderr,
    "ssm: error: A --user is not login:passcode\n" +
      "ssm: hint: see: ssm broker --help\n",
  );
});

Deno.test("ssm broker keeps to its limits: virtual hosts, addresses, message size, heart-beats", async () => {
  await using server = await startBroker(
    ...["--vhosts=one.example,two.*", "--max-message-size=1K"],
    ...["--heartbeat-in=3000", "--heartbeat-out=4000", "--forgiveness=1.5"],
    "--level=DEBUG",
  );
  const client = await server.connect({
    host: "TWO.example",
    heartBeat: { sendMs: 1, receiveMs: 1 },
  });
  const receipt = true;
  await client.send("/queue/a", new Uint8Array(1024), { receipt });
  await assert.rejects(
    client.send("/queue/a", new Uint8Array(1025), { receipt }),
  );
  client.close();
  await assert.rejects(server.connect({ host: "three.example" }), {
    code: "STOMP_ERROR",
  });
  await server.broker.line(/there is no virtual host "three\.example"/);
  await server.broker.line(/ - DEBUG - /);

  await using closed = await startBroker("--deny=127.*");
  await assert.rejects(closed.connect());
  await closed.broker.line(/Refused 127\.0\.0\.1:\d+: .*not from this address/);
});

Deno.test("ssm broker --max-redeliveries and --dead-letter-queue say what becomes of dead letters", async () => {
  await using server = await startBroker(
    ...["--max-redeliveries=0", "--dead-letter-queue=/queue/dead"],
  );
  const client = await server.connect();
  await client.send("/queue/a", new TextEncoder().encode("x"));
  const queue = await client.subscribe("/queue/a", {
    ack: "client-individual",
  });
  for await (const message of queue) {
    await message.nack();
    break;
  }
  await server.broker.line(
    /Moved message \S+ of "\/queue\/a" to \/queue\/dead/,
  );
  client.close();
});

test("ssm broker --cafile trusts the CAs of a file, and its CRLs", async (site) => {
  const { pki } = site;
  const { certificatePem } = pki.ca.credentials;
  const crl = await pki.ca.crl();
  const cafile = await site.write("ca.pem", certificatePem + crl);
  await using server = await startBroker(
    ...["--tls=strict", `--cafile=${cafile}`, "--check-crls=true"],
    `--certfile=${pki.server.certificatePath}`,
    `--keyfile=${pki.server.keyPath}`,
  );
  await (await server.connect({}, pki.ec)).disconnect();
  await server.broker.line(
    /Connected: \S+ as "\/C=UK\/O=Test\/CN=ec\.example\.org"/,
  );
  for (const stranger of [pki.revoked, pki.rogue]) {
    await assert.rejects(server.connect({}, stranger));
    await server.broker.line(/Refused .*Cannot trust client: /);
  }
  await assert.rejects(server.connect({}, await site.version1()));
  await server.broker.line(
    /Refused .*Cannot trust client: .*version 1, .* and not 3/,
  );
  await site.write("none.pem", "nothing");
  const { status, stderr } = await ssm([
    ...["broker", "--port=0", "--tls=strict"],
    `--cafile=${site.dir}/none.pem`,
    `--certificate=${pki.server.certificatePath}`,
    `--key=${pki.server.keyPath}`,
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Cannot use \S+none\.pem": /);
});

Deno.test("ssm broker understands the options of Tcl's stompserver as they are", async () => {
  const { broker, connect, line } = await startBroker(
    ...["-port", "0", "-users", "alice:se:cret bob:other", "-verbose", "5"],
    ...["-vhosts", "one.example two.example", "-tls", "false"],
    ...["-allow", "127.*", "-deny", "10.*", "-heartbeat-in", "2000"],
    ...["-heartbeat_out=3000", "-forgiveness", "2.5"],
  );
  await using _ = broker;
  assert.match(line, /listening on 127\.0\.0\.1:\d+, plain TCP/);
  const host = "two.example";
  const client = await connect({ host, login: "alice", passcode: "se:cret" });
  await client.disconnect();
  await broker.line(/ - DEBUG - /);
  await assert.rejects(connect({ host, login: "bob", passcode: "se:cret" }), {
    code: "STOMP_ERROR",
  });
});

test("ssm broker understands -tls, -cafile, -certfile and -keyfile", async (site) => {
  const { pki } = site;
  const { certificatePem } = pki.ca.credentials;
  const cafile = await site.write("ca.pem", certificatePem);
  const files = ["-certfile", pki.server.certificatePath];
  files.push("-keyfile", pki.server.keyPath, "-cafile", cafile);
  await using open = await startBroker("-tls", "true", ...files);
  assert.match(open.line, /, TLS, /);
  await using strict = await startBroker("-tls", "STRICT", ...files);
  assert.match(strict.line, /, TLS, client certificates required, /);
  await (await strict.connect({}, pki.ec)).disconnect();
  await assert.rejects(strict.connect({}, pki.rogue));
});

test("ssm broker says what is wrong with an option in Tcl's spelling", async (site) => {
  const users = await site.write("users", "alice:secret\n");
  const hint = "ssm: hint: see: ssm broker --help\n";
  for (
    const [args, status, said] of [
      [["-prt", "1"], 2, `Unknown option '--prt'\n${hint}`],
      [["-port"], 2, `Option '--port <value>' argument missing\n${hint}`],
      [["-port", "x"], 1, /^Cannot use "port" .*"x" is not allowed/],
      [["port", "0"], 2, `Unexpected argument 'port'\n${hint}`],
      [
        ["-verbose", "6"],
        2,
        'Cannot use --verbose "6": it must be a whole number from 0 to 5\n',
      ],
      [
        ["-verbose", "1", "--level", "INFO"],
        2,
        `Only one of --level and --verbose may be given\n${hint}`,
      ],
      [["-tls", "maybe"], 1, /^Cannot use "tls" .*"maybe" is not allowed/],
      [["-users", ""], 1, /^Cannot use "users" .*it is empty/],
      [["-users", "alice bob:x"], 1, /^Cannot read "alice bob:x": /],
      [["-users", `${users}:x`], 1, /^Cannot read "\S+users:x": /],
    ] as const
  ) {
    const outcome = await ssm(["broker", ...args]);
    const name = args.join(" ");
    const text = outcome.stderr.replace(/^ssm: error: /, "");
    assert.equal(outcome.status, status, name);
    if (typeof said === "string") assert.equal(text, said, name);
    else assert.match(text, said, name);
  }
});
