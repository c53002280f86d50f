import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { rm } from "node:fs/promises";
import {
  LiveIdentity,
  LiveRecipient,
} from "../../../lib/credentials/live_identity.ts";
import { Logger, type LogRecord } from "../../../lib/log/logger.ts";
import { type Certificate, formatDn } from "../../../lib/pki/mod.ts";
import type { Credentials } from "../../peers/openssl/openssl.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

/** A certificate and a key in a site's directory, and what is said about them. */
class Stand {
  readonly #records: LogRecord[] = [];
  readonly log = new Logger("test", [(record) => this.#records.push(record)]);
  readonly certificate: string;
  readonly key: string;

  constructor(readonly site: Site) {
    this.certificate = `${site.dir}/host.pem`;
    this.key = `${site.dir}/host.key`;
  }

  async put({ certificatePem, keyPem }: Credentials): Promise<void> {
    await this.site.write("host.pem", certificatePem);
    await this.putKey(keyPem);
  }

  async putKey(pem: string): Promise<void> {
    await this.site.write("host.key", pem);
    await Deno.chmod(this.key, 0o600);
  }

  /** Looks at every call, however young the files are. */
  open(quietMs = 0): LiveIdentity {
    return LiveIdentity.open(this, {
      log: this.log,
      lookEveryMs: 0,
      quietMs,
    });
  }

  /** What was said since the last call, the site's directory as DIR. */
  said(): string[] {
    return this.#records.splice(0).map(({ level, message }) =>
      `${level} ${message.replaceAll(this.site.dir, "DIR")}`
    );
  }
}

function dn({ certificate }: { certificate: Certificate }): string {
  return formatDn(certificate.subject);
}

const EC = "/C=UK/O=Test/CN=ec.example.org";
const UNLISTED = "/C=UK/O=Test/CN=unlisted.example.org";
const KEPT = "What was read before stays in use.";

test("LiveIdentity.current() is the pair in the files, also after it was replaced", async (site) => {
  const stand = new Stand(site);
  await stand.put(site.pki.ec);
  const identity = stand.open();
  assert.equal(dn(identity.current()), EC);
  await stand.put(site.pki.unlisted);
  const renewed = identity.current();
  assert.equal(dn(renewed), UNLISTED);
  assert.ok(
    renewed.key.keyObject.equals(createPrivateKey(site.pki.unlisted.keyPem)),
  );
  const until = renewed.certificate.notAfter.toISOString();
  assert.deepEqual(stand.said(), [
    `INFO Certificate and key have been replaced: ${UNLISTED}, valid until ${until}`,
  ]);
});

test("LiveIdentity.current() keeps the old pair while only one file has been replaced", async (site) => {
  const stand = new Stand(site);
  const { ec, unlisted } = site.pki;
  await stand.put(ec);
  const identity = stand.open();
  await site.write("host.pem", unlisted.certificatePem);
  for (let look = 1; look <= 3; look++) {
    assert.equal(dn(identity.current()), EC);
  }
  assert.deepEqual(stand.said(), [
    `WARNING Cert and key don't match: DIR/host.key is not the key of DIR/host.pem. ${KEPT}`,
  ]);
  await stand.putKey(unlisted.keyPem);
  assert.equal(dn(identity.current()), UNLISTED);
});

for (
  const [state, spoil, warning] of [
    [
      "missing",
      ({ key }: Stand) => Deno.remove(key),
      /^WARNING Cannot read "DIR\/host\.key": no such file\. /,
    ],
    [
      "a directory",
      async ({ key }: Stand) => {
        await Deno.remove(key);
        await Deno.mkdir(key, { mode: 0o700 });
      },
      /^WARNING Cannot read "DIR\/host\.key": .*directory/,
    ],
    [
      "empty",
      ({ key }: Stand) => Deno.truncate(key),
      /^WARNING DIR\/host\.key: Cannot read private key: /,
    ],
    [
      "half written",
      ({ key }: Stand) => Deno.truncate(key, 100),
      /^WARNING DIR\/host\.key: Cannot read private key: /,
    ],
    [
      "an expired certificate's",
      (stand: Stand) => stand.put(stand.site.pki.expired),
      /^WARNING Certificate DIR\/host\.pem has expired or will expire within a day\. /,
    ],
  ] as const
) {
  test(`LiveIdentity.current() keeps the old pair when the key is ${state}, and takes the next good one`, async (site) => {
    const stand = new Stand(site);
    await stand.put(site.pki.ec);
    const identity = stand.open();
    await spoil(stand);
    assert.equal(dn(identity.current()), EC);
    assert.equal(dn(identity.current()), EC);
    const [said, ...more] = stand.said();
    assert.match(said ?? "", warning);
    assert.ok(said?.endsWith(KEPT), said);
    assert.deepEqual(more, []);
    await rm(stand.key, { recursive: true, force: true });
    await stand.put(site.pki.unlisted);
    assert.equal(dn(identity.current()), UNLISTED);
  });
}

test("LiveIdentity.current() leaves files alone that changed a moment ago", async (site) => {
  const stand = new Stand(site);
  await stand.put(site.pki.ec);
  const identity = stand.open(60_000);
  await stand.put(site.pki.unlisted);
  assert.equal(dn(identity.current()), EC);
  const before = Date.now() / 1000 - 61;
  await Deno.utime(stand.certificate, before, before);
  assert.equal(dn(identity.current()), EC);
  await Deno.utime(stand.key, before, before);
  assert.equal(dn(identity.current()), UNLISTED);
});

test("LiveIdentity.reload() takes files that changed a moment ago", async (site) => {
  const stand = new Stand(site);
  await stand.put(site.pki.ec);
  const identity = LiveIdentity.open(stand, { log: stand.log });
  await stand.put(site.pki.unlisted);
  identity.reload();
  assert.equal(dn(identity.current()), UNLISTED);
});

test("LiveIdentity.reload() tries files again that were of no use", async (site) => {
  const stand = new Stand(site);
  await stand.put(site.pki.ec);
  const identity = stand.open();
  await Deno.remove(stand.key);
  identity.reload();
  identity.reload();
  assert.equal(stand.said().length, 1);
  assert.equal(dn(identity.current()), EC);
});

test("LiveIdentity.forDecryption() gives the present identity and the three before it", async (site) => {
  const stand = new Stand(site);
  const { ec, unlisted, revoked, host, server } = site.pki;
  await stand.put(ec);
  const identity = stand.open();
  for (const next of [unlisted, revoked, host, server]) {
    await stand.put(next);
    identity.current();
    // Written anew without a change: no renewal.
    await stand.put(next);
    identity.current();
  }
  assert.deepEqual(
    identity.forDecryption().map(dn),
    ["server", "host", "revoked", "unlisted"]
      .map((name) => `/C=UK/O=Test/CN=${name}.example.org`),
  );
});

test("LiveIdentity says nothing of a key or a passphrase", async (site) => {
  const stand = new Stand(site);
  await stand.put(site.pki.ec);
  const keyPassphraseFile = await site.write("passphrase", "a secret\n");
  const options = { log: stand.log, lookEveryMs: 0, quietMs: 0 };
  const identity = LiveIdentity.open(
    { ...stand, keyPassphraseFile },
    options,
  );
  await site.write("passphrase", "another secret\n");
  await Deno.truncate(stand.key, 150);
  identity.current();
  const said = stand.said().join("\n");
  assert.match(said, /^WARNING DIR\/host\.key: Cannot read private key/m);
  const [, line] = site.pki.ec.keyPem.split("\n");
  assert.ok(!said.includes("secret") && !said.includes(line!.slice(0, 20)));
});

test("LiveRecipient.current() is the certificate in the file, if it is to be trusted", async (site) => {
  const stand = new Stand(site);
  const { ec, unlisted, host, expired } = site.pki;
  await stand.put(ec);
  const recipient = await LiveRecipient.open(stand.certificate, {
    log: stand.log,
    lookEveryMs: 0,
    quietMs: 0,
    verify: ({ subject }) => {
      if (formatDn(subject) === UNLISTED) throw new Error("Not trusted");
    },
  });
  const current = async () => formatDn((await recipient.current()).subject);
  assert.equal(await current(), EC);
  await stand.put(unlisted);
  assert.equal(await current(), EC);
  assert.deepEqual(stand.said(), [`WARNING Not trusted. ${KEPT}`]);
  await stand.put(expired);
  assert.equal(await current(), EC);
  assert.match(stand.said().join("\n"), /has expired .*stays in use\.$/);
  await stand.put(host);
  assert.equal(await current(), "/C=UK/O=Test/CN=host.example.org");
  assert.match(stand.said().join("\n"), /^INFO The certificate to encrypt to/);
});
