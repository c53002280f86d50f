import assert from "node:assert/strict";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import {
  type Credentials,
  openssl,
  testKey,
  writeCaDirectory,
} from "../../../peers/openssl/openssl.ts";
import { ssm } from "../../../kit/programs/program.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";
import type { Sections } from "../../../kit/ini_text.ts";

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
  const general = said.replaceAll(site.dir, "DIR");
  if (typeof sentence === "string") assert.equal(general, sentence);
  else assert.match(general, sentence);
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

type Keys = Readonly<Record<string, string>>;

/** What is refused, the keys that make it so, and the sentence; DIR is the site's directory. */
const REFUSED: [
  what: string,
  keys: (site: Site) => Keys | Promise<Keys>,
  sentence: string | RegExp,
][] = [
  [
    "a certificate that is missing",
    () => ({ certificate: "DIR/missing" }),
    'Cannot read "DIR/missing": no such file',
  ],
  [
    "a key that is missing",
    () => ({ key: "DIR/missing" }),
    'Cannot read "DIR/missing": no such file',
  ],
  [
    // A directory cannot be read as a file by anybody, root included.
    "a key that cannot be read",
    () => ({ key: "DIR" }),
    /^Cannot read "DIR": .*directory/,
  ],
  [
    "a file in which there is no certificate",
    () => ({ certificate: "DIR/dns" }),
    "DIR/dns: Cannot read certificate: there is no CERTIFICATE block",
  ],
  [
    "a certificate that is damaged",
    async (site) => {
      const damaged = site.pki.ec.certificatePem.replace(/\n..../, "\nAAAA");
      return { certificate: await site.write("damaged.pem", damaged) };
    },
    /^DIR\/damaged.pem: Cannot /,
  ],
  [
    "a key that is damaged",
    async (site) => {
      const damaged = site.pki.ec.keyPem.replace(/\n..../, "\nAAAA");
      return { key: await site.write("damaged.key", damaged) };
    },
    /^DIR\/damaged.key: Cannot read private key: /,
  ],
  [
    "the key of another certificate",
    ({ pki }) => ({ key: pki.unlisted.keyPath }),
    /^Cert and key don't match: \S+ is not the key of \S+$/,
  ],
  [
    "an expired certificate",
    ({ pki }) => pair(pki.expired),
    /^Certificate \S+ has expired or will expire within a day\.$/,
  ],
  [
    "a certificate with less than a day left",
    ({ pki }) => pair(pki.expiring),
    /^Certificate \S+ has expired or will expire within a day\.$/,
  ],
  [
    "a certificate that is not valid yet",
    async ({ pki }) =>
      pair(
        await pki.ca.issue({
          subject: "/C=UK/O=Test/CN=early.example.org",
          notBefore: new Date(Date.now() + 3_600_000),
        }),
      ),
    /^Certificate \S+ is not valid yet\.$/,
  ],
  [
    "a CA directory that is missing",
    () => ({ capath: "DIR/missing" }),
    /^Cannot read CA directory "DIR\/missing": /,
  ],
  [
    "a CA directory without hashed names",
    () => ({ capath: "DIR" }),
    'Cannot use CA directory "DIR": no file is named by hash, such as 1a2b3c4d.0',
  ],
  [
    "to encrypt to its own certificate",
    ({ pki }) => ({ server_cert: pki.ec.certificatePath }),
    /^Cannot use "server_cert" in .*: it is the same file as certificate; /,
  ],
  [
    "a server_cert that is missing",
    () => ({ server_cert: "DIR/missing" }),
    'Cannot read "DIR/missing": no such file',
  ],
  [
    "an expired server_cert",
    ({ pki }) => ({ server_cert: pki.expired.certificatePath }),
    /^Encryption certificate \S+ has expired or will expire within a day\.$/,
  ],
  [
    "a server_cert of a foreign CA",
    async (site) => ({ server_cert: (await foreign(site)).certificatePath }),
    /^Failed to verify server certificate \S+ against CA path \S+: /,
  ],
  [
    "an encrypted key without a passphrase",
    async (site) => ({ key: await encryptedKey(site) }),
    "DIR/encrypted.key: Cannot read private key: it is encrypted and the passphrase is missing",
  ],
  [
    "an encrypted key with the wrong passphrase",
    async (site) => ({
      key: await encryptedKey(site),
      key_passphrase_file: "DIR/dns",
    }),
    /^DIR\/encrypted.key: Cannot read private key: it is encrypted and the passphrase is wrong/,
  ],
  [
    "a key_passphrase_file that is missing",
    async (site) => ({
      key: await encryptedKey(site),
      key_passphrase_file: "DIR/missing",
    }),
    'Cannot read "DIR/missing": no such file',
  ],
];

