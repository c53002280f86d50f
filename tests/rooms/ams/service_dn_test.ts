import assert from "node:assert/strict";
import { serviceDn, unregistrable } from "../../../lib/ams/mod.ts";
import { readCertificates } from "../../../lib/pki/mod.ts";
import { PKI } from "./ams_site.ts";

async function subject(name: string) {
  const { certificatePem } = await PKI.ca.issue({ subject: name });
  return readCertificates(certificatePem)[0]!.subject;
}

// By the rules of the service (argo-api-authn, auth/) and of Go's crypto/x509/pkix.
for (
  const [dn, expected] of [
    [
      "/C=UK/O=eScience/OU=CLRC/L=RAL/CN=host.example.org",
      "CN=host.example.org,OU=CLRC,O=eScience,L=RAL,C=UK",
    ],
    [
      "/CN=host.example.org/L=RAL/OU=CLRC/O=eScience/C=UK",
      "CN=host.example.org,OU=CLRC,O=eScience,L=RAL,C=UK",
    ],
    [
      "/DC=org/DC=terena/DC=tcs/C=GR/ST=Attica/O=GRNET/CN=h",
      "CN=h,O=GRNET,ST=Attica,C=GR,DC=org+DC=terena+DC=tcs",
    ],
    ["/C=DE/O=GermanGrid/O=hosts/CN=h", "CN=h,O=GermanGrid+O=hosts,C=DE"],
    ["/C=DE/O=A+OU=B/CN=h", "CN=h,OU=B,O=A,C=DE"],
    [
      "/C=GR/postalCode=11523/street=Kifisias 7/CN=h/emailAddress=a@b.c",
      "E=a@b.c,CN=h,POSTALCODE=11523,STREET=Kifisias 7,C=GR",
    ],
    ["/O=A, B/CN=a\\+b;<c>#", "CN=a\\+b\\;\\<c\\>#,O=A\\, B"],
    ["/O=#x/CN=é", "CN=é,O=\\#x"],
    ["/CN=a/CN=b", "CN=b"],
    ["/UID=u/CN=a", "CN=a"],
    ["/CN=a/serialNumber=7", "SERIALNUMBER=7,CN=a"],
    ["/DC=a, b/emailAddress=c, d/CN=h", "E=c, d,CN=h,DC=a, b"],
  ] as const
) {
  Deno.test(`serviceDn() writes ${dn}`, async () => {
    assert.equal(serviceDn(await subject(dn)), expected);
  });
}

for (
  const [dn, reasons] of [
    [
      "/DC=org/C=UK/ST=x/L=x/postalCode=1/street=x/O=x/OU=x/OU=y/CN=h/emailAddress=a@b",
      [],
    ],
    ["/CN=h/UID=u", [/^its DN has a UID, which cannot be registered$/]],
    ["/CN=h/serialNumber=7", [/a serialNumber/]],
    ["/CN=h/title=Dr", [/an attribute 2\.5\.4\.12/]],
    ["/CN=a/CN=b", [
      /several CN, of which the service compares the last alone/,
    ]],
  ] as const
) {
  Deno.test(`unregistrable() judges ${dn}`, async () => {
    const found = unregistrable(await subject(dn));
    assert.equal(found.length, reasons.length, found.join("; "));
    reasons.forEach((reason, at) => assert.match(found[at]!, reason));
  });
}
