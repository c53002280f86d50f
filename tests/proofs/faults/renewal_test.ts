/**
 * What is replaced while the programs run: certificates, keys, authorities,
 * CRLs, the list of DNs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dial } from "../../../lib/net/mod.ts";
import type { Frame } from "../../../lib/stomp/mod.ts";
import { Running, ssmCommand } from "../../kit/programs/program.ts";
import { Receiving } from "../../kit/programs/program_receiver.ts";
import { AnsweringBroker, content } from "../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";
import {
  type Credentials,
  openssl,
  pemBytes,
  TestCa,
  writeCaDirectory,
} from "../../peers/openssl/openssl.ts";

const test = siteTests();

/** How often the programs look at their files. */
const LOOK_MS = 1000;

/** A file that was written a while ago: one that is younger may be half written. */
async function write(site: Site, name: string, text: string): Promise<string> {
  const path = await site.write(name, text);
  const before = Date.now() / 1000 - 60;
  await Deno.utime(path, before, before);
  return path;
}

/** The certificate and key of a program, which can be replaced; the keys of `[certificates]`. */
async function install(
  site: Site,
  { certificatePem, keyPem }: Credentials,
): Promise<{ certificate: string; key: string }> {
  return {
    certificate: await write(site, "host.pem", certificatePem),
    key: await write(site, "host.key", keyPem),
  };
}

/** Lets the programs look at their files the next time they use them. */
async function lookAgain(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS + 100));
}

/** Sends a text, signed by `pki.ec` and encrypted; `incoming` or `reject`. */
async function sendEncrypted(
  { receiver, broker }: Receiving,
  site: Site,
  to: Credentials,
): Promise<"incoming" | "reject"> {
  const body = await openssl(
    ["smime", "-encrypt", "-aes128", to.certificatePath],
    { stdin: await site.sign(site.pki.ec, "a secret") },
  );
  const client = await broker.connect();
  await client.confirmed(
    "SEND",
    { destination: "/queue/test", "empa-id": crypto.randomUUID() },
    new TextDecoder().decode(body),
  );
  client.close();
  const line = await receiver.line(/Message saved to /);
  return line.includes("to incoming queue") ? "incoming" : "reject";
}

test("ssm receive takes a new certificate and key on SIGHUP, and opens what was encrypted to the old one", async (site) => {
  const { server, host } = site.pki;
  const certificates = await install(site, server);
  await using receiving = await Receiving.start(site, { certificates });
  const { receiver } = receiving;
  assert.equal(await sendEncrypted(receiving, site, server), "incoming");
  assert.equal(await sendEncrypted(receiving, site, host), "reject");

  await site.write("host.pem", host.certificatePem);
  receiver.kill("SIGHUP");
  const warning = await receiver.line(/Cert and key don't match/);
  assert.match(warning, /WARNING - .*\. What was read before stays in use\.$/);
  assert.equal(await sendEncrypted(receiving, site, server), "incoming");

  await site.write("host.key", host.keyPem);
  receiver.kill("SIGHUP");
  await receiver.line(/INFO - Certificate and key have been replaced: /);
  assert.equal(await sendEncrypted(receiving, site, host), "incoming");
  assert.equal(await sendEncrypted(receiving, site, server), "incoming");
});

test("ssm receive notices by itself that certificate and key have been replaced", async (site) => {
  const { server, host } = site.pki;
  const certificates = await install(site, server);
  await using receiving = await Receiving.start(site, { certificates });
  assert.equal(await sendEncrypted(receiving, site, server), "incoming");
  await install(site, host);
  await lookAgain();
  assert.equal(await sendEncrypted(receiving, site, host), "incoming");
  assert.ok(
    (await site.log()).some((line) =>
      line.startsWith(
        "ssmreceive - INFO - Certificate and key have been replaced: " +
          "/C=UK/O=Test/CN=host.example.org, valid until ",
      )
    ),
  );
});

test("ssm receive shows a new certificate at its next connection", async (site) => {
  const { server, host, ec } = site.pki;
  const certificates = await install(site, server);
  const shown: Uint8Array[] = [];
  const subscribed = [
    Promise.withResolvers<() => void>(),
    Promise.withResolvers<() => void>(),
  ];
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    await content(frame, peer);
    if (frame.command === "SUBSCRIBE") {
      subscribed[shown.length - 1]?.resolve(() => peer.close());
    }
  }, {
    tls: {
      keyPair: { certificate: ec.certificatePem, key: ec.keyPem },
      clientCertificate: "required",
      verify: ({ leaf }) => void shown.push(leaf),
    },
  });
  const config = await site.receiver(broker.port, {
    certificates,
    broker: { use_ssl: "true" },
  });
  await using receiver = new Running(ssmCommand(["receive", "-c", config]));
  const hangUp = await subscribed[0]!.promise;
  await install(site, host);
  receiver.kill("SIGHUP");
  await receiver.line(/Certificate and key have been replaced/);
  hangUp();
  await subscribed[1]!.promise;
  assert.deepEqual(
    shown,
    [server, host].map(({ certificatePem }) => pemBytes(certificatePem)),
  );
});