for (const [what, keys, sentence] of REFUSED) {
  test(`ssm send refuses ${what}`, async (site) => {
    const named = Object.entries(await keys(site)).map(([key, value]) =>
      [key, value.replace(/^DIR/, site.dir)] as const
    );
    await refuses(site, Object.fromEntries(named), sentence);
  });
}

for (const check_crls of ["true", "false"]) {
  test(`ssm send with a revoked server_cert and check_crls = ${check_crls}`, async (site) => {
    const { ca } = site.pki;
    const revoked = await ca.issue({
      subject: "/C=UK/O=Test/CN=stolen.example.org",
      key: { pem: await testKey("rsa:2048", 1) },
    });
    const capath = `${site.dir}/certificates`;
    await writeCaDirectory(capath, [
      ca.credentials.certificatePem,
      await ca.crl({ revoke: [revoked] }),
    ]);
    const keys = { server_cert: revoked.certificatePath, capath, check_crls };
    if (check_crls === "false") return await sends(site, keys);
    await refuses(
      site,
      keys,
      /^Failed to verify server certificate .*CN=stolen.example.org is revoked$/,
    );
  });
}

/** A receiver whose authority is not in the CA directory. */
async function foreign({ pki }: Site): Promise<Credentials> {
  return await pki.rogueCa.issue({
    subject: "/C=UK/O=Test/CN=foreign.example.org",
    key: { pem: await testKey("rsa:2048", 1) },
  });
}

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

test("ssm send uses a certificate that lives for 12 hours, to its end", async (site) => {
  const hour = 3_600_000;
  const { certificatePath, keyPath } = await site.pki.ca.issue({
    subject: "/C=UK/O=Test/CN=short.example.org",
    notBefore: new Date(Date.now() - 11 * hour),
    notAfter: new Date(Date.now() + hour),
  });
  await sends(site, { certificate: certificatePath, key: keyPath });
});

test("ssm send warns of a certificate that a slow clock takes for one of the future, and goes on", async (site) => {
  const notBefore = new Date(Date.now() + 5 * 60_000);
  notBefore.setMilliseconds(0);
  const { certificatePath, keyPath } = await site.pki.ca.issue({
    subject: "/C=UK/O=Test/CN=early.example.org",
    notBefore,
  });
  await sends(site, { certificate: certificatePath, key: keyPath });
  const words =
    `WARNING - Certificate ${certificatePath} is not valid yet: it is valid from ${notBefore.toISOString()}; is this machine's clock right?`;
  const log = await site.log();
  assert.ok(log.some((line) => line.endsWith(words)), log.join("\n"));
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

test("ssm warns of a key that others may read, or refuses it where told to", async (site) => {
  const { keyPem } = site.pki.ec;
  const key = await site.write("open.key", keyPem);
  const words = (mode: string) =>
    `Key file DIR/open.key is open to others (mode ${mode}): they can sign in the name of this host`;
  await Deno.chmod(key, 0o604);
  await refuses(site, { key, require_private_key_file: "true" }, words("0604"));
  await Deno.chmod(key, 0o620);
  await using other = await site.another();
  await Deno.symlink(key, `${other.dir}/open.key`);
  await refuses(other, {
    key: `${other.dir}/open.key`,
    require_private_key_file: "true",
  }, words("0620"));
  await Deno.chmod(key, 0o644);
  await sends(site, { key });
  const warnings = (await site.log()).filter((line) =>
    line.includes("- WARNING - Key file")
  );
  assert.deepEqual(
    warnings.map((line) => line.replaceAll(site.dir, "DIR")),
    [`ssmsend - WARNING - ${words("0644")}; chmod g-w,o= DIR/open.key`],
  );
});

test("ssm warns of an own certificate of version 1, with which messages are signed but no TLS is spoken", async (site) => {
  await sends(site, pair(await site.version1()));
  const warnings = (await site.log()).filter((line) =>
    line.includes("X.509 version 1")
  );
  assert.deepEqual(
    warnings.map((line) => line.replaceAll(site.dir, "DIR")),
    [
      "ssmsend - WARNING - Certificate DIR/version1.pem is of X.509 version 1: messages can be signed with it, but ssm and others refuse it in TLS; ask your CA for one of version 3",
    ],
  );
});

for (const mode of [0o400, 0o600, 0o640]) {
  test(`ssm takes a key of mode ${mode.toString(8)} for private`, async (site) => {
    const key = await site.write("private.key", site.pki.ec.keyPem);
    await Deno.chmod(key, mode);
    await sends(site, { key, require_private_key_file: "true" });
    const log = (await site.log()).join("\n");
    assert.doesNotMatch(log, /Key file/);
  });
}
