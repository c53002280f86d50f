import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import {
  expiresWithin,
  isSelfIssued,
  parseCertificate,
  publicKeyOf,
} from "../../../../lib/pki/certificate/certificate.ts";
import { TAG } from "../../../../lib/asn1/read.ts";
import * as der from "../../../../lib/asn1/write.ts";
import { KEY_USAGE } from "../../../../lib/pki/certificate/extensions.ts";
import {
  craftCertificate,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";
import { openssl, pemBytes, TestCa } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

const isCertificateError = (error: unknown) => isSsmError(error, "CERTIFICATE");
const refuses = (bytes: Uint8Array, words?: RegExp) =>
  assert.throws(
    () => parseCertificate(bytes),
    (error) =>
      isCertificateError(error) &&
      (words === undefined || words.test((error as Error).message)),
  );

testWith(
  ["openssl"],
  "parseCertificate() reads what openssl issued",
  async () => {
    const dir = await Deno.makeTempDir();
    try {
      const ca = await TestCa.create(dir, { subject: "/C=UK/CN=CA" });
      const notBefore = new Date("2026-01-02T03:04:05Z");
      const notAfter = new Date("2051-06-07T08:09:10Z");
      const host = await ca.issue({
        subject: "/C=UK/O=Test/CN=host",
        key: "P-384",
        notBefore,
        notAfter,
        extensions: [
          "basicConstraints=critical,CA:TRUE,pathlen:3",
          "keyUsage=digitalSignature,cRLSign",
          "extendedKeyUsage=serverAuth,1.2.3.4",
          "subjectKeyIdentifier=hash",
          "authorityKeyIdentifier=keyid,issuer:always",
          "subjectAltName=DNS:a.org,IP:::1,email:x@y,URI:http://z/,RID:1.2.3",
          "nameConstraints=permitted;DNS:a.org,excluded;IP:10.0.0.0/255.0.0.0",
          "nsCertType=server",
          "crlDistributionPoints=URI:http://crl/",
          "1.2.3.4=critical,DER:0500",
          "1.2.3.5=DER:0500",
        ],
      });
      const certificate = parseCertificate(pemBytes(host.certificatePem));
      const authority = parseCertificate(
        pemBytes(ca.credentials.certificatePem),
      );
      assert.equal(certificate.version, 3);
      assert.deepEqual(certificate.notBefore, notBefore);
      assert.deepEqual(certificate.notAfter, notAfter);
      assert.equal(certificate.keyAlgorithm, "ec");
      assert.equal(certificate.curve, "P-384");
      assert.deepEqual(certificate.issuer.raw, authority.subject.raw);
      assert.equal(isSelfIssued(certificate), false);
      assert.equal(isSelfIssued(authority), true);
      assert.equal(publicKeyOf(certificate).asymmetricKeyType, "ec");
      const printed = new TextDecoder().decode(
        await openssl([
          "x509",
          "-serial",
          "-noout",
          "-in",
          host.certificatePath,
        ]),
      );
      assert.equal(
        printed.trim(),
        `serial=${certificate.serial.toHex().replace(/^00/, "").toUpperCase()}`,
      );
      const { extensions } = certificate;
      assert.deepEqual(extensions.basicConstraints, {
        ca: true,
        pathLength: 3,
      });
      assert.equal(
        extensions.keyUsage,
        KEY_USAGE.digitalSignature | KEY_USAGE.cRLSign,
      );
      assert.deepEqual(extensions.extKeyUsage, [
        "1.3.6.1.5.5.7.3.1",
        "1.2.3.4",
      ]);
      assert.deepEqual(
        extensions.authorityKeyId?.keyId,
        authority.extensions.subjectKeyId,
      );
      assert.deepEqual(extensions.authorityKeyId?.serial, authority.serial);
      assert.deepEqual(
        extensions.subjectAltName?.map((name) =>
          "value" in name ? `${name.kind}:${name.value}` : name.kind
        ),
        ["dns:a.org", "ip", "email:x@y", "uri:http://z/", "other"],
      );
      assert.equal(extensions.nameConstraints?.permitted.length, 1);
      assert.equal(extensions.nameConstraints?.excluded.length, 1);
      assert.equal(extensions.netscapeCertType, 0x40);
      assert.equal(extensions.crlDistributionPoints?.length, 1);
      assert.deepEqual(extensions.unknownCritical, ["1.2.3.4"]);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

Deno.test("parseCertificate() refuses a serial number without octets", () => {
  assert.throws(
    () => parseCertificate(craftCertificate({ serial: new Uint8Array() })),
    isCertificateError,
  );
});

Deno.test("parseCertificate() reads versions 1 to 3", () => {
  assert.equal(
    parseCertificate(craftCertificate({ version: null })).version,
    1,
  );
  assert.equal(parseCertificate(craftCertificate({ version: 0 })).version, 1);
  assert.equal(parseCertificate(craftCertificate({ version: 1 })).version, 2);
  assert.equal(parseCertificate(craftCertificate()).version, 3);
  refuses(craftCertificate({ version: 3 }), /version 4/);
});

Deno.test("parseCertificate() refuses extensions before version 3", () => {
  const extensions = [craftExtension("1.2.3", der.nullValue())];
  refuses(craftCertificate({ version: 1, extensions }), /has extensions/);
});

Deno.test("parseCertificate() refuses an extension given twice", () => {
  const extension = craftExtension("1.2.3", der.nullValue());
  refuses(craftCertificate({ extensions: [extension, extension] }), /twice/);
});

Deno.test("parseCertificate() refuses two signature algorithms", () => {
  refuses(
    craftCertificate({ innerAlgorithm: der.sequence(der.oid("1.2.3")) }),
    /two signature algorithms/,
  );
});

Deno.test("parseCertificate() refuses unknown, repeated and disordered members", () => {
  const identifier = (n: number) =>
    der.contextPrimitive(n, Uint8Array.of(0, 1));
  const extensions = der.context(
    3,
    der.sequence(craftExtension("1.2.3", der.nullValue())),
  );
  parseCertificate(
    craftCertificate({ tail: [identifier(1), identifier(2), extensions] }),
  );
  for (
    const tail of [
      [identifier(2), identifier(1)],
      [identifier(1), identifier(1)],
      [extensions, extensions],
      [extensions, identifier(1)],
      [der.nullValue()],
      [identifier(4)],
    ]
  ) refuses(craftCertificate({ tail }), /unknown members/);
});

Deno.test("parseCertificate() refuses malformed extensions of the kinds it reads", () => {
  const malformed: [string, Uint8Array][] = [
    ["2.5.29.19", der.sequence(der.integer(1), der.integer(2))],
    ["2.5.29.19", der.sequence(der.boolean(true), der.nullValue())],
    ["2.5.29.15", der.nullValue()],
    ["2.5.29.15", der.element(TAG.bitString)],
    ["2.5.29.37", der.nullValue()],
    ["2.5.29.17", der.sequence(der.context(4))],
    ["2.5.29.30", der.sequence(der.context(0, der.sequence()))],
    ["2.5.29.14", der.nullValue()],
    ["2.5.29.35", der.octetString(new Uint8Array(2))],
    ["2.5.29.31", der.octetString(new Uint8Array(2))],
    ["2.5.29.19", Uint8Array.of(0x30)],
  ];
  for (const [oid, value] of malformed) {
    refuses(craftCertificate({ extensions: [craftExtension(oid, value)] }));
  }
});

Deno.test("parseCertificate() is strict about DER", () => {
  const bytes = craftCertificate();
  refuses(Uint8Array.of(...bytes, 0), /bytes follow/);
  refuses(bytes.subarray(0, -1));
  const indefinite = Uint8Array.of(0x30, 0x80, ...bytes.subarray(4), 0, 0);
  refuses(indefinite, /not DER/);
});

Deno.test("parseCertificate() fails in one way only, whatever octet is changed", () => {
  const bytes = craftCertificate({
    extensions: [
      craftExtension("2.5.29.19", der.sequence(der.boolean(true)), true),
      craftExtension("2.5.29.15", der.bitString(Uint8Array.of(6), 1)),
      craftExtension(
        "2.5.29.17",
        der.sequence(der.contextPrimitive(2, Uint8Array.of(0x61))),
      ),
    ],
  });
  let refused = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0x00, 0x80, 0xff, bytes[at]! ^ 1, bytes[at]! ^ 0x20]) {
      const changed = bytes.slice();
      changed[at] = value;
      try {
        parseCertificate(changed);
      } catch (error) {
        assert.ok(isCertificateError(error), `octet ${at}: ${error}`);
        refused++;
      }
    }
  }
  assert.ok(refused > bytes.length);
});

Deno.test("publicKeyOf() refuses keys that the runtime cannot use", () => {
  const spki = der.sequence(
    der.sequence(der.oid("1.2.840.10040.4.1")),
    der.bitString(der.integer(5)),
  );
  const certificate = { ...parseCertificate(craftCertificate()), spki };
  assert.throws(() => publicKeyOf(certificate), isCertificateError);
});

Deno.test("expiresWithin() counts from the given moment", () => {
  const notAfter = new Date("2026-01-02T00:00:00Z");
  const certificate = parseCertificate(
    craftCertificate({ notAfter: der.time(notAfter) }),
  );
  const dayBefore = new Date("2026-01-01T00:00:00Z");
  assert.equal(expiresWithin(certificate, 86_400, dayBefore), false);
  assert.equal(expiresWithin(certificate, 86_401, dayBefore), true);
  assert.equal(expiresWithin(certificate, 0, notAfter), false);
  assert.equal(
    expiresWithin(certificate, 0, new Date(notAfter.getTime() + 1000)),
    true,
  );
});
