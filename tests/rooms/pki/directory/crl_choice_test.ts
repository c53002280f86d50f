/**
 * Which CRLs count, where the directory holds several or damaged ones.
 */
import assert from "node:assert/strict";
import { encodePem } from "../../../../lib/asn1/pem.ts";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import { subjectHash } from "../../../../lib/pki/directory/subject_hash.ts";
import { TrustStore } from "../../../../lib/pki/directory/trust_store.ts";
import { pemBytes } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import {
  assertVerdict,
  ChainSite,
  decides,
  type MakeCrls,
  withCrls,
} from "../../../kit/pki/chain_site.ts";

const DAY_MS = 86_400_000;
const days = (n: number) => new Date(Date.now() + n * DAY_MS);

function decidesOnCrls(
  name: string,
  expected: true | RegExp,
  crls: MakeCrls,
): void {
  decides(name, expected, withCrls(crls));
}

const DELTA = ["deltaCRL=critical,DER:020101"];

// OpenSSL took a delta for a complete list up to 3.0.20.
decidesOnCrls("delta CRL alone", /no CRL/, async (root) => [
  await root.crl({ extensions: DELTA }),
]);

decidesOnCrls("delta CRL beside a complete one", true, async (root) => [
  await root.crl({ thisUpdate: days(-1) }),
  await root.crl({ extensions: DELTA }),
]);

// OpenSSL looks at deltas only when told to.
decidesOnCrls(
  "revoked by a delta CRL only",
  /is revoked/,
  async (root, host) => [
    await root.crl({ thisUpdate: days(-1) }),
    await root.crl({ extensions: DELTA, revoke: [host] }),
  ],
);

decidesOnCrls(
  "revoked by a delta CRL while the complete one has expired",
  /is revoked/,
  async (root, host) => [
    await root.crl({ thisUpdate: days(-9), nextUpdate: days(-1) }),
    await root.crl({ extensions: DELTA, revoke: [host] }),
  ],
);

decidesOnCrls("revoked by an expired delta CRL", true, async (root, host) => [
  await root.crl(),
  await root.crl({
    extensions: DELTA,
    revoke: [host],
    thisUpdate: days(-9),
    nextUpdate: days(-1),
  }),
]);

decidesOnCrls(
  "revoked by a CRL for some reasons only",
  /is revoked/,
  async (root, host) => [
    await root.crl(),
    await root.crl({
      revoke: [host],
      extensions: [
        "issuingDistributionPoint=critical,@point",
        ...["[point]", "onlysomereasons=keyCompromise"],
      ],
    }),
  ],
);

/** The same CRL with a signature that is none. */
function tampered(pem: string): string {
  const bytes = pemBytes(pem);
  bytes[bytes.length - 1]! ^= 1;
  return encodePem("X509 CRL", bytes);
}

decidesOnCrls(
  "the newest CRL has a bad signature, an older one is good",
  /the CRL of .*Root has a signature that is not of its issuer/,
  async (root) => [
    tampered(await root.crl()),
    await root.crl({ thisUpdate: days(-1) }),
  ],
);

decidesOnCrls(
  "the newest CRL has an unknown critical extension, an older one is good",
  /critical extension/,
  async (root) => [
    await root.crl({
      extensions: ["authorityKeyIdentifier=keyid", "1.2.3.4=critical,DER:0500"],
    }),
    await root.crl({ thisUpdate: days(-1) }),
  ],
);

// `openssl verify` tries the newer one only, which is of another key.
decides("CRLs of one name and two keys, unmarked", true, async (site) => {
  const [old, young] = [await site.root(), await site.root()];
  const host = await old.issue({ subject: "/CN=host" });
  return {
    leaf: host.certificatePem,
    directory: [
      old.credentials.certificatePem,
      young.credentials.certificatePem,
      await old.crl({ thisUpdate: days(-1) }),
      await young.crl(),
    ],
    checkCrls: true,
  };
});

/** A root with a host, a store, and the names of its files. */
async function makeStore(site: ChainSite) {
  const dir = `${site.dir}/certificates`;
  await Deno.mkdir(dir);
  const root = await site.root();
  const host = await root.issue({ subject: "/CN=host" });
  const [ca] = readCertificates(root.credentials.certificatePem);
  const [leaf] = readCertificates(host.certificatePem);
  const stem = `${dir}/${subjectHash(ca!.subject)}`;
  await Deno.writeTextFile(`${stem}.0`, root.credentials.certificatePem);
  const open = () => {
    const store = new TrustStore(dir);
    return () => store.verify(leaf!, [], { checkCrls: true });
  };
  return { root, host, stem, open };
}

const MISSING_CRL = { what: "CRL", authority: "/C=UK/CN=Root" } as const;

for (const damaged of [0, 1]) {
  testWith(
    ["openssl"],
    `TrustStore puts no other CRL in the place of a damaged .r${damaged}`,
    async () => {
      await using site = await ChainSite.create();
      const { root, host, stem, open } = await makeStore(site);
      const good = await root.crl({ thisUpdate: days(-1) });
      const crl = await root.crl({ revoke: [host] });
      for (const text of [crl.slice(0, crl.length / 2), "", "x"]) {
        await Deno.writeTextFile(`${stem}.r${1 - damaged}`, good);
        await Deno.writeTextFile(`${stem}.r${damaged}`, text);
        const verdict = await open()();
        assertVerdict(verdict, /a CRL of .*Root cannot be used: Cannot use/);
        assert.deepEqual(!verdict.ok && verdict.missing, MISSING_CRL);
      }
    },
  );
}

testWith(
  ["openssl"],
  "TrustStore keeps the CRL it has while its file is half written",
  async () => {
    await using site = await ChainSite.create();
    const { root, host, stem, open } = await makeStore(site);
    const verify = open();
    const first = await root.crl();
    await Deno.writeTextFile(`${stem}.r0`, first);
    assertVerdict(await verify(), true);
    const second = await root.crl({ revoke: [host] });
    await Deno.writeTextFile(`${stem}.r0`, second.slice(0, 200));
    assertVerdict(await verify(), true);
    // Who starts now has none.
    assertVerdict(await open()(), /cannot be used/);
    await Deno.writeTextFile(`${stem}.r0`, second);
    assertVerdict(await verify(), /is revoked/);
    await Deno.writeTextFile(`${stem}.r0`, "");
    assertVerdict(await verify(), /is revoked/);
    await Deno.remove(`${stem}.r0`);
    assertVerdict(await verify(), /no CRL/);
  },
);