test("ssm send signs and encrypts with the certificates that are there when it comes to a message", async (site) => {
  const { ec, unlisted, server, host } = site.pki;
  const certificates = await install(site, ec);
  const server_cert = await write(site, "server.pem", server.certificatePem);
  await site.drop(...Array.from({ length: 8 }, (_, index) => `${index}`));
  const bodies: Frame[] = [];
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "SEND") bodies.push(frame);
    if (bodies.length === 1 && frame.command === "SEND") {
      await install(site, unlisted);
      await write(site, "server.pem", host.certificatePem);
      await lookAgain();
    }
    await content(frame, peer);
  });
  const config = await site.sender(broker.port, {
    certificates: { ...certificates, server_cert },
  });
  await using sender = new Running(ssmCommand(["send", "-c", config]));
  assert.equal((await sender.end()).status, 0, (await site.log()).join("\n"));
  const opened = async (
    { body }: Frame,
    by: Credentials,
    from: Credentials,
  ) => {
    const signed = await openssl([
      ...["smime", "-decrypt", "-recip", by.certificatePath],
      ...["-inkey", by.keyPath],
    ], { stdin: body });
    return new TextDecoder().decode(
      await openssl([
        ...["smime", "-verify", "-text", "-purpose", "any"],
        ...["-CApath", site.pki.caPath, "-certfile", from.certificatePath],
        "-nointern",
      ], { stdin: signed }),
    );
  };
  assert.equal(bodies.length, 8);
  assert.equal((await opened(bodies[0]!, server, ec)).trimEnd(), "0");
  assert.equal((await opened(bodies[7]!, host, unlisted)).trimEnd(), "7");
});

test("ssm broker shows a new certificate to the next client", async (site) => {
  const { server, host } = site.pki;
  const { certificate, key } = await install(site, server);
  await using broker = new Running(ssmCommand([
    ...["broker", "--port=0", "--tls=on"],
    ...[`--certificate=${certificate}`, `--key=${key}`],
  ]));
  const line = await broker.line(/Broker listening on /);
  const port = Number(/:(\d+), /.exec(line)![1]);
  const shown = async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const socket = await dial({
      host: "localhost",
      port,
      tls: { verify: ({ leaf }) => resolve(leaf) },
    });
    socket.close();
    return await promise;
  };
  assert.deepEqual(await shown(), pemBytes(server.certificatePem));
  await install(site, host);
  await lookAgain();
  assert.deepEqual(await shown(), pemBytes(host.certificatePem));
});

test("ssm receive knows authorities and CRLs as they are when a message comes", async (site) => {
  const { ca, ec, unlisted } = site.pki;
  const second = await TestCa.create(site.dir, {
    subject: "/C=UK/O=Test/CN=Second CA",
  });
  // The DN that is on the list.
  const newcomer = await second.issue({
    subject: "/C=UK/O=Test/CN=ec.example.org",
  });
  const capath = `${site.dir}/certificates`;
  const old = [ca.credentials.certificatePem, await ca.crl()];
  await writeCaDirectory(capath, old);
  await using receiving = await Receiving.start(site, {
    certificates: { capath, check_crls: "true" },
  });
  const send = async (from: Credentials) =>
    await receiving.send(from, "payload", crypto.randomUUID());
  const replace = async (...contents: string[]) => {
    await Deno.remove(capath, { recursive: true });
    await writeCaDirectory(capath, contents);
  };
  assert.equal(await send(ec), "incoming");
  assert.equal(await send(newcomer), "reject");
  await replace(...old, second.credentials.certificatePem, await second.crl());
  assert.equal(await send(newcomer), "incoming");
  await replace(
    ca.credentials.certificatePem,
    await ca.crl({ revoke: [ec, unlisted] }),
  );
  assert.equal(await send(ec), "reject");
  assert.equal(await send(newcomer), "reject");
  await replace(...old);
  assert.equal(await send(ec), "incoming");
});

test("ssm receive rejects nobody while the list of DNs is rewritten in place", async (site) => {
  const list = "/C=UK/O=Test/CN=other.example.org\n".repeat(1000) +
    "/C=UK/O=Test/CN=ec.example.org\n";
  await write(site, "dns", list);
  await using receiving = await Receiving.start(site);
  const client = await receiving.broker.connect();
  const send = async (id: string) =>
    client.confirmed(
      "SEND",
      { destination: "/queue/test", "empa-id": id },
      await site.sign(site.pki.ec, `payload ${id}`),
    );
  using file = await Deno.open(`${site.dir}/dns`, { write: true });
  // Empty, a line, half a line more, all: each is what a look finds, just written.
  const halves = ["", list.slice(0, 33), list.slice(0, 50), list];
  for (const [index, text] of halves.entries()) {
    await lookAgain();
    await file.truncate(0);
    await file.seek(0, Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode(text));
    await send(`${index}`);
    const line = await receiving.receiver.line(/Message saved to /);
    assert.match(line, /to incoming queue/);
  }
  client.close();
});
