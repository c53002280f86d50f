import assert from "node:assert/strict";
import { TestBroker } from "../broker/harness.ts";
import { type Credentials, openssl, testKey } from "../helpers/openssl.ts";
import { ssm } from "./program.ts";
import { type Sections, type Site, siteTests } from "./site.ts";

const test = siteTests();

const PASSPHRASE = "correct horse battery staple";

/** Runs the sender, which must fail with that sentence in its log and on standard error. */
async function refuses(
  site: Site,
  certificates: Sections[string],
  sentence: string | RegExp,
): Promise<void> {
  const waiting = await site.drop("wanted elsewhere");
  const config = await site.sender(1, {
    certificates,
    logging: { level: "DEBUG" },
  });
  const { status, stdout, stderr } = await ssm(["-c", config]);
  const log = await site.log();
  noSecrets(site, [stdout, stderr, ...log].join("\n"));
  assert.equal(status, 1);
  assert.equal(
    stdout,
    "SSM failed to complete successfully.  See log file for details.\n",
  );
  const said = /^ssm: error: (.*)$/m.exec(stderr)?.[1] ?? "";
  if (typeof sentence === "string") assert.equal(said, sentence);
  else assert.match(said, sentence);
  assert.ok(
    log.includes(
      `ssmsend - ERROR - SSM failed to complete successfully: ${said}`,
    ),
    log.join("\n"),
  );
  assert.deepEqual(await site.waiting(), waiting);
}

/** Runs the sender, which must send. */
async function sends(
  site: Site,
  certificates: Sections[string],
): Promise<void> {
  await using broker = await TestBroker.start();
  await site.drop("a message");
  const config = await site.sender(broker.port, {
    certificates,
    logging: { level: "DEBUG" },
  });
  const { status, stdout, stderr } = await ssm(["-c", config]);
  noSecrets(site, (await site.log()).join("\n"));
  assert.deepEqual({ status, stdout, stderr }, {
    status: 0,
    stdout: "",
    stderr: "",
  });
  assert.deepEqual(await site.waiting(), []);
}

function noSecrets({ pki }: Site, text: string): void {
  for (const { keyPem } of [pki.ec, pki.server, pki.expired]) {
    for (const line of keyPem.split("\n")) {
      if (line === "" || line.startsWith("-----")) continue;
      assert.ok(!text.includes(line), "a private key shows");
    }
  }
  assert.ok(!text.includes(PASSPHRASE), "a passphrase shows");
}

function pair({ certificatePath, keyPath }: Credentials) {
  return { certificate: certificatePath, key: keyPath };
}

test("ssm send refuses a certificate that is missing", async (site) => {
  const certificate = `${site.dir}/missing.pem`;
  await refuses(
    site,
    { certificate },
    `Cannot read ${certificate}: no such file`,
  );
});

test("ssm send refuses a key that is missing", async (site) => {
  const key = `${site.dir}/missing.key`;
  await refuses(site, { key }, `Cannot read ${key}: no such file`);
});

test("ssm send refuses a key that cannot be read", async (site) => {
  // A directory cannot be read as a file by anybody, root included.
  await refuses(
    site,
    { key: site.dir },
    new RegExp(`^Cannot read ${site.dir}: .*directory`, "i"),
  );
});

test("ssm send refuses a file in which there is no certificate", async (site) => {
  const certificate = await site.write("dust.pem", "no PEM\n");
  await refuses(
    site,
    { certificate },
    `${certificate}: Cannot read certificate: there is no CERTIFICATE block`,
  );
});

test("ssm send refuses a certificate that is damaged", async (site) => {
  const damaged = site.pki.ec.certificatePem.replace(/\n(....)/, "\nAAAA");
  const certificate = await site.write("damaged.pem", damaged);
  await refuses(site, { certificate }, new RegExp(`^${certificate}: Cannot `));
});

test("ssm send refuses a key that is damaged, without a word of it", async (site) => {
  const body = /\n(.{20})/.exec(site.pki.ec.keyPem)![1]!;
  const damaged = site.pki.ec.keyPem.replace(
    body,
    body.split("").reverse().join(""),
  );
  const key = await site.write("damaged.key", damaged);
  await refuses(
    site,
    { key },
    new RegExp(`^${key}: Cannot read private key: `),
  );
});

test("ssm send refuses the key of another certificate", async (site) => {
  await refuses(
    site,
    { key: site.pki.unlisted.keyPath },
    "Cert and key don't match.",
  );
});

test("ssm send refuses an expired certificate", async (site) => {
  const { certificatePath } = site.pki.expired;
  await refuses(
    site,
    pair(site.pki.expired),
    `Certificate ${certificatePath} has expired or will expire within a day.`,
  );
});

test("ssm send refuses a certificate with less than a day left", async (site) => {
  const { certificatePath } = site.pki.expiring;
  await refuses(
    site,
    pair(site.pki.expiring),
    `Certificate ${certificatePath} has expired or will expire within a day.`,
  );
});

test("ssm send refuses a certificate that is not valid yet", async (site) => {
  const early = await site.pki.ca.issue({
    subject: "/C=UK/O=Test/CN=early.example.org",
    notBefore: new Date(Date.now() + 3_600_000),
  });
  await refuses(
    site,
    pair(early),
    `Certificate ${early.certificatePath} is not valid yet.`,
  );
});

