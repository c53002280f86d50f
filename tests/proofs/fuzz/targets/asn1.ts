/**
 * ASN.1: elements and values, certificates, revocation lists.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  der,
  type DerNode,
  readBitString,
  readBoolean,
  readDer,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
} from "../../../../lib/asn1/mod.ts";
import {
  dnSpellings,
  formatDn,
  isAmbiguousDn,
  parseCertificate,
  parseCrl,
  sameName,
} from "../../../../lib/pki/mod.ts";
import { publicKeyOf } from "../../../../lib/pki/certificate/certificate.ts";
import { type Name, readName } from "../../../../lib/pki/certificate/name.ts";
import { isRevoked } from "../../../../lib/pki/crl/crl.ts";
import { outcome, UNSAFE, valueOf } from "../outcome.ts";
import { CERTIFICATES, cmsOf, pemSample, sample, SIGNED } from "../samples.ts";
import type { Target } from "../target.ts";

const MAX_ELEMENTS = 5000;
const MAX_DEPTH = 20;

const VALUES: readonly ((node: DerNode) => unknown)[] = [
  readOid,
  readSmallInteger,
  readBoolean,
  readBitString,
  readOctets,
  readTime,
  readName,
];

/** All elements below, as far as they can be read. */
function walk(node: DerNode): DerNode[] {
  if (!node.constructed) return [node];
  const children = valueOf(outcome(["DER"], () => node.children)) ?? [];
  return [node, ...children.flatMap(walk)];
}

/** The same bytes from the elements, if all of them can be read. */
function rewritten(node: DerNode): Uint8Array {
  return node.constructed
    ? der.element(node.tag, ...node.children.map(rewritten))
    : der.element(node.tag, node.content);
}

const STRUCTURES = [
  ...CERTIFICATES.map((name) => pemSample(`${name}.pem`)),
  pemSample("site-crl.pem"),
  ...SIGNED.map((name) => cmsOf(sample(`${name}.eml`))),
];

const DER: Target = {
  name: "der",
  der: true,
  samples: STRUCTURES,
  words: ["\x30\x80", "\0\0", "\x24\x80", "\x04\x84", "\x06\x01\x80", "\x1f"],
  check(input, random) {
    const strict = random.oneIn(2);
    const options = { strict, maxDepth: MAX_DEPTH, maxElements: MAX_ELEMENTS };
    const root = valueOf(outcome(["DER"], () => readDer(input, options)));
    if (!root) return;
    const nodes = walk(root);
    assert.ok(nodes.length <= MAX_ELEMENTS, "too many elements");
    for (const node of nodes) {
      const { raw, content } = node;
      assert.ok(
        content.byteOffset >= raw.byteOffset &&
          content.byteOffset + content.length <= raw.byteOffset + raw.length,
        "a content lies outside of its element",
      );
      const value = outcome(["DER"], () => random.pick(VALUES)(node));
      if ("value" in value && value.value instanceof Uint8Array) {
        assert.ok(value.value.length <= raw.length, "a value grows");
      }
    }
    if (!strict) return;
    const again = valueOf(outcome(["DER"], () => rewritten(root)));
    if (again) assert.deepEqual(again, input);
  },
};

/** What is printed and compared of a name. */
function checkName(name: Name): void {
  const spellings = [formatDn(name), ...dnSpellings(name)];
  for (const dn of spellings) {
    assert.doesNotMatch(dn, UNSAFE);
    assert.ok(dn.length <= 100 + 8 * name.raw.length, "a DN grows");
  }
  if (!isAmbiguousDn(name)) assert.ok(spellings[0]!.startsWith("/"));
  assert.ok(sameName(name, name));
}

const CERTIFICATE: Target = {
  name: "certificate",
  der: true,
  samples: CERTIFICATES.map((name) => pemSample(`${name}.pem`)),
  check(input) {
    const certificate = valueOf(
      outcome(["CERTIFICATE"], () => parseCertificate(input)),
    );
    if (!certificate) return;
    assert.deepEqual(certificate.raw, input);
    checkName(certificate.subject);
    checkName(certificate.issuer);
    assert.ok(!Number.isNaN(certificate.notAfter.getTime()));
    outcome(["CERTIFICATE"], () => publicKeyOf(certificate));
  },
};

const SERIALS = [0x01, 0x7f].map((serial) => Uint8Array.of(serial));

const CRL: Target = {
  name: "crl",
  der: true,
  samples: [pemSample("site-crl.pem")],
  check(input) {
    const crl = valueOf(outcome(["CERTIFICATE"], () => parseCrl(input)));
    if (!crl) return;
    checkName(crl.issuer);
    for (const serial of SERIALS) isRevoked(crl, serial);
    assert.ok(crl.revoked.size <= input.length / 4, "more than it can hold");
  },
};

export const ASN1_TARGETS: readonly Target[] = [DER, CERTIFICATE, CRL];
