import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { der, readAlgorithm, readDer } from "../../../../lib/asn1/mod.ts";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import { verifyChain } from "../../../../lib/pki/path/chain.ts";
import { SignatureCache } from "../../../../lib/pki/signature/cache.ts";
import {
  MAX_PATH_COST,
  verificationCost,
} from "../../../../lib/pki/signature/cost.ts";
import { verifySignature } from "../../../../lib/pki/signature/verify.ts";
import {
  craftCertificate,
  craftCommonName,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";
import { testKey } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import { assertVerdict, ChainSite } from "../../../kit/pki/chain_site.ts";

const HOST = "/C=UK/CN=host.example.org";

const RSA_SHA256 = readAlgorithm(
  readDer(der.sequence(der.oid("1.2.840.113549.1.1.11"), der.nullValue())),
);

/** A SubjectPublicKeyInfo of RSA with any numbers. */
function rsaKey(kilobits: number, exponent: string): Uint8Array {
  return der.sequence(
    der.sequence(der.oid("1.2.840.113549.1.1.1"), der.nullValue()),
    der.bitString(
      der.sequence(
        der.integer(new Uint8Array(128 * kilobits).fill(0xff)),
        der.integer(Uint8Array.fromHex(exponent)),
      ),
    ),
  );
}

/** Counts what is verified, and what it costs. */
class CountingCache extends SignatureCache {
  count = 0;
  cost = 0;

  override check(...args: Parameters<SignatureCache["check"]>) {
    this.count++;
    this.cost += verificationCost(args[1].spki);
    return super.check(...args);
  }
}

testWith(
  ["openssl"],
  "verifyChain() gives up on bags full of look-alikes",
  async () => {
    await using site = await ChainSite.create();
    const key = { pem: await testKey("P-256", 1) };
    const root = await site.root({ subject: "/CN=X", key });
    const bag = await Promise.all(
      Array.from(
        { length: 12 },
        () => root.intermediate({ subject: "/CN=X", key }),
      ),
    );
    const leaf = await root.issue({ subject: HOST });
    const pems = bag.map(({ credentials }) => credentials.certificatePem);
    const signatures = new CountingCache();
    const verdict = await verifyChain(
      readCertificates(leaf.certificatePem)[0]!,
      pems.flatMap(readCertificates),
      {
        now: new Date(),
        source: { find: () => [], crls: () => [] },
        signatures,
      },
    );
    assertVerdict(verdict, /take too long to verify/);
    assert.ok(signatures.count <= 64);
  },
);

Deno.test("verifyChain() bounds what keys of RSA cost together", async () => {
  const made = (subject: string, issuer: string, serial: number) =>
    parseCertificate(craftCertificate({
      subject: craftCommonName(subject),
      issuer: craftCommonName(issuer),
      serial: Uint8Array.of(serial),
      extensions: [
        craftExtension("2.5.29.19", der.sequence(der.boolean(true))),
      ],
    }));
  const verified = async (spki: Uint8Array) => {
    const leaf = { ...made("leaf", "X", 1), signatureAlgorithm: RSA_SHA256 };
    const bag = Array.from({ length: 49 }, (_, n) => ({
      ...made("X", "X", n + 2),
      spki,
    }));
    const signatures = new CountingCache();
    const source = { find: () => [], crls: () => [] };
    const options = { source, now: new Date(), signatures };
    const verdict = await verifyChain(leaf, bag, options);
    assert.equal(verdict.ok, false);
    assert.ok(signatures.cost <= MAX_PATH_COST);
    return { count: signatures.count, reason: verdict.reason };
  };
  const usual = await verified(rsaKey(2, "010001"));
  assert.deepEqual(usual.count, 49);
  const costly = await verified(rsaKey(8, "ffffffffffffffff"));
  assert.equal(costly.count, 5);
  assert.match(costly.reason, /take too long to verify/);
});

Deno.test("verifySignature() lets go what else is due before it takes long", async () => {
  const spki = rsaKey(8, "010001");
  let elsewhere = false;
  setImmediate(() => elsewhere = true);
  const signed = {
    algorithm: RSA_SHA256,
    data: new Uint8Array(),
    signature: new Uint8Array(1024),
  };
  assert.equal(await verifySignature(spki, signed), false);
  assert.equal(elsewhere, true);
});
