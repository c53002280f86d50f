import assert from "node:assert/strict";
import { dial } from "../../lib/net/mod.ts";
import { StompClient, type StompConnectOptions } from "../../lib/stomp/mod.ts";
import type { Credentials } from "../helpers/openssl.ts";
import { type Outcome, Running, ssm, ssmCommand } from "./program.ts";
import { siteTests } from "./site.ts";

const test = siteTests();

/** A broker on a free port, killed on disposal, and clients of it. */
async function start(...args: string[]) {
  const broker = new Running(ssmCommand(["broker", "--port=0", ...args]));
  try {
    const line = await broker.line(/Broker listening on /);
    const port = Number(/:(\d+), /.exec(line)![1]);
    return {
      broker,
      async connect(options?: StompConnectOptions, identity?: Credentials) {
        const tls = identity && {
          verify: "none" as const,
          keyPair: {
            certificate: identity.certificatePem,
            key: identity.keyPem,
          },
        };
        const socket = await dial({ host: "127.0.0.1", port, tls });
        return await StompClient.connect(socket, options);
      },
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
}

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
  await using server = await start(`--users=${users}`, "--user=carol:third");
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
  await using server = await start(`--users=${users}`);
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
  await server.broker.line(/ERROR - The users stay as they were: .*line 1/);
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
  await using server = await start(
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

  await using closed = await start("--deny=127.*");
  await assert.rejects(closed.connect());
  await closed.broker.line(/Refused 127\.0\.0\.1:\d+: .*not from this address/);
});

Deno.test("ssm broker --max-redeliveries and --dead-letter-queue say what becomes of dead letters", async () => {
  await using server = await start(
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
  await using server = await start(
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
  await site.write("none.pem", "nothing");
  const { status, stderr } = await ssm([
    ...["broker", "--port=0", "--tls=strict"],
    `--cafile=${site.dir}/none.pem`,
    `--certificate=${pki.server.certificatePath}`,
    `--key=${pki.server.keyPath}`,
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Cannot use \S+none\.pem: /);
});