test("ssm send refuses a CA directory that is missing", async (site) => {
  const capath = `${site.dir}/missing`;
  await refuses(
    site,
    { capath },
    new RegExp(`^Cannot read CA directory "${capath}": `),
  );
});

test("ssm send refuses a CA directory without hashed names", async (site) => {
  await refuses(
    site,
    { capath: site.dir },
    `Cannot use CA directory "${site.dir}": no file is named by hash, such as 1a2b3c4d.0`,
  );
});

test("ssm send refuses to encrypt to its own certificate", async (site) => {
  const { certificatePath } = site.pki.ec;
  await refuses(
    site,
    { server_cert: certificatePath },
    /^Cannot use "server_cert" in .*: it is the same file as certificate; /,
  );
});

test("ssm send refuses a server_cert that is missing", async (site) => {
  const server_cert = `${site.dir}/missing.pem`;
  await refuses(
    site,
    { server_cert },
    `Cannot read ${server_cert}: no such file`,
  );
});

test("ssm send refuses an expired server_cert", async (site) => {
  const server_cert = site.pki.expired.certificatePath;
  await refuses(
    site,
    { server_cert },
    `Encryption certificate ${server_cert} has expired or will expire within a day.`,
  );
});

/** A receiver whose authority is not in the CA directory. */
async function foreign({ pki }: Site): Promise<Credentials> {
  return await pki.rogueCa.issue({
    subject: "/C=UK/O=Test/CN=foreign.example.org",
    key: { pem: await testKey("rsa:2048", 1) },
  });
}

test("ssm send refuses a server_cert of a foreign CA", async (site) => {
  const { certificatePath: server_cert } = await foreign(site);
  await refuses(
    site,
    { server_cert },
    new RegExp(
      `^Failed to verify server certificate ${server_cert} against CA path ${site.pki.caPath}: `,
    ),
  );
});

test("ssm send takes a server_cert of a foreign CA if verify_server_cert is false", async (site) => {
  const { certificatePath: server_cert } = await foreign(site);
  await sends(site, { server_cert, verify_server_cert: "false" });
  assert.ok(
    (await site.log()).includes(
      "ssmsend - INFO - Messages will be encrypted using /C=UK/O=Test/CN=foreign.example.org",
    ),
  );
});

/** The key of the sender under {@linkcode PASSPHRASE}. */
async function encryptedKey(site: Site): Promise<string> {
  const pem = await openssl(
    [
      ...["pkcs8", "-topk8", "-v2", "aes-256-cbc"],
      ...["-passout", `pass:${PASSPHRASE}`],
    ],
    { stdin: site.pki.ec.keyPem },
  );
  return await site.write("encrypted.key", new TextDecoder().decode(pem));
}

test("ssm send opens an encrypted key with the first line of key_passphrase_file", async (site) => {
  await sends(site, {
    key: await encryptedKey(site),
    key_passphrase_file: await site.write("secret", `${PASSPHRASE}\nmore\n`),
  });
});

test("ssm send refuses an encrypted key without a passphrase", async (site) => {
  const key = await encryptedKey(site);
  await refuses(
    site,
    { key },
    `${key}: Cannot read private key: it is encrypted and the passphrase is missing`,
  );
});

test("ssm send refuses an encrypted key with the wrong passphrase", async (site) => {
  const key = await encryptedKey(site);
  await refuses(
    site,
    { key, key_passphrase_file: await site.write("secret", "wrong\n") },
    new RegExp(
      `^${key}: Cannot read private key: it is encrypted and the passphrase is wrong`,
    ),
  );
});

test("ssm send refuses a key_passphrase_file that is missing", async (site) => {
  const secret = `${site.dir}/missing`;
  await refuses(
    site,
    { key: await encryptedKey(site), key_passphrase_file: secret },
    `Cannot read ${secret}: no such file`,
  );
});

test("ssm receive and ssm broker refuse an expired certificate as well", async (site) => {
  const { certificatePath } = site.pki.expired;
  const said =
    `Certificate ${certificatePath} has expired or will expire within a day.`;
  const config = await site.receiver(1, {
    certificates: pair(site.pki.expired),
    logging: { console: "false" },
  });
  const { certificate, key } = pair(site.pki.expired);
  const [receiver, broker] = await Promise.all([
    ssm(["-c", config]),
    ssm([
      "broker",
      "--port=0",
      "--tls=on",
      `--certificate=${certificate}`,
      `--key=${key}`,
    ]),
  ]);
  assert.equal(receiver.status, 1);
  assert.equal(
    receiver.stdout,
    "SSM failed to start.  See log file for details.\n",
  );
  assert.ok(receiver.stderr.startsWith(`ssm: error: ${said}\n`));
  assert.ok(
    (await site.log()).includes(
      `ssmreceive - CRITICAL - Failed to initialise SSM: ${said}`,
    ),
  );
  assert.equal(broker.status, 1);
  assert.ok(broker.stderr.startsWith(`ssm: error: ${said}\n`));
});
