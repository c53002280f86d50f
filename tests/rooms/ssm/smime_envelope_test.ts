import assert from "node:assert/strict";
import { openssl, writeCaDirectory } from "../../peers/openssl/openssl.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { testPki } from "../../kit/pki/test_pki.ts";
import { BAD_MESSAGES } from "./receiving/bad_messages.ts";
import { opener, sealed, sealer } from "../../kit/receiving.ts";
import { bytes, text } from "../../kit/text.ts";

const PARTS = ["openssl"] as const;

const pki = sharedServer(PARTS, testPki);

const HOST = "/C=UK/O=Test/CN=host.example.org";
const EC = "/C=UK/O=Test/CN=ec.example.org";

/** Texts of every form in which a payload travels. */
const PAYLOADS: readonly Uint8Array[] = [
  bytes("plain and trimmed"),
  bytes("line\nends\r\nof\rall kinds\n"),
  bytes("Universidad de Málaga\n"),
  Uint8Array.from({ length: 512 }, (_, index) => index % 256),
];

for (const signer of ["host", "ec"] as const) {
  for (const encrypted of [false, true]) {
    const how = encrypted ? "signed and encrypted" : "signed";
    testWith(
      PARTS,
      `SmimeOpener opens what SmimeSealer has ${how} with the key of ${signer}`,
      async () => {
        const { [signer]: credentials, server } = pki();
        const seal = sealer(credentials, encrypted ? server : undefined);
        for (const payload of PAYLOADS) {
          const { body } = await seal.seal(payload);
          assert.equal(
            text(body).includes("plain and trimmed"),
            false ||
              (!encrypted && text(payload) === "plain and trimmed"),
          );
          const opened = await opener(pki()).open(body);
          assert.ok(opened.status === "accepted");
          const { signing, ...rest } = opened;
          assert.deepEqual(rest, {
            status: "accepted",
            payload,
            signer: signer === "host" ? HOST : EC,
          });
          assert.equal(signing?.unique, true);
        }
      },
    );
  }
}

testWith(
  PARTS,
  "SmimeSealer seals what openssl opens",
  async () => {
    const { host, server, caPath } = pki();
    const { body } = await sealer(host, server).seal(bytes("record"));
    const signed = await openssl([
      ...["smime", "-decrypt", "-recip", server.certificatePath],
      ...["-inkey", server.keyPath],
    ], { stdin: body });
    const opened = await openssl([
      ...["smime", "-verify", "-text", "-CApath", caPath, "-purpose", "any"],
    ], { stdin: signed });
    assert.equal(text(opened).trimEnd(), "record");
  },
);

testWith(
  PARTS,
  "SmimeOpener opens what openssl has signed and encrypted",
  async () => {
    const { host, server } = pki();
    const signed = await openssl([
      ...["smime", "-sign", "-text", "-signer", host.certificatePath],
      ...["-inkey", host.keyPath],
    ], { stdin: "record\n" });
    const body = await openssl([
      ...["smime", "-encrypt", "-aes256", server.certificatePath],
    ], { stdin: signed });
    const opened = await opener(pki()).open(body);
    assert.ok(opened.status === "accepted");
    const { signing, ...rest } = opened;
    assert.deepEqual(rest, {
      status: "accepted",
      payload: bytes("record\n"),
      signer: HOST,
    });
    assert.equal(signing?.unique, false);
    assert.ok(text(signed).includes(signing.boundary!));
  },
);

testWith(
  PARTS,
  "SmimeOpener opens what is as large as it is told, and nothing larger",
  async () => {
    const { host, server } = pki();
    for (const recipient of [undefined, server]) {
      const { body } = await sealer(host, recipient).seal(bytes("record"));
      const open = (maxMessageBytes: number) =>
        opener(pki(), { maxMessageBytes }).open(body);
      assert.equal((await open(body.length)).status, "accepted");
      const refused = await open(body.length - 1);
      assert.equal(refused.status, "rejected");
      assert.match(refused.error, /bytes of message: \d+, at most \d+ are/);
    }
  },
);

