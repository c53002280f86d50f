import assert from "node:assert/strict";
import { isSsmError, type SsmError } from "../../../../lib/errors.ts";
import type { Certificate } from "../../../../lib/pki/certificate/certificate.ts";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import {
  oldSubjectHash,
  subjectHash,
} from "../../../../lib/pki/directory/subject_hash.ts";
import { TrustStore } from "../../../../lib/pki/directory/trust_store.ts";
import {
  pemBytes,
  type TestCa,
  tryOpenssl,
} from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import { assertVerdict, ChainSite } from "../../../kit/pki/chain_site.ts";
import { systemClock } from "../../../../lib/time/mod.ts";

const HOST = "/C=UK/CN=host.example.org";

const read = (pem: string): Certificate => readCertificates(pem)[0]!;

/** An empty directory, a root and a host of it, and a store that was never asked. */
async function makeStore(site: ChainSite) {
  const dir = `${site.dir}/certificates`;
  await Deno.mkdir(dir);
  const root = await site.root();
  const host = await root.issue({ subject: HOST });
  const bad: [path: string, error: SsmError][] = [];
  const store = new TrustStore(dir, {
    onBadFile: (path, error) => bad.push([path, error]),
  });
  const certificate = read(root.credentials.certificatePem);
  const hash = subjectHash(certificate.subject);
  return {
    ...{ dir, root, rootPem: root.credentials.certificatePem, certificate },
    ...{ host, leaf: read(host.certificatePem), store, bad, hash },
  };
}

testWith(
  ["openssl"],
  "TrustStore finds authorities by the new and the old hash",
  async () => {
    await using site = await ChainSite.create();
    for (const hashOf of [subjectHash, oldSubjectHash]) {
      const dir = await Deno.makeTempDir({ dir: site.dir });
      const root = await site.root();
      const pem = root.credentials.certificatePem;
      await Deno.writeTextFile(`${dir}/${hashOf(read(pem).subject)}.0`, pem);
      const host = await root.issue({ subject: HOST });
      assertVerdict(
        await new TrustStore(dir).verify(read(host.certificatePem)),
        true,
      );
    }
  },
);

testWith(
  ["openssl"],
  "TrustStore reads DER, PEM with text, and files of several certificates",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, leaf, host, hash, store } = await makeStore(site);
    for (
      const content of [
        pemBytes(rootPem),
        new TextEncoder().encode(`Root of tests é\r\n${rootPem}`),
        new TextEncoder().encode(host.certificatePem + rootPem),
      ]
    ) {
      await Deno.writeFile(`${dir}/${hash}.0`, content);
      assertVerdict(await store.verify(leaf), true);
    }
  },
);

testWith(
  ["openssl"],
  "TrustStore notices files that come, change and go",
  async () => {
    await using site = await ChainSite.create();
    const { dir, root, rootPem, leaf, host, hash, store } = await makeStore(
      site,
    );
    const foreign = (await site.root()).credentials.certificatePem;
    const ca = `${dir}/${hash}.0`;
    assertVerdict(await store.verify(leaf), /is named by hash/);
    await Deno.writeTextFile(ca, rootPem);
    assertVerdict(await store.verify(leaf), true);
    await Deno.writeTextFile(ca, foreign);
    assertVerdict(await store.verify(leaf), /no valid issuer/);
    await Deno.writeTextFile(`${dir}/new`, rootPem);
    await Deno.rename(`${dir}/new`, ca);
    assertVerdict(await store.verify(leaf), true);

    const check = () => store.verify(leaf, [], { checkCrls: true });
    const crl = `${dir}/${hash}.r0`;
    assertVerdict(await check(), /no CRL/);
    await Deno.writeTextFile(crl, await root.crl());
    assertVerdict(await check(), true);
    await Deno.writeTextFile(crl, await root.crl({ revoke: [host] }));
    assertVerdict(await check(), /is revoked/);
    await Deno.remove(crl);
    assertVerdict(await check(), /no CRL/);
    await Deno.remove(ca);
    assertVerdict(await store.verify(leaf), /is named by hash/);
  },
);

/** Makes a file look as if it had been there for an hour. */
async function age(path: string): Promise<void> {
  const past = new Date(Date.now() - 3_600_000);
  await Deno.utime(path, past, past);
}

testWith(["openssl"], "TrustStore reads a settled file once", async () => {
  await using site = await ChainSite.create();
  const { dir, rootPem, hash, store, certificate } = await makeStore(site);
  const path = `${dir}/${hash}.0`;
  await Deno.writeTextFile(path, rootPem);
  await age(path);
  const [first] = store.find(certificate.subject);
  assert.equal(store.find(certificate.subject)[0], first);
  await Deno.utime(path, new Date(0), new Date(1000));
  assert.notEqual(store.find(certificate.subject)[0], first);
});

testWith(
  ["openssl"],
  "TrustStore reads what changed twice within one time stamp",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, hash, store, certificate } = await makeStore(site);
    const path = `${dir}/${hash}.0`;
    const stamp = new Date();
    const write = async (text: string) => {
      await Deno.writeTextFile(path, text);
      await Deno.utime(path, stamp, stamp);
    };
    await write(`${rootPem}${" ".repeat(rootPem.length)}`);
    assert.equal(store.find(certificate.subject).length, 1);
    // As long as the first, so that nothing but the content tells them apart.
    await write(rootPem + rootPem);
    assert.equal(store.find(certificate.subject).length, 2);
  },
);

