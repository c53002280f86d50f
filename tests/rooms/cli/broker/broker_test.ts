import assert from "node:assert/strict";
import { dial } from "../../../../lib/net/mod.ts";
import { StompClient } from "../../../../lib/stomp/mod.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** A broker that listens, and where. */
async function start(
  args: string[],
): Promise<{ broker: Running; port: number; line: string }> {
  const broker = new Running(ssmCommand(["broker", ...args]));
  try {
    const line = await broker.line(/Broker listening on /);
    return { broker, line, port: Number(/:(\d+), /.exec(line)![1]) };
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
}

/** Connects as a client of that identity, or none. */
async function connect(
  port: number,
  identity?: Credentials,
): Promise<StompClient> {
  const socket = await dial({
    host: "localhost",
    port,
    tls: {
      verify: "none",
      ...(identity && {
        keyPair: {
          certificate: identity.certificatePem,
          key: identity.keyPem,
        },
      }),
    },
  });
  return await StompClient.connect(socket);
}

test("ssm broker says where it listens, and ends in order on SIGTERM and SIGINT", async () => {
  const started = await Promise.all([
    start(["--port", "0"]),
    start(["--port", "0"]),
  ]);
  for (const [index, { broker, line, port }] of started.entries()) {
    await using _ = broker;
    const [, message] = / - ssm\.broker - INFO - (.*)$/.exec(line) ?? [];
    assert.equal(
      message,
      `Broker listening on 127.0.0.1:${port}, plain TCP, messages in memory only`,
    );
    assert.notEqual(port, 0);
    const signal = index === 0 ? "SIGTERM" : "SIGINT";
    broker.kill(signal);
    const { status, stdout, stderr } = await broker.end();
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.match(stdout, new RegExp(`Received the shutdown signal: ${signal}`));
    assert.match(stdout, /Broker has shut down\.\n$/);
  }
});

test("ssm broker listens on the loopback interface only", async () => {
  const { broker, port } = await start(["--port", "0"]);
  await using _ = broker;
  (await dial({ host: "127.0.0.1", port })).close();
  // Another address of the same machine: whoever listens on all has it, too.
  await assert.rejects(dial({ host: "127.0.0.2", port }), { code: "CONNECT" });
});

test("ssm broker takes what it is told on the command line over what its file says", async (site) => {
  const config = await site.write(
    "broker.cfg",
    "[stompserver]\nhost = 192.0.2.1\nport = 1\ntls = off\n",
  );
  const { broker, line } = await start([
    ...["-c", config, "--port=0", "--host=127.0.0.2"],
  ]);
  await using _ = broker;
  assert.match(line, /listening on 127\.0\.0\.2:\d+, plain TCP/);
});

test("ssm broker --tls strict takes clients with a certificate of the CA directory only", async (site) => {
  const { pki } = site;
  const { broker, port } = await start([
    ...["--port=0", "--tls=strict", `--capath=${pki.caPath}`],
    `--certificate=${pki.server.certificatePath}`,
    `--key=${pki.server.keyPath}`,
  ]);
  await using _ = broker;
  const client = await connect(port, pki.ec);
  await client.send("/queue/x", new Uint8Array([1]));
  await client.disconnect();
  await assert.rejects(connect(port), {
    code: "STOMP_ERROR",
    message: /: it shows no client certificate$/,
  });
  await broker.line(/WARNING - Refused .*certificate/);
  await assert.rejects(connect(port, pki.rogue), {
    code: "STOMP_ERROR",
    message: /: Cannot trust client: /,
  });
  await broker.line(/WARNING - Refused .*Cannot trust client: /);
});

test("ssm broker --users lets in those it knows", async (site) => {
  const users = await site.write("users", "# comment\nalice:secret:of two\n");
  const { broker, port } = await start(["--port=0", `--users=${users}`]);
  await using _ = broker;
  const login = async (passcode: string) => {
    const socket = await dial({ host: "localhost", port });
    return await StompClient.connect(socket, { login: "alice", passcode });
  };
  await (await login("secret:of two")).disconnect();
  await assert.rejects(login("secret"), { code: "STOMP_ERROR" });
  const { stdout } = await broker.stop();
  assert.ok(!stdout.includes("secret"), stdout);
});

test("ssm broker names the line of a users file that is none, without what is in it", async (site) => {
  const users = await site.write("users", "alice:secret\nsecret\n");
  await Deno.chmod(users, 0o600);
  assert.deepEqual(await ssm(["broker", "--port=0", `--users=${users}`]), {
    status: 1,
    stdout: "",
    stderr:
      `ssm: error: Cannot use ${users}, line 2: it is not login:passcode\n`,
  });
});

test("ssm broker says what is missing for TLS", async () => {
  const { status, stderr } = await ssm(["broker", "--port=0", "--tls=strict"]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^ssm: error: .*"certificate".* it is missing, although tls is strict\n/,
  );
});

test("ssm broker refuses a port that is taken, or none", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [busy, none] = await Promise.all([
    ssm(["broker", `--port=${taken.addr.port}`]),
    ssm(["broker", "--port=65536"]),
  ]);
  assert.equal(busy.status, 1);
  assert.match(busy.stderr, /^ssm: error: .*in use/);
  assert.equal(none.status, 1);
  assert.match(
    none.stderr,
    /"65536" is not allowed; it must be a whole number/,
  );
});
