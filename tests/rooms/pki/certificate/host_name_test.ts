import assert from "node:assert/strict";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import * as der from "../../../../lib/asn1/write.ts";
import { isForHost } from "../../../../lib/pki/certificate/host_name.ts";
import {
  craftCertificate,
  craftCommonName,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";

interface Names {
  cn?: string[];
  dns?: string[];
  ip?: string[];
}

function certificate({ cn = [], dns = [], ip = [] }: Names) {
  const names = [
    ...dns.map((name) =>
      der.contextPrimitive(2, new TextEncoder().encode(name))
    ),
    ...ip.map((hex) => der.contextPrimitive(7, Uint8Array.fromHex(hex))),
  ];
  return parseCertificate(craftCertificate({
    subject: craftCommonName(...cn),
    ...(names.length > 0
      ? { extensions: [craftExtension("2.5.29.17", der.sequence(...names))] }
      : {}),
  }));
}

const CASES: [names: Names, host: string, expected: boolean][] = [
  [{ dns: ["a.example.org"] }, "a.example.org", true],
  [{ dns: ["a.example.org"] }, "A.Example.ORG", true],
  [{ dns: ["A.EXAMPLE.org"] }, "a.example.org", true],
  [{ dns: ["a.example.org"] }, "a.example.org.", true],
  [{ dns: ["a.example.org."] }, "a.example.org", true],
  [{ dns: ["x.org", "a.example.org"] }, "a.example.org", true],
  [{ dns: ["a.example.org"] }, "b.example.org", false],
  [{ dns: ["a.example.org"] }, "a.example.org.evil.com", false],
  [{ dns: ["example.org"] }, "a.example.org", false],
  [{ dns: ["a.example.org\0.evil.com"] }, "a.example.org", false],
  [{ dns: [""] }, "", false],
  // wildcards
  [{ dns: ["*.example.org"] }, "a.example.org", true],
  [{ dns: ["*.example.org"] }, "a.b.example.org", false],
  [{ dns: ["*.example.org"] }, "example.org", false],
  [{ dns: ["*.example.org"] }, ".example.org", false],
  [{ dns: ["*.org"] }, "example.org", false],
  [{ dns: ["*"] }, "localhost", false],
  [{ dns: ["a*.example.org"] }, "ab.example.org", false],
  [{ dns: ["*a.example.org"] }, "ba.example.org", false],
  [{ dns: ["a.*.example.org"] }, "a.b.example.org", false],
  [{ dns: ["*.*.example.org"] }, "a.b.example.org", false],
  [{ dns: ["*.example.org"] }, "*.example.org", true],
  // common names
  [{ cn: ["a.example.org"] }, "a.example.org", true],
  [{ cn: ["*.example.org"] }, "a.example.org", true],
  [{ cn: ["x", "a.example.org"] }, "a.example.org", true],
  [{ cn: ["host/a.example.org"] }, "a.example.org", false],
  [{ cn: ["a.example.org."] }, "a.example.org", true],
  [{ cn: ["bro\u212Aer.example.org"] }, "broker.example.org", false],
  [{ cn: ["broker.example.org"] }, "bro\u212Aer.example.org", false],
  [{ cn: ["a.example.org"], dns: ["b.example.org"] }, "a.example.org", false],
  [{ cn: ["a.example.org"], ip: ["7f000001"] }, "a.example.org", true],
  // addresses
  [{ ip: ["7f000001"] }, "127.0.0.1", true],
  [{ ip: ["7f000002"] }, "127.0.0.1", false],
  [{ dns: ["127.0.0.1"] }, "127.0.0.1", false],
  [{ cn: ["127.0.0.1"] }, "127.0.0.1", false],
  [{ ip: ["7f000001"], cn: ["a"] }, "127.0.0.1", true],
  [{ ip: ["00000000000000000000000000000001"] }, "::1", true],
  [{ ip: ["00000000000000000000000000000001"] }, "[::1]", true],
  [{ ip: ["20010db8000000000000000000000001"] }, "2001:DB8::1", true],
  [
    { ip: ["20010db8000000000000000000000001"] },
    "2001:db8:0:0:0:0:0:1",
    true,
  ],
  [{ ip: ["fe800000000000000000000000000001"] }, "fe80::1%eth0", true],
  [{ ip: ["00000000000000000000ffff7f000001"] }, "::ffff:127.0.0.1", true],
  [{ ip: ["20010db8000000000000000000000000"] }, "2001:db8::", true],
  [{ ip: ["7f000001"] }, "::1", false],
  [{}, "a.example.org", false],
];

for (const [names, host, expected] of CASES) {
  Deno.test(
    `isForHost() ${expected ? "accepts" : "refuses"} ${
      JSON.stringify(names)
    } for ${host || "nothing"}`,
    () => assert.equal(isForHost(certificate(names), host), expected),
  );
}

Deno.test("isForHost() leaves common names aside when told to", () => {
  const host = "a.example.org";
  const options = { commonName: false };
  assert.equal(isForHost(certificate({ cn: [host] }), host, options), false);
  assert.equal(isForHost(certificate({ dns: [host] }), host, options), true);
});