testWith(
  ["openssl"],
  "TrustStore reports bad files once for each change and goes on",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, leaf, hash, store, bad } = await makeStore(site);
    await Deno.writeTextFile(`${dir}/${hash}.0`, "no certificate");
    await age(`${dir}/${hash}.0`);
    await Deno.writeTextFile(`${dir}/${hash}.1`, rootPem);
    assertVerdict(await store.verify(leaf), true);
    assertVerdict(await store.verify(leaf), true);
    assert.deepEqual(
      bad.map(([path, { code }]) => [path, code]),
      [[`${dir}/${hash}.0`, "CERTIFICATE"]],
    );
    await Deno.remove(`${dir}/${hash}.0`);
    await Deno.symlink("nowhere", `${dir}/${hash}.0`);
    assertVerdict(await store.verify(leaf), true);
    assertVerdict(await store.verify(leaf), true);
    assert.deepEqual(bad.map(([, { code }]) => code), ["CERTIFICATE", "TRUST"]);
  },
);

testWith(
  ["openssl"],
  "TrustStore ignores certificates under a hash that is not theirs",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, leaf, store } = await makeStore(site);
    await Deno.writeTextFile(`${dir}/00000000.0`, rootPem);
    await Deno.writeTextFile(`${dir}/root.pem`, rootPem);
    assertVerdict(await store.verify(leaf), /no valid issuer/);
  },
);

testWith(
  ["openssl"],
  "TrustStore looks for numbers up to the first gap",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, leaf, hash, store } = await makeStore(site);
    const foreign = (await site.root()).credentials.certificatePem;
    await Deno.writeTextFile(`${dir}/${hash}.0`, foreign);
    await Deno.writeTextFile(`${dir}/${hash}.2`, rootPem);
    assertVerdict(await store.verify(leaf), /no valid issuer/);
    await Deno.writeTextFile(`${dir}/${hash}.1`, foreign);
    assertVerdict(await store.verify(leaf), true);
  },
);

Deno.test("TrustStore throws when the directory cannot be read", async () => {
  const { craftCertificate } = await import(
    "../../../kit/pki/craft_certificate.ts"
  );
  const [leaf] = readCertificates(craftCertificate());
  const store = new TrustStore("/nonexistent/certificates");
  await assert.rejects(
    store.verify(leaf!),
    (error) =>
      isSsmError(error, "TRUST") && error.message.includes("/nonexistent/"),
  );
  assert.throws(
    () => store.assertUsable(),
    (error) => isSsmError(error, "TRUST"),
  );
});

Deno.test("TrustStore.assertUsable() wants a file that is named by hash", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/ca.pem`, "");
    await Deno.writeTextFile(`${dir}/1a2b3c4d.r0`, "");
    const store = new TrustStore(dir);
    assert.throws(
      () => store.assertUsable(),
      (error) =>
        isSsmError(error, "TRUST") && /openssl rehash/.test(error.hint!),
    );
    await Deno.writeTextFile(`${dir}/1a2b3c4d.0`, "");
    store.assertUsable();
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

testWith(
  ["openssl"],
  "TrustStore.verify() uses the clock it was given",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, leaf, hash } = await makeStore(site);
    await Deno.writeTextFile(`${dir}/${hash}.0`, rootPem);
    const date = () => new Date("2001-01-01T00:00:00Z");
    const clock = { ...systemClock, date };
    assertVerdict(
      await new TrustStore(dir, { clock }).verify(leaf),
      /is not valid before/,
    );
  },
);

testWith(
  ["openssl"],
  "TrustStore.verify() trusts nothing for having been sent",
  async () => {
    await using site = await ChainSite.create();
    const { dir, rootPem, leaf, hash, store } = await makeStore(site);
    await Deno.writeTextFile(`${dir}/${hash}.0`, rootPem);
    const rogue: TestCa = await site.root({ subject: "/CN=Rogue" });
    const forged = await rogue.issue({ subject: HOST });
    const sent = [read(rogue.credentials.certificatePem), leaf];
    assertVerdict(
      await store.verify(read(forged.certificatePem), sent),
      /self-signed/,
    );
  },
);

const IGTF = "/etc/grid-security/certificates";

testWith(
  ["openssl", "igtf"],
  "TrustStore.verify() judges every IGTF authority as openssl does",
  async () => {
    const names = Array.from(Deno.readDirSync(IGTF), ({ name }) => name)
      .filter((name) => /^[0-9a-f]{8}\.0$/.test(name)).toSorted();
    assert.ok(names.length > 0);
    const store = new TrustStore(IGTF, {
      onBadFile: (path, error) => assert.fail(`${path}: ${error.message}`),
    });
    const ours = new Map<string, boolean>();
    const hashes: string[] = [];
    for (const name of names) {
      const [certificate] = readCertificates(
        await Deno.readFile(`${IGTF}/${name}`),
      );
      ours.set(name, (await store.verify(certificate!)).ok);
      hashes.push(
        `${subjectHash(certificate!.subject)}.0`,
        `${oldSubjectHash(certificate!.subject)}.0`,
      );
    }
    // Each file goes by one of the two hashes of its subject.
    assert.deepEqual([...new Set(hashes)].toSorted(), names);
    const { stdout, stderr } = await tryOpenssl([
      ...["verify", "-no-CAfile", "-no-CAstore", "-CApath", "."],
      ...names,
    ], { cwd: IGTF });
    const said = new TextDecoder().decode(stdout);
    assert.deepEqual(
      names.filter((name) => ours.get(name)),
      names.filter((name) => said.includes(`${name}: OK`)),
      stderr,
    );
  },
);
