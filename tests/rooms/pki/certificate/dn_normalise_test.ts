import assert from "node:assert/strict";
import { normaliseDn } from "../../../../lib/pki/certificate/dn_normalise.ts";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import { formatDn } from "../../../../lib/pki/certificate/dn.ts";
import { openssl, TestCa } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

const CASES: [string, string][] = [
  [
    "C = UK, O = eScience, CN = host.example.org",
    "/C=UK/O=eScience/CN=host.example.org",
  ],
  ["C=UK, O=eScience, CN=host", "/C=UK/O=eScience/CN=host"],
  ["subject=C = UK, CN = x", "/C=UK/CN=x"],
  ["Subject: C = UK, CN = x", "/C=UK/CN=x"],
  ["CN=host,O=eScience,C=UK", "/C=UK/O=eScience/CN=host"],
  ["CN=host, O=eScience, C=UK", "/C=UK/O=eScience/CN=host"],
  ["CN=x,DC=terena,DC=org", "/DC=org/DC=terena/CN=x"],
  ["DC=org,DC=terena,CN=x", "/DC=org/DC=terena/CN=x"],
  ["CN=x,O=y", "/O=y/CN=x"],
  ["O = y, CN = x", "/O=y/CN=x"],
  ["O=A\\, B,C=UK", "/C=UK/O=A, B"],
  ['O = "A, B", C = UK', "/C=UK/O=A, B"],
  ["O=M\\C3\\A1laga,C=ES", "/C=ES/O=Málaga"],
  ["O=a\\ ,C=ES", "/C=ES/O=a "],
  ["CN=h+UID=u,C=UK", "/C=UK/CN=h/UID=u"],
  ["cn=x,c=UK", "/C=UK/CN=x"],
  ["E=a@b.org,C=UK", "/C=UK/emailAddress=a@b.org"],
  ["2.5.4.3=x,C=UK", "/C=UK/CN=x"],
  ["1.2.3.4=x,C=UK", "/C=UK/UNDEF=x"],
  ["C = UK, CN = host/h.example.org", "/C=UK/CN=host/h.example.org"],
  [" /C=UK/CN=x ", "/C=UK/CN=x"],
];

for (const [text, slash] of CASES) {
  Deno.test(`normaliseDn() reads ${text}`, () => {
    assert.equal(normaliseDn(text), slash);
  });
}

Deno.test("normaliseDn() gives up on what is no DN or could be two", () => {
  for (
    const text of [
      "",
      "hello",
      "# comment",
      "C",
      "C=UK,",
      "C=UK,,CN=x",
      "C=UK CN=x=,",
      'CN="open',
      'CN="a"b,C=UK',
      "CN=x\\",
      "CN=\\FF\\FE,C=UK",
      "O=a/CN=b,C=UK",
      "O=a\\+CN=b,C=UK",
      "=x",
    ]
  ) assert.equal(normaliseDn(text), undefined, text);
});

testWith(
  ["openssl"],
  "normaliseDn() turns every name option of openssl into the slash form",
  async () => {
    const dir = await Deno.makeTempDir();
    try {
      const ca = await TestCa.create(dir, {
        subject:
          '/C=UK/O=A, B; "C" <D>/OU=# x/CN=host\\/h.example.org/emailAddress=a@b.org',
      });
      const { certificatePath, certificatePem } = ca.credentials;
      const [certificate] = readCertificates(certificatePem);
      for (const form of ["oneline", "RFC2253", "oneline,-space_eq"]) {
        const printed = await openssl([
          ...["x509", "-noout", "-subject", "-nameopt", form],
          ...["-in", certificatePath],
        ]);
        const line = new TextDecoder().decode(printed);
        assert.equal(normaliseDn(line), formatDn(certificate!.subject), line);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
