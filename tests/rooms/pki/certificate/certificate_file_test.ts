import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { encodePem } from "../../../../lib/asn1/pem.ts";
import * as der from "../../../../lib/asn1/write.ts";
import {
  readAuthorities,
  readCertificates,
  writeCertificates,
} from "../../../../lib/pki/certificate/certificate_file.ts";
import {
  craftCertificate,
  craftCommonName,
} from "../../../kit/pki/craft_certificate.ts";
import { openssl } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

const isCertificateError = (error: unknown) => isSsmError(error, "CERTIFICATE");

Deno.test("readCertificates() takes PEM with text and several blocks, or DER", () => {
  const one = craftCertificate();
  const two = craftCertificate({ subject: craftCommonName("two") });
  const pem = `# comment: é\r\n${encodePem("CERTIFICATE", one)}${
    encodePem("PRIVATE KEY", new Uint8Array(3))
  }text\n${encodePem("X509 CERTIFICATE", two)}`;
  for (const input of [pem, new TextEncoder().encode(pem)]) {
    assert.deepEqual(readCertificates(input).map(({ raw }) => raw), [one, two]);
  }
  assert.deepEqual(readCertificates(one).map(({ raw }) => raw), [one]);
});

Deno.test("readCertificates() refuses files without a certificate", () => {
  for (const input of ["", "hello", new Uint8Array(), new Uint8Array(9)]) {
    assert.throws(() => readCertificates(input), isCertificateError);
  }
  assert.throws(
    () => readCertificates(encodePem("PRIVATE KEY", new Uint8Array(3))),
    isCertificateError,
  );
});

Deno.test("writeCertificates() writes certificates and nothing else", () => {
  const one = craftCertificate();
  const two = craftCertificate({ subject: craftCommonName("two") });
  const file = `# secret\n${encodePem("X509 CERTIFICATE", one)}${
    encodePem("PRIVATE KEY", new Uint8Array(3))
  }${encodePem("TRUSTED CERTIFICATE", two)}secret\n`;
  assert.equal(
    writeCertificates(readCertificates(file)),
    encodePem("CERTIFICATE", one) + encodePem("CERTIFICATE", two),
  );
});

/** Options of `openssl x509` for what stands behind a trusted certificate, and whether that limits it. */
const TRUSTED: [options: string[], limited: boolean][] = [
  [[], false],
  [["-setalias", "the host"], false],
  [["-addtrust", "serverAuth"], true],
  [["-addreject", "clientAuth"], true],
  [["-addtrust", "serverAuth", "-addreject", "clientAuth"], true],
];

for (const [options, limited] of TRUSTED) {
  testWith(
    ["openssl"],
    `readAuthorities() ${
      limited ? "refuses" : "takes"
    } what is written by openssl x509 -trustout ${options.join(" ")}`,
    async () => {
      const certificate = craftCertificate();
      const file = await openssl(
        ["x509", "-trustout", ...options],
        { stdin: encodePem("CERTIFICATE", certificate) },
      );
      assert.match(new TextDecoder().decode(file), /BEGIN TRUSTED CERTIFICATE/);
      const raw = ({ raw }: { raw: Uint8Array }) => raw;
      assert.deepEqual(readCertificates(file).map(raw), [certificate]);
      if (limited) {
        assert.throws(() => readAuthorities(file), {
          code: "CERTIFICATE",
          message: /trusts it for some uses only$/,
        });
      } else assert.deepEqual(readAuthorities(file).map(raw), [certificate]);
    },
  );
}

Deno.test("readCertificates() refuses a trusted certificate that is damaged", () => {
  const certificate = craftCertificate();
  const join = (...parts: Uint8Array[]) =>
    encodePem(
      "TRUSTED CERTIFICATE",
      new Uint8Array(parts.flatMap((part) => [...part])),
    );
  for (
    const file of [
      join(),
      join(certificate, Uint8Array.of(0)),
      join(certificate, der.sequence(), der.sequence()),
      join(certificate, der.nullValue()),
      join(certificate.subarray(1)),
    ]
  ) assert.throws(() => readAuthorities(file), isCertificateError);
  assert.equal(readAuthorities(join(certificate, der.sequence())).length, 1);
});
