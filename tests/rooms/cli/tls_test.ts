import assert from "node:assert/strict";
import type { ServerTlsOptions } from "../../../lib/net/mod.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { freePort } from "../../kit/net/free_port.ts";
import {
  type Credentials,
  HOST_EXTENSIONS,
} from "../../peers/openssl/openssl.ts";
import { Wire, type WireFault } from "../../kit/net/faulty_wire.ts";
import {
  type Outcome,
  Running,
  saying,
  ssm,
  ssmCommand,
} from "../../kit/programs/program.ts";
import { AnsweringBroker } from "../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";
import type { Sections } from "../../kit/ini_text.ts";

const test = siteTests();

const HINT = "ssm: hint: put the CA of the broker's certificate into capath\n";

/** A broker with that certificate. */
async function broker(
  { certificatePem: certificate, keyPem: key }: Credentials,
  options: Partial<ServerTlsOptions> = {},
): Promise<TestBroker> {
  return await TestBroker.start({}, {
    tls: {
      keyPair: { certificate, key },
      clientCertificate: "none",
      ...options,
    },
  });
}

/** Sends one message over TLS. */
async function send(
  site: Site,
  port: number,
  { broker = {}, ...changes }: Sections = {},
): Promise<Outcome> {
  await site.drop("a message");
  const config = await site.sender(port, {
    ...changes,
    broker: { use_ssl: "true", retry_for: 0, ...broker },
  });
  return await ssm(["-c", config]);
}

/** The message is gone, and nothing was said. */
async function succeeded(site: Site, outcome: Outcome): Promise<void> {
  assert.deepEqual(outcome, { status: 0, stdout: "", stderr: "" });
  assert.deepEqual(await site.waiting(), []);
}

/** The message is still there; the reason, as standard error gives it. */
async function failed(site: Site, outcome: Outcome): Promise<string> {
  assert.equal(outcome.status, 1);
  assert.equal((await site.waiting()).length, 1);
  const [, reason, hint = ""] =
    /^ssm: error: Attempts to start the SSM failed: no broker of \S+ can be used: (.*)\n(.*\n)?$/
      .exec(outcome.stderr) ?? [];
  assert.ok(reason, outcome.stderr);
  assert.ok(
    (await site.log()).some((line) =>
      line.startsWith("ssm.ssm2 - WARNING - Failed to connect to localhost:") &&
      line.endsWith(`: ${reason}`)
    ),
  );
  return `${reason}\n${hint}`;
}

test("ssm send sends to a broker that demands a client certificate", async (site) => {
  const seen: Uint8Array[] = [];
  await using strict = await broker(site.pki.unlisted, {
    clientCertificate: "required",
    verify: ({ leaf }) => void seen.push(leaf),
  });
  await succeeded(site, await send(site, strict.port));
  const own = /-----BEGIN CERTIFICATE-----([^-]+)/
    .exec(site.pki.ec.certificatePem)![1]!;
  assert.deepEqual(
    seen.map((leaf) => leaf.toBase64()),
    [own.replaceAll("\n", "")],
  );
  assert.ok(
    (await site.log()).includes("ssm.ssm2 - INFO - Connecting using SSL..."),
  );
});

test("ssm send refuses a broker of a foreign CA, and says what to do", async (site) => {
  await using rogue = await broker(site.pki.rogue);
  const said = await failed(site, await send(site, rogue.port));
  assert.match(said, /^Cannot trust broker localhost: /);
  assert.ok(said.endsWith(HINT), said);
});

test("ssm send refuses a broker with a certificate of version 1, and says how to make one of 3", async (site) => {
  await using old = await broker(await site.version1());
  const said = await failed(site, await send(site, old.port));
  assert.match(
    said,
    /^Cannot trust broker localhost: .* X\.509 version 1, as `openssl x509 -req` makes it without -extfile, and not 3\)\n/,
  );
  assert.match(said, /\nssm: hint: .*-extfile FILE, .*subjectAltName=DNS:/);
});

test("ssm send trusts even a broker with a certificate of version 1 with verify_broker = false", async (site) => {
  await using old = await broker(await site.version1());
  const anybody = { verify_broker: "false" };
  await succeeded(site, await send(site, old.port, { broker: anybody }));
});

test("ssm send sends to anybody with verify_broker = false, and warns at every connection", async (site) => {
  await using rogue = await broker(site.pki.rogue);
  const outcome = await send(site, rogue.port, {
    broker: {
      host: `localhost:${freePort()}, localhost`,
      verify_broker: "false",
    },
  });
  await succeeded(site, outcome);
  const warnings = (await site.log()).filter((line) =>
    line ===
      "ssm.ssm2 - WARNING - The broker's certificate is not verified " +
        "(verify_broker = false): anybody may pose as the broker."
  );
  assert.equal(warnings.length, 2);
});

test("ssm send refuses a broker whose certificate is for another host", async (site) => {
  const other = await site.pki.ca.issue({
    subject: "/C=UK/O=Test/CN=other.example.org",
    extensions: HOST_EXTENSIONS.map((line) =>
      line.replace(/^(subjectAltName)=.*/, "$1=DNS:other.example.org")
    ),
  });
  await using wrong = await broker(other);
  assert.equal(
    await failed(site, await send(site, wrong.port)),
    "Cannot trust broker localhost: its certificate is for " +
      "/C=UK/O=Test/CN=other.example.org\n" +
      "ssm: hint: write the host as the certificate names it\n",
  );
});

test("ssm send refuses a broker whose certificate has expired", async (site) => {
  await using late = await broker(site.pki.expired);
  const said = await failed(site, await send(site, late.port));
  assert.match(said, /^Cannot trust broker localhost: .*expired/);
});

