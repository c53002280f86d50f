/**
 * Certificates and keys in the forms that sites have them in: what is read must
 * also do for TLS.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  loadIdentity,
  loadRecipient,
} from "../../../lib/credentials/identity.ts";
import { dial, listen } from "../../../lib/net/mod.ts";
import { formatDn } from "../../../lib/pki/mod.ts";
import { openssl, pemBytes } from "../../peers/openssl/openssl_command.ts";
import { text } from "../../kit/text.ts";
import type { TestPki } from "../../kit/pki/test_pki.ts";
import { siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

type File = string | Uint8Array;

/** What is in the certificate's file and in the key's; one for both if there is no other. */
type Form = (pki: TestPki) => Promise<[File, File?]> | [File, File?];

/** Forms of the certificate and key of `pki.ec`. */
const FORMS: Readonly<Record<string, Form>> = {
  "a blank line behind the key": (
    { ec },
  ) => [ec.certificatePem, `${ec.keyPem}\n`],
  "a tab and NUL behind the key": (
    { ec },
  ) => [ec.certificatePem, `${ec.keyPem}\t\n\0`],
  "a comment behind both": ({ ec }) => [
    `${ec.certificatePem}# certificate`,
    `${ec.keyPem}# key`,
  ],
  "byte order marks": ({ ec }) => [
    `\ufeff${ec.certificatePem}`,
    `\ufeff${ec.keyPem}`,
  ],
  "CRLF": ({ ec }) => [
    ec.certificatePem.replaceAll("\n", "\r\n"),
    ec.keyPem.replaceAll("\n", "\r\n"),
  ],
  "both in one file": ({ ec }) => [ec.certificatePem + ec.keyPem],
  "both in one file, the key first": ({ ec }) => [
    ec.keyPem + ec.certificatePem,
  ],
  "both in one file, joined without a line end": ({ ec }) => [
    ec.certificatePem.trimEnd() + ec.keyPem,
  ],
  "the certificate behind the key": ({ ec }) => [
    ec.certificatePem,
    ec.keyPem + ec.certificatePem,
  ],
  "a request before the certificate": async ({ ec }) => [
    text(await openssl(["req", "-new", "-subj", "/CN=x", "-key", ec.keyPath])) +
    ec.certificatePem,
    ec.keyPem,
  ],
  "an old label": ({ ec }) => [
    ec.certificatePem.replaceAll(" CERTIFICATE", " X509 CERTIFICATE"),
    ec.keyPem,
  ],
  "OpenSSL's trusted form": async ({ ec }) => [
    await openssl([
      ...["x509", "-trustout", "-setalias", "host", "-addtrust", "serverAuth"],
      ...["-in", ec.certificatePath],
    ]),
    ec.keyPem,
  ],
  "DER": ({ ec }) => [pemBytes(ec.certificatePem), ec.keyPem],
  "what openssl pkcs12 writes": async ({ ec, ca }) => {
    const pfx = await openssl([
      ...["pkcs12", "-export", "-passout", "pass:"],
      ...["-in", ec.certificatePath, "-inkey", ec.keyPath],
      ...["-certfile", ca.credentials.certificatePath, "-name", "the host"],
    ]);
    const pem = await openssl(
      ["pkcs12", "-nodes", "-passin", "pass:"],
      { stdin: pfx },
    );
    assert.match(text(pem), /^Bag Attributes/);
    return [pem];
  },
  "the authority's certificate first": ({ ec, ca }) => [
    ca.credentials.certificatePem + ec.certificatePem,
    ec.keyPem,
  ],
  "the certificate of another key first": ({ ec, host }) => [
    host.certificatePem + ec.certificatePem,
    ec.keyPem,
  ],
  "the key of another certificate first": ({ ec, host }) => [
    ec.certificatePem,
    host.keyPem + ec.keyPem,
  ],
  "an expired certificate of the same key first": async ({ ec, ca }) => {
    const expired = await ca.issue({
      subject: "/C=UK/O=Test/CN=old.example.org",
      key: { pem: ec.keyPem },
      notBefore: new Date(Date.now() - 7_200_000),
      notAfter: new Date(Date.now() - 3_600_000),
    });
    return [expired.certificatePem + ec.certificatePem, ec.keyPem];
  },
};

