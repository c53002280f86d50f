/**
 * Verdicts that cannot be told now: something in the CA directory is wanting,
 * and the certificate is not to blame.
 */
import assert from "node:assert/strict";
import type { Certificate } from "../../../../lib/pki/certificate/certificate.ts";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import { subjectHash } from "../../../../lib/pki/directory/subject_hash.ts";
import { TrustStore } from "../../../../lib/pki/directory/trust_store.ts";
import type { Missing, Verdict } from "../../../../lib/pki/path/verdict.ts";
import type { TestCa } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import { ChainSite } from "../../../kit/pki/chain_site.ts";

const DAY_MS = 86_400_000;
const days = (n: number) => new Date(Date.now() + n * DAY_MS);
const read = (pem: string): Certificate => readCertificates(pem)[0]!;
const ROOT = "/C=UK/CN=Root";
const CA: Missing = { what: "CA", authority: ROOT };
const CRL: Missing = { what: "CRL", authority: ROOT };

interface Place {
  readonly site: ChainSite;
  readonly dir: string;
  readonly root: TestCa;
  readonly rootPem: string;
  readonly leaf: Certificate;
  readonly leafPem: string;
  /** The path of the file with this ending. */
  file(ending: string): string;
  /** The verdict of one store, asked again and again. */
  verify(leaf?: Certificate): Promise<Verdict>;
}

function test(name: string, work: (place: Place) => Promise<void>): void {
  testWith(["openssl"], `TrustStore: ${name}`, async () => {
    await using site = await ChainSite.create();
    const dir = `${site.dir}/certificates`;
    await Deno.mkdir(dir);
    const root = await site.root();
    const host = await root.issue({ subject: "/CN=host" });
    const rootPem = root.credentials.certificatePem;
    const hash = subjectHash(read(rootPem).subject);
    await Deno.writeTextFile(`${dir}/${hash}.0`, rootPem);
    await Deno.writeTextFile(`${dir}/${hash}.r0`, await root.crl());
    const leaf = read(host.certificatePem);
    const store = new TrustStore(dir);
    await work({
      ...{ site, dir, root, rootPem, leaf, leafPem: host.certificatePem },
      file: (ending) => `${dir}/${hash}.${ending}`,
      verify: (other = leaf) => store.verify(other, [], { checkCrls: true }),
    });
  });
}

/** What the verdict leaves open: `bad` when nothing, `good` when it is good. */
async function openIn(verdict: Promise<Verdict>) {
  const told = await verdict;
  return told.ok ? "good" : told.missing ?? "bad";
}

test("a CRL that is gone, expired, early, broken or behind a dangling link is missing", async ({ file, root, verify }) => {
  assert.equal(await openIn(verify()), "good");
  const crl = file("r0");
  await Deno.remove(crl);
  assert.deepEqual(await openIn(verify()), CRL);
  for (
    const dates of [
      { thisUpdate: days(-9), nextUpdate: days(-1) },
      { thisUpdate: days(1), nextUpdate: days(9) },
    ]
  ) {
    await Deno.writeTextFile(crl, await root.crl(dates));
    assert.deepEqual(await openIn(verify()), CRL);
  }
  await Deno.remove(crl);
  await Deno.symlink("nowhere", crl);
  assert.deepEqual(await openIn(verify()), CRL);
  await Deno.remove(crl);
  await Deno.writeTextFile(crl, await root.crl());
  assert.equal(await openIn(verify()), "good");
});

test("revoked is bad, also while the CRL of an authority is missing", async ({ dir, root }) => {
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const host = await middle.issue({ subject: "/CN=below" });
  const hash = subjectHash(read(middle.credentials.certificatePem).subject);
  const store = new TrustStore(dir);
  const verify = () =>
    store.verify(
      read(host.certificatePem),
      [read(middle.credentials.certificatePem)],
      { checkCrls: true },
    );
  assert.deepEqual(await openIn(verify()), {
    what: "CRL",
    authority: "/CN=Middle",
  });
  const rootHash = subjectHash(read(root.credentials.certificatePem).subject);
  await Deno.remove(`${dir}/${rootHash}.r0`);
  await Deno.writeTextFile(
    `${dir}/${hash}.r0`,
    await middle.crl({ revoke: [host] }),
  );
  assert.equal(await openIn(verify()), "bad");
});

test("an emptied directory and a dangling link leave it open, another authority does not", async ({ dir, file, rootPem, leaf, site }) => {
  const stranger = await site.root({ subject: "/CN=Stranger" });
  const foreign = read(
    (await stranger.issue({ subject: "/CN=x" })).certificatePem,
  );
  const ask = (who: Certificate) => openIn(new TrustStore(dir).verify(who));
  assert.equal(await ask(foreign), "bad");
  await Deno.remove(file("0"));
  assert.deepEqual(await ask(leaf), CA);
  assert.deepEqual(await ask(foreign), {
    what: "CA",
    authority: "/CN=Stranger",
  });
  await Deno.symlink("nowhere", file("0"));
  assert.deepEqual(await ask(leaf), CA);
  assert.equal(await ask(foreign), "bad");
  await Deno.remove(file("0"));
  await Deno.writeTextFile(file("0"), rootPem.slice(0, 100));
  assert.deepEqual(await ask(leaf), CA);
  await Deno.writeTextFile(file("0"), rootPem);
  assert.equal(await ask(leaf), "good");
});

test("an authority that is gone for a moment is missing", async ({ dir, file, rootPem, site, leaf, verify }) => {
  const other = await site.root({ subject: "/CN=Other" });
  const pem = other.credentials.certificatePem;
  await Deno.writeTextFile(`${dir}/${subjectHash(read(pem).subject)}.0`, pem);
  assert.equal(await openIn(verify()), "good");
  await Deno.remove(file("0"));
  assert.deepEqual(await openIn(verify()), CA);
  // Who never saw it knows nothing of it.
  assert.equal(await openIn(new TrustStore(dir).verify(leaf)), "bad");
  await Deno.writeTextFile(file("0"), rootPem);
  assert.equal(await openIn(verify()), "good");
});

test("a half-written authority does not replace the one that was read", async ({ file, rootPem, site, verify }) => {
  assert.equal(await openIn(verify()), "good");
  await Deno.writeTextFile(file("0"), rootPem.slice(0, 200));
  assert.equal(await openIn(verify()), "good");
  const namesake = await site.root();
  await Deno.writeTextFile(file("0"), namesake.credentials.certificatePem);
  assert.equal(await openIn(verify()), "bad");
});

test("an authority out of date may be renewed, a host that has expired is bad", async ({ dir, site, root }) => {
  const old = await site.root({ subject: "/CN=Old", notAfter: days(-1) });
  const pem = old.credentials.certificatePem;
  await Deno.writeTextFile(`${dir}/${subjectHash(read(pem).subject)}.0`, pem);
  const store = new TrustStore(dir);
  const below = await old.issue({ subject: "/CN=below" });
  assert.deepEqual(await openIn(store.verify(read(below.certificatePem))), {
    what: "CA",
    authority: "/CN=Old",
  });
  const expired = await root.issue({ subject: "/CN=e", notAfter: days(-1) });
  assert.equal(
    await openIn(store.verify(read(expired.certificatePem))),
    "bad",
  );
});