test("ssm send refuses a broker whose certificate is revoked if check_crls is true", async (site) => {
  await using revoked = await broker(site.pki.revoked);
  const outcome = await send(site, revoked.port, {
    certificates: { check_crls: "true" },
  });
  assert.match(
    await failed(site, outcome),
    /^Cannot trust broker localhost: .*revoked/,
  );
});

test("ssm send does not look into CRLs unless check_crls is true", async (site) => {
  await using revoked = await broker(site.pki.revoked);
  await succeeded(site, await send(site, revoked.port));
});

test("ssm send fails at a broker that hangs up on its certificate", async (site) => {
  await using picky = await broker(site.pki.unlisted, {
    clientCertificate: "required",
    verify: () => {
      throw new Error("not you");
    },
  });
  assert.match(
    await failed(site, await send(site, picky.port)),
    /closed the connection instead of answering CONNECT/,
  );
});

test("ssm send says that a port does not speak TLS", async (site) => {
  await using plain = await TestBroker.start();
  const said = await failed(site, await send(site, plain.port));
  assert.match(said, /this port does not speak TLS/);
});

test("ssm send fails at a TLS port that it is told to speak plainly to", async (site) => {
  await using tls = await broker(site.pki.unlisted);
  const outcome = await send(site, tls.port, { broker: { use_ssl: "false" } });
  assert.match(
    await failed(site, outcome),
    /closed the connection instead of answering CONNECT/,
  );
});

test("ssm send gives up on a broker that never answers", async (site) => {
  const heard: string[] = [];
  await using deaf = await AnsweringBroker.start(({ command }) =>
    heard.push(command)
  );
  const outcome = await send(site, deaf.port, {
    broker: { use_ssl: "false", connect_timeout: 1 },
  });
  assert.match(await failed(site, outcome), /CONNECTED/);
  assert.deepEqual(heard, ["CONNECT"]);
});

test("ssm send gives up on a broker that never finishes the TLS handshake", async (site) => {
  // Nobody accepts: the system does, and that is all the client gets.
  using deaf = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const outcome = await send(site, deaf.addr.port, {
    broker: { connect_timeout: 1 },
  });
  assert.match(
    await failed(site, outcome),
    /no TLS handshake, timed out after 1000 ms/,
  );
});

test("ssm send passes on what the broker says when it does not let it in", async (site) => {
  await using broker = await AnsweringBroker.start(async (_frame, peer) => {
    await peer.reply(
      "ERROR",
      { message: "login failed" },
      "No user \x1b[31mred\n",
    );
    peer.close();
  });
  const outcome = await send(site, broker.port, {
    broker: { use_ssl: "false" },
  });
  const said = await failed(site, outcome);
  assert.match(said, /: login failed; No user \\x1b\[31mred\n/);
});

test("ssm send tries the brokers of the list in their order", async (site) => {
  await using second = await TestBroker.start();
  const dead = freePort();
  const outcome = await send(site, second.port, {
    broker: { host: `localhost:${dead}, localhost`, use_ssl: "false" },
  });
  await succeeded(site, outcome);
  const attempts = (await site.log()).filter((line) =>
    line.includes("Established connection to")
  );
  assert.deepEqual(
    attempts,
    [dead, second.port].map((port) =>
      `ssm.ssm2 - INFO - Established connection to localhost, port ${port}`
    ),
  );
});

/** What happens to the first handshake, within the broker's certificates. */
const FAULTS: readonly WireFault["how"][] = ["cut", "half-close", "black hole"];

for (const how of FAULTS) {
  test(`ssm send tries again after a TLS handshake that a ${how} ends`, async (site) => {
    await using tls = await broker(site.pki.unlisted);
    await using wire = Wire.start(tls.port, {
      fault: (connection) =>
        connection === 0 ? { direction: "down", after: 200, how } : undefined,
    });
    const changes = { broker: { retry_for: 60, connect_timeout: 1 } };
    await succeeded(site, await send(site, wire.port, changes));
    const complaints = (await site.log())
      .filter((line) => line.includes("Failed to connect to"));
    assert.equal(complaints.length, 1);
    assert.match(complaints[0]!, /: no TLS handshake, /);
    assert.equal(wire.connections, 2);
  });
}

test("ssm stomper and ssm printer try again after a TLS handshake that is cut", async (site) => {
  await using tls = await broker(site.pki.unlisted);
  await using wire = Wire.start(tls.port, {
    fault: (connection) =>
      connection % 2 === 0
        ? { direction: "down", after: 200, how: "cut" }
        : undefined,
  });
  const args = [
    ...["--topic=/queue/a", `--port=${wire.port}`],
    ...[`--capath=${site.pki.caPath}`, "--retry-for=60"],
  ];
  const sent = await ssm(["stomper", ...args], { stdin: saying("1\n") });
  assert.equal(sent.status, 0, sent.stderr);
  assert.match(sent.stderr, /^ssm: warning: .*; trying again in [12] s\n$/);
  await using printer = new Running(
    ssmCommand(["printer", ...args, "--count=1"]),
  );
  const { status, stdout } = await printer.end();
  assert.deepEqual([status, stdout], [0, "1\n"]);
  assert.equal(wire.connections, 4);
});

test("ssm send does not try again where TLS came to a verdict", async (site) => {
  await using untrusted = await broker(site.pki.revoked);
  const said = await failed(
    site,
    await send(site, untrusted.port, {
      broker: { retry_for: 600 },
      certificates: { check_crls: "true" },
    }),
  );
  assert.match(said, /revoked/);
});
