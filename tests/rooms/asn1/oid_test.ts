import assert from "node:assert/strict";
import { oidOfShortName, shortName } from "../../../lib/asn1/oid.ts";
import { testWith } from "../../peers/parts.ts";

/** Arcs below which the attributes of DNs lie, and how far `openssl` numbers them. */
const BRANCHES: [string, number][] = [
  ["2.5.4", 110],
  ["0.9.2342.19200300.100.1", 60],
  ["1.2.840.113549.1.9", 8],
  ["1.3.6.1.4.1.311.60.2.1", 4],
  ["1.3.6.1.5.5.7.9", 6],
  ["1.2.643.100", 6],
];

testWith(
  ["openssl"],
  "shortName() knows the names that openssl prints",
  async () => {
    const oids = BRANCHES.flatMap(([root, count]) =>
      Array.from({ length: count }, (_, n) => `${root}.${n + 1}`)
    );
    // A certificate request is the cheapest thing that makes openssl print them all.
    const { craftCertificate, craftName } = await import(
      "../../kit/pki/craft_certificate.ts"
    );
    const { openssl } = await import("../../peers/openssl/openssl.ts");
    const subject = craftName(
      ...oids.map((oid) => [[oid, 0x0c, "x"] as const]),
    );
    const printed = await openssl([
      ...["x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "compat"],
    ], { stdin: craftCertificate({ subject }) });
    const names = new TextDecoder().decode(printed).trim()
      .replace(/^subject=\//, "").split("/");
    assert.equal(names.length, oids.length);
    /** Known to OpenSSL, but attributes of CMS or PKCS#10, not of names. */
    const notOfNames = /^1\.2\.840\.113549\.1\.9\.[3456]$/;
    for (const [index, oid] of oids.entries()) {
      if (notOfNames.test(oid)) continue;
      assert.equal(`${shortName(oid) ?? oid}=x`, names[index]);
    }
  },
);

Deno.test("oidOfShortName() does not mind the case", () => {
  assert.equal(oidOfShortName("cn"), "2.5.4.3");
  assert.equal(oidOfShortName("emailaddress"), "1.2.840.113549.1.9.1");
  assert.equal(oidOfShortName("nonsense"), undefined);
});
