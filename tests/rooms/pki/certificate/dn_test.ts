import assert from "node:assert/strict";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import { TAG } from "../../../../lib/asn1/read.ts";
import {
  dnSpellings,
  formatDn,
  isAmbiguousDn,
} from "../../../../lib/pki/certificate/dn.ts";
import {
  isUnder,
  type Name,
  sameName,
} from "../../../../lib/pki/certificate/name.ts";
import {
  oldSubjectHash,
  subjectHash,
} from "../../../../lib/pki/directory/subject_hash.ts";
import {
  craftCertificate,
  craftedName,
  craftName,
} from "../../../kit/pki/craft_certificate.ts";
import { openssl, TestCa } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

const C = "2.5.4.6", O = "2.5.4.10", CN = "2.5.4.3";
const UID = "0.9.2342.19200300.100.1.1";
const { utf8, printable, ia5, teletex, bmp, universal } = TAG;

const utf16 = (text: string) =>
  Uint8Array.from(
    [...text].flatMap((char) => [char.charCodeAt(0) >> 8, char.charCodeAt(0)]),
  );
const commonName = (value: string) => craftedName([[CN, utf8, value]]);

Deno.test("formatDn() writes attributes in certificate order, unescaped", () => {
  const name = craftedName(
    [["0.9.2342.19200300.100.1.25", ia5, "org"]],
    [[C, printable, "UK"]],
    [[O, utf8, "Universidad de Málaga, S.A."]],
    [[CN, printable, "host/h.example.org"]],
    [["1.2.840.113549.1.9.1", ia5, "a@b.org"]],
  );
  assert.equal(
    formatDn(name),
    "/DC=org/C=UK/O=Universidad de Málaga, S.A./CN=host/h.example.org/emailAddress=a@b.org",
  );
});

Deno.test("formatDn() reads every string type", () => {
  const cases: [number, string | Uint8Array][] = [
    [utf8, "é"],
    [printable, "é"], // UTF-8 where it does not belong, read as Python reads it
    [teletex, "é"],
    [teletex, Uint8Array.of(0xe9)],
    [printable, Uint8Array.of(0xe9)],
    [bmp, utf16("é")],
    [universal, Uint8Array.of(0, 0, 0, 0xe9)],
  ];
  for (const [tag, value] of cases) {
    assert.equal(formatDn(craftedName([[CN, tag, value]])), "/CN=é");
  }
});

Deno.test("formatDn() writes several attributes of one RDN like several RDNs", () => {
  const name = craftedName([[CN, utf8, "h"], [UID, utf8, "u1"]]);
  assert.equal(formatDn(name), "/CN=h/UID=u1");
});

Deno.test("formatDn() never emits a control or invisible character", () => {
  assert.equal(formatDn(commonName("a\nb\0c\x7f")), "/CN=a\\x0Ab\\x00c\\x7F");
  assert.equal(formatDn(commonName("a\u202eb")), "/CN=a\\xE2\\x80\\xAEb");
  assert.equal(
    formatDn(commonName("a\u2028b\u200bc")).includes("\u2028"),
    false,
  );
});

Deno.test("formatDn() shows undecodable values as escapes", () => {
  for (
    const [tag, value] of [
      [utf8, Uint8Array.of(0x41, 0xff)],
      [bmp, Uint8Array.of(0, 0x41, 0)],
      [bmp, Uint8Array.of(0xd8, 0)],
      [universal, Uint8Array.of(0x7f, 0, 0, 0)],
      [TAG.integer, Uint8Array.of(7)],
    ] as const
  ) {
    const name = craftedName([[CN, tag, value]]);
    assert.match(formatDn(name), /\\x/);
    assert.equal(isAmbiguousDn(name), true);
  }
});

