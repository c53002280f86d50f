/**
 * Authorities and CRLs in the forms that sites have them in.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openCaFile, openTrustStore } from "../../../lib/credentials/mod.ts";
import { readCertificates, subjectHash } from "../../../lib/pki/mod.ts";
import { openssl } from "../../peers/openssl/openssl_command.ts";
import { text } from "../../kit/text.ts";
import type { TestPki } from "../../kit/pki/test_pki.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

const FORMS: Readonly<Record<string, (pem: string) => string>> = {
  "a byte order mark": (pem) => `\ufeff${pem}`,
  "CRLF": (pem) => pem.replaceAll("\n", "\r\n"),
  "text around them": (pem) => `# CA\n\n${pem}\n# renewed \0`,
  "no line end": (pem) => pem.trimEnd(),
  "an old label": (pem) =>
    pem.replaceAll(" CERTIFICATE-", " X509 CERTIFICATE-"),
};

/** The authority and its CRL, with `pki.revoked` on it. */
async function authority(
  { ca }: TestPki,
): Promise<{ pem: string; crl: string }> {
  return { pem: ca.credentials.certificatePem, crl: await ca.crl() };
}

/** A CA directory with the authority and its CRL in these words. */
async function directory(
  site: Site,
  { pem, crl }: { pem: string; crl: string },
): Promise<string> {
  const dir = `${site.dir}/certificates`;
  const { certificatePem } = site.pki.ca.credentials;
  const hash = subjectHash(readCertificates(certificatePem)[0]!.subject);
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${dir}/${hash}.0`, pem);
  await Deno.writeTextFile(`${dir}/${hash}.r0`, crl);
  return dir;
}

for (const [form, make] of Object.entries(FORMS)) {
  test(`A CA directory and a CA file with ${form} are read`, async (site) => {
    const { pem, crl } = await authority(site.pki);
    const dir = await directory(site, { pem: make(pem), crl: make(crl) });
    const file = await site.write("ca.pem", make(pem) + make(crl));
    for (const trust of [openTrustStore(dir, assert.fail), openCaFile(file)]) {
      const judge = async (pem: string) => {
        const [leaf] = readCertificates(pem);
        return await trust.verify(leaf!, [], { checkCrls: true });
      };
      const verdict = await judge(site.pki.ec.certificatePem);
      assert.ok(verdict.ok, JSON.stringify(verdict));
      assert.ok(!(await judge(site.pki.revoked.certificatePem)).ok);
    }
  });
}

test("A CA that OpenSSL trusts for some uses only is not trusted, and its file is named", async (site) => {
  const { pem, crl } = await authority(site.pki);
  const limited = text(
    await openssl(
      ["x509", "-trustout", "-addreject", "clientAuth"],
      { stdin: pem },
    ),
  );
  const dir = await directory(site, { pem: limited, crl });
  const words: string[] = [];
  const trust = openTrustStore(dir, (said) => words.push(said));
  const [leaf] = readCertificates(site.pki.ec.certificatePem);
  assert.ok(!(await trust.verify(leaf!)).ok);
  assert.deepEqual(
    words.map((said) => said.replace(/"\S*\//, '"DIR/')),
    [
      `Cannot use "DIR/${
        subjectHash(readCertificates(pem)[0]!.subject)
      }.0": Cannot read certificate: a TRUSTED CERTIFICATE block trusts it for some uses only`,
    ],
  );
  assert.throws(
    () => openCaFile(`${dir}/../ca.pem`),
    /^SsmError: Cannot use "\S+ca.pem": /,
  );
});