for (const [form, make] of Object.entries(FORMS)) {
  test(`loadIdentity() reads ${form}, and TLS takes it`, async ({ dir, pki }) => {
    const [certificateFile, keyFile] = await make(pki);
    const certificate = `${dir}/host.pem`;
    const key = keyFile === undefined ? certificate : `${dir}/host.key`;
    for (
      const [path, content] of [[key, keyFile], [
        certificate,
        certificateFile,
      ]] as const
    ) {
      if (content === undefined) continue;
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      await Deno.writeFile(path, bytes, { mode: 0o600 });
    }
    const identity = loadIdentity({ certificate, key }, {
      now: new Date(),
      warn: assert.fail,
    });
    const own = pemBytes(pki.ec.certificatePem);
    assert.deepEqual(identity.certificate.raw, own);
    assert.doesNotMatch(identity.keyPair.certificate, /KEY|REQUEST|[#\r]/);

    const shown: Uint8Array[] = [];
    const show = ({ leaf }: { leaf: Uint8Array }) => void shown.push(leaf);
    await using listener = await listen({
      tls: {
        keyPair: identity.keyPair,
        clientCertificate: "required",
        verify: show,
      },
    });
    const [socket, client] = await Promise.all([
      listener[Symbol.asyncIterator]().next(),
      dial({
        host: "127.0.0.1",
        port: listener.port,
        tls: { keyPair: identity.keyPair, verify: show },
      }),
    ]);
    client.close();
    socket.value?.close();
    assert.deepEqual(shown, [own, own]);
  });
}

test("loadIdentity() takes from the file what leads on from the certificate, in its order", async ({ dir, pki }) => {
  const middle = await pki.ca.intermediate({
    subject: "/C=UK/O=Test/CN=Intermediate",
  });
  const host = await middle.issue({
    subject: "/C=UK/O=Test/CN=deep.example.org",
  });
  const certificate = `${dir}/chain.pem`;
  await Deno.writeTextFile(
    certificate,
    [pki.ca.credentials, pki.rogueCa.credentials, middle.credentials, host]
      .map(({ certificatePem }) => certificatePem).join(""),
  );
  const { chain, keyPair } = loadIdentity(
    { certificate, key: host.keyPath },
    { now: new Date(), warn: assert.fail },
  );
  assert.deepEqual(
    chain.map(({ subject }) => formatDn(subject)),
    ["deep.example.org", "Intermediate", "Test CA"]
      .map((name) => `/C=UK/O=Test/CN=${name}`),
  );
  assert.equal(keyPair.certificate.match(/BEGIN CERTIFICATE/g)?.length, 3);
});

test("loadRecipient() passes over an authority that stands first", async (site) => {
  const { ca, host } = site.pki;
  const path = await site.write(
    "server.pem",
    ca.credentials.certificatePem + host.certificatePem,
  );
  assert.deepEqual(
    loadRecipient(path, new Date()).raw,
    pemBytes(host.certificatePem),
  );
});

test("loadIdentity() looks at the rights on each file with a secret in it", async (site) => {
  const { certificatePem, keyPem } = site.pki.ec;
  const both = await site.write("both.pem", certificatePem + keyPem);
  const key = await site.write("host.key", keyPem);
  const keyPassphraseFile = await site.write("words", "x\n");
  await Deno.chmod(key, 0o600);
  await Deno.chmod(both, 0o644);
  await Deno.chmod(keyPassphraseFile, 0o640);
  const warned = (certificate: string, keyFile: string, required = false) => {
    const words: string[] = [];
    loadIdentity({
      certificate,
      key: keyFile,
      keyPassphraseFile,
      requirePrivateKeyFile: required,
    }, { now: new Date(), warn: (message) => words.push(message) });
    return words.map((message) => message.replaceAll(site.dir, "DIR"));
  };
  const open =
    "DIR/both.pem is open to others (mode 0644): they can sign in the name of this host";
  assert.deepEqual(warned(both, key), [
    `There is a private key in the certificate file, and ${open}; chmod g-w,o= DIR/both.pem`,
  ]);
  assert.deepEqual(warned(both, both), [
    `Key file ${open}; chmod g-w,o= DIR/both.pem`,
  ]);
  assert.throws(() => warned(both, key, true), {
    code: "KEY",
    message: /^There is a private key in the certificate file, and /,
  });
  await Deno.chmod(both, 0o600);
  assert.deepEqual(warned(both, key, true), []);
  await Deno.chmod(keyPassphraseFile, 0o644);
  assert.deepEqual(warned(both, key), [
    "Passphrase file DIR/words is open to others (mode 0644): they can open the key; chmod g-w,o= DIR/words",
  ]);
});