Deno.test("dnSpellings() gives 4.0.0 and both compat forms", () => {
  const multi = craftedName([[CN, utf8, "h"], [UID, utf8, "u1"]]);
  assert.deepEqual(dnSpellings(multi), ["/CN=h/UID=u1", "/CN=h+UID=u1"]);
  const service = commonName("host/h");
  assert.deepEqual(dnSpellings(service), ["/CN=host/h", "/CN=host\\/h"]);
  const accents = craftedName([[O, utf8, "Málaga"]]);
  assert.deepEqual(dnSpellings(accents), ["/O=Málaga", "/O=M\\xC3\\xA1laga"]);
  const unknown = craftedName([["1.2.3.4.5", utf8, "zzz"]]);
  assert.deepEqual(dnSpellings(unknown), ["/UNDEF=zzz", "/1.2.3.4.5=zzz"]);
  assert.deepEqual(dnSpellings(commonName("plain")), ["/CN=plain"]);
});

Deno.test("isAmbiguousDn() accepts names that are read in one way only", () => {
  for (
    const value of [
      "host.example.org",
      "host/h.example.org",
      "Robot - a+b",
      "José (ça va?) = x",
      "http://h.example.org/?a=b",
      "back\\slash",
      "ПРИВЕТ",
      // Persian and Indian names are not right without them.
      "می\u200cخواهم",
      "क्\u200dष",
    ]
  ) assert.equal(isAmbiguousDn(commonName(value)), false, value);
});

Deno.test("a joiner cannot be mistaken for nothing, nor for its own escape", () => {
  const joined = commonName("a\u200cb");
  assert.equal(formatDn(joined), "/CN=a\\xE2\\x80\\x8Cb");
  assert.deepEqual(dnSpellings(joined), ["/CN=a\\xE2\\x80\\x8Cb"]);
  assert.equal(isAmbiguousDn(commonName("a\\xE2\\x80\\x8Cb")), true);
});

Deno.test("isAmbiguousDn() finds values that could be taken for another DN", () => {
  for (
    const value of [
      "x/CN=admin",
      "x/cn=admin",
      "x/ CN =admin",
      "x+UID=root",
      "x/1.2.3.4=y",
      "x/UNDEF=y",
      "x/newAttribute=y",
      "M\\xC3\\xA1laga",
      "host\\/h",
      "a\\+b",
      "a\0",
      "a\nb",
      "a\u200bb",
      "a\u202eb",
      "a\u2029b",
    ]
  ) assert.equal(isAmbiguousDn(commonName(value)), true, value);
});

Deno.test("isAmbiguousDn() refuses names that say nothing", () => {
  assert.equal(isAmbiguousDn(craftedName()), true);
  assert.equal(isAmbiguousDn(craftedName([[O, utf8, "x"]], [])), true);
});

Deno.test("isAmbiguousDn() parts every two names that share a spelling", () => {
  const names: Name[] = [
    craftedName([[O, utf8, "a"]], [[CN, utf8, "b"]]),
    craftedName([[O, utf8, "a/CN=b"]]),
    craftedName([[O, utf8, "a+CN=b"]]),
    craftedName([[O, utf8, "a\\/CN=b"]]),
    craftedName([[O, utf8, "é"]]),
    craftedName([[O, utf8, "\\xC3\\xA9"]]),
    craftedName([[CN, utf8, "host/h"]]),
    craftedName([[CN, utf8, "host\\/h"]]),
    craftedName([["1.2.3.4", utf8, "a"]]),
    craftedName([[O, utf8, "x/1.2.3.4=a"]], [[CN, utf8, "y"]]),
  ];
  const safe = names.filter((name) => !isAmbiguousDn(name));
  const spellings = safe.flatMap(dnSpellings);
  assert.equal(new Set(spellings).size, spellings.length);
  assert.ok(safe.length >= 4);
});

const SUBJECTS = [
  "/C=UK/O=eScience/OU=CLRC/L=RAL/CN=raptest.esc.rl.ac.uk",
  "/DC=org/DC=terena/CN=host\\/h.example.org",
  "/O=Universidad de Málaga, S.A./CN=José",
  "/CN=h.example/UID=u1/emailAddress=a@b.org",
  "/CN=h.example+UID=u1",
  "/serialNumber=7/street=x/title=y/GN=z/SN=w/dnQualifier=q/pseudonym=p",
  "/CN=a=b,c;d \\+ e",
];