for (const { name, make, error, signer } of BAD_MESSAGES) {
  testWith(PARTS, `SmimeOpener rejects ${name}`, async () => {
    const body = await make(pki());
    const opened = await opener(pki(), { checkCrls: true }).open(body);
    assert.equal(opened.status, "rejected");
    assert.match(opened.error, error);
    assert.equal(opened.signer, signer);
    assert.equal(opened.body, body);
  });
}

testWith(
  PARTS,
  "SmimeOpener takes a weak digest and a revoked signer only where told to",
  async () => {
    const { host, revoked } = pki();
    const weak = await openssl([
      ...["smime", "-sign", "-text", "-md", "sha1"],
      ...["-signer", host.certificatePath, "-inkey", host.keyPath],
    ], { stdin: "record" });
    const lenient = opener(pki(), {
      allowWeakDigests: "all",
      allowed: [HOST, "/C=UK/O=Test/CN=revoked.example.org"],
    });
    assert.equal((await lenient.open(weak)).status, "accepted");
    const late = await sealed(bytes("record"), revoked);
    assert.equal((await lenient.open(late)).status, "accepted");
  },
);

testWith(
  PARTS,
  "SmimeOpener rejects everything of an authority whose CRL is missing, if CRLs are checked",
  async () => {
    const { ca, dir, host } = pki();
    const caPath = `${dir}/without-crl`;
    await writeCaDirectory(caPath, [ca.credentials.certificatePem]);
    const { body } = await sealer(host).seal(bytes("record"));
    const strict = await opener(pki(), { caPath, checkCrls: true }).open(body);
    assert.equal(strict.status, "rejected");
    assert.match(
      strict.error,
      /^Failed to verify message: Unverified signer: .*CRL/,
    );
    const lax = await opener(pki(), { caPath }).open(body);
    assert.equal(lax.status, "accepted");
  },
);

testWith(
  PARTS,
  "SmimeOpener matches a DN in the spelling of every SSM",
  async () => {
    const { ca } = pki();
    const signer = await ca.issue({
      subject: "/C=ES/O=Universidad de Málaga/UID=u1+CN=host\\/h.example",
    });
    const { body } = await sealer(signer).seal(bytes("record"));
    const spellings = {
      "4.0.0": "/C=ES/O=Universidad de Málaga/UID=u1/CN=host/h.example",
      "compat of OpenSSL 3":
        "/C=ES/O=Universidad de M\\xC3\\xA1laga/UID=u1+CN=host\\/h.example",
      "compat of OpenSSL 1":
        "/C=ES/O=Universidad de M\\xC3\\xA1laga/UID=u1/CN=host/h.example",
    };
    for (const [name, dn] of Object.entries(spellings)) {
      const opened = await opener(pki(), { allowed: [dn] }).open(body);
      assert.equal(opened.status, "accepted", name);
      assert.equal(opened.signer, spellings["4.0.0"]);
    }
    const other = await opener(pki(), {
      allowed: ["/C=es/O=Universidad de Málaga/UID=u1/CN=host/h.example"],
    }).open(body);
    assert.equal(other.status, "rejected");
  },
);

testWith(
  PARTS,
  "SmimeOpener does not blame a message for a CA directory that is gone",
  async () => {
    const { dir, host, ca } = pki();
    const caPath = `${dir}/removed`;
    await writeCaDirectory(caPath, [ca.credentials.certificatePem]);
    const envelope = opener(pki(), { caPath });
    await Deno.remove(caPath, { recursive: true });
    const { body } = await sealer(host).seal(bytes("record"));
    await assert.rejects(envelope.open(body), { code: "TRUST" });
  },
);

testWith(
  PARTS,
  "SmimeSealer refuses a recipient whose key cannot be encrypted to",
  async () => {
    const { host, ec } = pki();
    const impossible = sealer(host, ec);
    await assert.rejects(impossible.seal(bytes("record")), {
      code: "CERTIFICATE",
    });
  },
);
