/**
 * Trust: signatures with keys of a stranger's making, and chains.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { der, readAlgorithm, readDer } from "../../../../lib/asn1/mod.ts";
import {
  type Certificate,
  parseCertificate,
  parseCrl,
  verifyChain,
  verifySignature,
} from "../../../../lib/pki/mod.ts";
import { outcome, outcomeOf, valueOf } from "../outcome.ts";
import {
  CERTIFICATES,
  certificateSample,
  cmsOf,
  NOW,
  pemSample,
  sample,
  SIGNED,
} from "../samples.ts";
import type { Target } from "../target.ts";

/** What a signature is made of, side by side: algorithm, key, data, signature. */
function signatureSamples(): Uint8Array[] {
  const authority = certificateSample("site");
  const selfSigned = [certificateSample("root")];
  const hosts = CERTIFICATES.slice(2).map(certificateSample);
  return [
    ...selfSigned.map((root) => bundle(root, root)),
    ...hosts.map((host) => bundle(host, authority)),
    // The key does not fit, but it is of another kind.
    ...hosts.map((host) => bundle(host, host)),
    ...SIGNED.map((name) => cmsOf(sample(`${name}.eml`))).map(fromCms),
  ];
}

function bundle(signed: Certificate, { spki }: Certificate): Uint8Array {
  return der.sequence(
    signed.signatureAlgorithm.raw,
    spki,
    der.octetString(signed.tbs),
    der.octetString(signed.signature),
  );
}

/** The algorithm and the signature of a message; the data does not matter. */
function fromCms(cms: Uint8Array): Uint8Array {
  const signer = readDer(cms).at(1, "content").at(0, "SignedData").children
    .at(-1)!.at(0, "SignerInfo");
  const at = signer.children.findIndex(({ tag }) => tag === 0x04);
  return der.sequence(
    signer.at(at - 1, "algorithm").raw,
    certificateSample("host").spki,
    der.octetString(new Uint8Array(64)),
    signer.at(at, "signature").raw,
  );
}

const DIGESTS = [
  undefined,
  "md5",
  "sha1",
  "sha224",
  "sha256",
  "sha512",
] as const;

const SIGNATURE: Target = {
  name: "signature",
  der: true,
  samples: signatureSamples(),
  async check(input, random) {
    const parts = valueOf(outcome(["DER"], () => {
      const root = readDer(input);
      return {
        algorithm: readAlgorithm(root.at(0, "algorithm")),
        spki: root.at(1, "key").raw,
        data: root.at(2, "data").content,
        signature: root.at(3, "signature").content,
      };
    }));
    if (!parts) return;
    const { spki, ...signed } = parts;
    await outcomeOf(
      ["SIGNATURE", "CERTIFICATE", "DER"],
      () =>
        verifySignature(spki, signed, {
          digest: random.pick(DIGESTS),
          allowWeakDigests: random.oneIn(2) ? "all" : "none",
        }),
    );
  },
};

const ROOT = certificateSample("root");
const SITE = certificateSample("site");
const HOSTS = CERTIFICATES.slice(2).map(certificateSample);
const CRLS = [parseCrl(pemSample("site-crl.pem"))];

const CHAIN: Target = {
  name: "chain",
  der: true,
  samples: CERTIFICATES.map((name) => pemSample(`${name}.pem`)),
  async check(input, random) {
    const changed = valueOf(
      outcome(["CERTIFICATE"], () => parseCertificate(input)),
    );
    if (!changed) return;
    const asLeaf = random.oneIn(2);
    const leaf = asLeaf ? changed : random.pick(HOSTS);
    const others = asLeaf
      ? [SITE]
      : [changed, ...random.oneIn(2) ? [SITE] : []];
    const { ok } = await verifyChain(leaf, others, {
      source: { find: () => [ROOT], crls: () => CRLS },
      now: NOW,
      checkCrls: random.oneIn(8),
      purpose: random.pick(["any", "serverAuth", "clientAuth"]),
    });
    if (!ok) return;
    const honest = [ROOT, SITE, ...HOSTS];
    assert.ok(
      honest.some(({ tbs }) => Buffer.from(tbs).equals(leaf.tbs)),
      "a certificate that nobody has issued is trusted",
    );
  },
};

export const TRUST_TARGETS: readonly Target[] = [SIGNATURE, CHAIN];