testWith(
  ["openssl"],
  "dnSpellings() agrees with openssl -nameopt compat",
  async () => {
    const dir = await Deno.makeTempDir();
    try {
      for (const subject of SUBJECTS) {
        const ca = await TestCa.create(dir, { subject });
        const { certificatePath, certificatePem } = ca.credentials;
        const printed = await openssl([
          ...["x509", "-noout", "-subject", "-nameopt", "compat"],
          ...["-in", certificatePath],
        ]);
        const compat = new TextDecoder().decode(printed).trim()
          .replace(/^subject=/, "");
        const [certificate] = readCertificates(certificatePem);
        const spellings = dnSpellings(certificate!.subject);
        assert.ok(spellings.includes(compat), `${compat} in ${spellings}`);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

/** Names with every oddity that hashing has to level. */
const ODD_NAMES: Uint8Array[] = [
  craftName(),
  craftName([[CN, utf8, "Plain"]]),
  craftName([[CN, printable, "  Lead  and\ttrail \v\f "]]),
  craftName([[CN, utf8, "ÀÉ Ünïcode\u00a0nbsp"]]),
  craftName([[CN, teletex, Uint8Array.of(0x41, 0xe9, 0xc3, 0xa9)]]),
  craftName([[CN, printable, Uint8Array.of(0x41, 0xe9)]]),
  craftName([[CN, bmp, utf16("José")]]),
  craftName([[CN, universal, Uint8Array.of(0, 1, 0xf6, 0, 0, 0, 0, 0x41)]]),
  craftName([[CN, ia5, "A@B"]], [[C, printable, "uk"]]),
  craftName([[CN, utf8, "z"], [UID, utf8, "a"], [O, utf8, "M"]]),
  craftName([[CN, TAG.numeric, "1 2"]]),
  craftName([[CN, utf8, ""]], [[O, utf8, " "]]),
  craftName([[CN, TAG.bitString, "\0 Bits"]]),
  craftName([["1.2.3.4", utf8, "Un Known"]]),
];

testWith(
  ["openssl"],
  "subjectHash() agrees with openssl on odd names",
  async () => {
    for (const subject of ODD_NAMES) {
      const bytes = craftCertificate({ subject });
      const [certificate] = readCertificates(bytes);
      const printed = await openssl([
        ...["x509", "-inform", "DER", "-noout"],
        ...["-subject_hash", "-subject_hash_old"],
      ], { stdin: bytes });
      const { subject: name } = certificate!;
      assert.deepEqual(
        [subjectHash(name), oldSubjectHash(name)],
        new TextDecoder().decode(printed).trim().split("\n"),
        formatDn(name),
      );
    }
  },
);

Deno.test("sameName() looks beyond case, white space and string type", () => {
  const name = commonName("Example  Host");
  assert.equal(
    sameName(name, craftedName([[CN, printable, " example host "]])),
    true,
  );
  assert.equal(
    sameName(name, craftedName([[CN, bmp, utf16("Example Host")]])),
    true,
  );
  assert.equal(sameName(name, commonName("ExampleHost")), false);
  assert.equal(sameName(name, craftedName([[O, utf8, "Example Host"]])), false);
  // Letters outside of ASCII are compared as they are.
  assert.equal(sameName(commonName("É"), commonName("é")), false);
});

Deno.test("isUnder() compares whole relative names", () => {
  const base = craftedName([[C, printable, "UK"]], [[O, utf8, "Test"]]);
  const under = craftedName(
    [[C, printable, "uk"]],
    [[O, printable, "TEST"]],
    [[CN, utf8, "x"]],
  );
  assert.equal(isUnder(under, base), true);
  assert.equal(isUnder(base, base), true);
  assert.equal(isUnder(base, under), false);
  assert.equal(
    isUnder(craftedName([[C, printable, "UK"]], [[O, utf8, "Tester"]]), base),
    false,
  );
});
