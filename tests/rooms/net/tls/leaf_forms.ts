/**
 * Leaf certificates in every form that a TLS peer might show, each with the
 * verdict on whether TLS proves its key.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { der } from "../../../../lib/asn1/mod.ts";
import {
  craftCertificate,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";
import {
  AT,
  EC,
  edited,
  EXTENSIONS,
  hex,
  joined,
  type LeafForm,
  made,
  names,
  odd,
  oddValue,
  oddWhole,
  oddWith,
  ordinary,
  ordinaryWith,
  RSA,
  withMember,
} from "./odd_leaf.ts";

function ordinaryForms(): LeafForm[] {
  const curve = (namedCurve: string) =>
    generateKeyPairSync("ec", { namedCurve }).privateKey;
  return [
    ordinary("EC on P-256", EC),
    ordinary("EC on P-384", curve("P-384")),
    ordinary("EC on P-521", curve("P-521")),
    ordinary("RSA of 2048 bits", RSA),
    ordinary("Ed25519", generateKeyPairSync("ed25519").privateKey),
    ordinary("version 3 without extensions", EC, made(EC, [])),
    ordinary(
      "GeneralizedTime",
      EC,
      craftCertificate({
        key: EC,
        extensions: EXTENSIONS,
        notAfter: der.time(new Date("2090-01-01T00:00:00Z")),
      }),
    ),
    ordinary(
      "a serial number of 20 octets",
      EC,
      craftCertificate({
        key: EC,
        extensions: EXTENSIONS,
        serial: new Uint8Array(20).fill(0x7f),
      }),
    ),
    ordinary(
      "critical FALSE written out",
      EC,
      edited(made(EC), [0, AT.tail, 0, 0, 1], () => der.boolean(false)),
    ),
    ordinaryWith(
      "policies and key identifiers",
      craftExtension(
        "2.5.29.32",
        der.sequence(der.sequence(der.oid("1.2.840.113612.5.2.2.1"))),
      ),
      craftExtension("2.5.29.14", der.octetString(hex("01 02 03"))),
      craftExtension(
        "2.5.29.35",
        der.sequence(der.contextPrimitive(0, hex("01 02 03"))),
      ),
    ),
    ordinaryWith(
      "timestamps of certificate transparency",
      craftExtension("1.3.6.1.4.1.11129.2.4.2", der.octetString(hex("00 00"))),
    ),
    ordinaryWith(
      "somebody's own extension that is no DER",
      craftExtension("1.3.6.1.4.1.99999.1", hex("ff ff 00")),
    ),
  ];
}

/** Those with another version, which the runtime does not check on either side. */
function otherVersions(): LeafForm[] {
  const version = (what: string, field: string, refused: RegExp) =>
    odd(what, [AT.version], () => hex(field), refused);
  const without = (version: number | null) =>
    craftCertificate({ key: EC, version });
  return [
    oddWhole("version 1", without(null), /of X\.509 version 1/),
    oddWhole("version 1 written out", without(0), /of X\.509 version 1/),
    oddWhole("version 2", without(1), /of X\.509 version 2/),
    version("version 2 with extensions", "a003 020101", /of X\.509 version 2/),
    version("version 4", "a003 020103", /of X\.509 version 4/),
    version("two versions", "a006 020102 020102", /version is malformed/),
    version("version in two octets", "a004 02020002", /shortest form/),
  ];
}

function badlyEncoded(): LeafForm[] {
  const good = made(EC);
  const critical = [AT.tail, 0, 0, 1];
  return [
    odd("TRUE as 01", critical, () => hex("010101"), /neither 00 nor FF/),
    odd("TRUE as FE", critical, () => hex("0101fe"), /neither 00 nor FF/),
    odd("TRUE in two octets", critical, () => hex("0102ffff"), /neither 00/),
    oddWhole(
      "a set instead of a sequence",
      joined(hex("31"), good.subarray(1)),
      /certificate has tag 0x31/,
    ),
    oddWhole("bytes after it", joined(good, hex("0000")), /2 bytes follow/),
    oddWhole(
      "a fourth member",
      edited(good, [], withMember(der.nullValue())),
      /certificate has other members/,
    ),
    oddWhole(
      "an over-long length",
      joined(hex("30 83 00"), good.subarray(2)),
      /over-long length/,
    ),
    oddWhole(
      "an indefinite length",
      joined(hex("30 80"), good.subarray(4), hex("00 00")),
      /indefinite length/,
    ),
    oddWhole(
      "unused bits in the signature",
      edited(good, [2], () => hex("03 02 01 80")),
      /bit string has unused bits/,
    ),
    odd(
      "an over-long length within",
      [AT.subject],
      ({ content }) =>
        joined(hex("30 81"), Uint8Array.of(content.length), content),
      /over-long length/,
    ),
    odd("an empty serial number", [AT.serial], () => hex("0200"), /empty/),
    odd("a padded serial", [AT.serial], () => hex("02020001"), /shortest/),
    odd("a negative serial", [AT.serial], () => hex("020180"), /negative/),
    odd(
      "a serial number of 21 octets",
      [AT.serial],
      () => der.integer(new Uint8Array(21).fill(1)),
      /too long/,
    ),
    odd(
      "another algorithm inside",
      [AT.algorithm],
      () => der.sequence(der.oid("1.2.840.10045.4.3.3")),
      /two signature algorithms/,
    ),
    odd(
      "a padded object identifier",
      [AT.algorithm, 0],
      () => hex("0604 2a80 0305"),
      /padded arc/,
    ),
    odd(
      "a time without seconds",
      [4, 0],
      () => hex("170b 323430313031303030305a"),
      /time is not in the form/,
    ),
    odd(
      "a time with an offset",
      [4, 0],
      () => hex("1711 3234303130313030303030302b30313030"),
      /time is not in the form/,
    ),
    odd("three times", [4], withMember(der.time(new Date(0))), /no pair/),
    odd(
      "a string in pieces",
      [AT.subject, 0, 0, 1],
      () => hex("2c06 0c0168 0c0169"),
      /constructed element/,
    ),
    odd(
      "a primitive set",
      [AT.subject, 0],
      ({ content }) => der.element(0x11, content),
      /primitive element/,
    ),
    odd(
      "an issuer's unique identifier",
      [],
      ({ children }) =>
        der.sequence(
          ...children.slice(0, AT.tail).map(({ raw }) => raw),
          hex("8102 00ff"),
          children[AT.tail]!.raw,
        ),
      /signed part has other members/,
    ),
    odd(
      "a subject's unique identifier instead of extensions",
      [AT.tail],
      () => hex("8202 00ff"),
      /signed part has other members/,
    ),
    odd("a member too many", [], withMember(der.nullValue()), /other members/),
    oddWith(
      "more than 64 KiB",
      craftExtension("1.3.6.1.4.1.99999.1", new Uint8Array(0x10000)),
      /too large/,
    ),
  ];
}

function oddKeys(): LeafForm[] {
  const rsa = (what: string, key: Uint8Array) =>
    odd(
      what,
      [AT.key, 1],
      () => der.bitString(key),
      /public key is malformed|RSA key|shortest form/,
      RSA,
    );
  const kind = (what: string, identifier: Uint8Array, key = EC) =>
    odd(what, [AT.key, 0], () => identifier, /neither RSA, nor EC/, key);
  return [
    odd(
      "a key of three members",
      [AT.key],
      withMember(der.nullValue()),
      /public key has other members/,
    ),
    odd(
      "unused bits in the key",
      [AT.key, 1],
      ({ content }) => der.bitString(joined(content.subarray(1), hex("80")), 1),
      /bit string has unused bits/,
    ),
    odd(
      "an EC point cut short",
      [AT.key, 1],
      ({ content }) => der.bitString(content.subarray(1, -1)),
      /public key is malformed/,
    ),
    kind(
      "an EC curve spelt out",
      der.sequence(der.oid("1.2.840.10045.2.1"), der.sequence(der.integer(1))),
    ),
    kind(
      "an EC curve that TLS does not have",
      der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.3.132.0.10")),
    ),
    kind(
      "RSA without its NULL",
      der.sequence(der.oid("1.2.840.113549.1.1.1")),
      RSA,
    ),
    kind(
      "RSA for PSS alone",
      der.sequence(der.oid("1.2.840.113549.1.1.10")),
      RSA,
    ),
    rsa(
      "a negative RSA exponent",
      der.sequence(der.integer(new Uint8Array(256).fill(1)), hex("020180")),
    ),
    rsa("an RSA key without exponent", der.sequence(der.integer(65537))),
    rsa(
      "an RSA key in a set",
      der.element(0x31, der.integer(256), der.integer(3)),
    ),
    rsa(
      "a padded RSA exponent",
      der.sequence(
        der.integer(new Uint8Array(256).fill(1)),
        hex("0204 00010001"),
      ),
    ),
  ];
}

function oddExtensions(): LeafForm[] {
  const [constraints, usage, purposes, alternatives] = [0, 1, 2, 3];
  const list = [AT.tail, 0];
  return [
    oddWith(
      "an unknown critical extension",
      craftExtension("1.3.6.1.4.1.99999.1", der.nullValue(), true),
      /extension 1\.3\.6\.1\.4\.1\.99999\.1 is critical/,
    ),
    oddWith(
      "a proxy certificate",
      craftExtension(
        "1.3.6.1.5.5.7.1.14",
        der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.21.1"))),
        true,
      ),
      /extension 1\.3\.6\.1\.5\.5\.7\.1\.14 is critical/,
    ),
    oddWith("an extension twice", EXTENSIONS[3]!, /given twice/),
    odd("no extension in the list", list, () => der.sequence(), /are empty/),
    odd("two lists", [AT.tail], withMember(der.sequence()), /other members/),
    odd(
      "an extension of four members",
      [...list, 0],
      withMember(der.nullValue()),
      /extension has other members/,
    ),
    odd(
      "an extension without value",
      [...list, 0],
      ({ children }) => der.sequence(children[0]!.raw),
      /extension has other members/,
    ),
    oddValue(
      "bytes after the names",
      alternatives,
      joined(names("a"), hex("0500")),
      /2 bytes follow/,
    ),
    oddValue("names that are no sequence", alternatives, der.setOf()),
    oddValue("no name", alternatives, der.sequence()),
    oddValue(
      "a name that is none",
      alternatives,
      der.sequence(der.nullValue()),
    ),
    oddValue(
      "an authority's TRUE as 01",
      constraints,
      hex("3003 010101"),
      /neither 00 nor FF/,
    ),
    oddValue(
      "constraints in another order",
      constraints,
      hex("3006 020100 0101ff"),
    ),
    oddValue("constraints with a stranger", constraints, hex("3002 0500")),
    oddValue("a usage of zeros", usage, hex("0303 07 0600")),
    oddValue(
      "a usage with unused bits set",
      usage,
      hex("0302 07ff"),
      /unused bits that are set/,
    ),
    oddValue("an empty usage", usage, hex("0301 00")),
    oddValue("a usage that is no bit string", usage, hex("0401 80")),
    oddValue("no purpose", purposes, der.sequence()),
    oddValue("a purpose that is none", purposes, hex("3002 0500")),
    oddValue("a value that is no DER", purposes, hex("ff"), /data ends inside/),
    oddWith(
      "timestamps that are no string",
      craftExtension("1.3.6.1.4.1.11129.2.4.2", der.sequence()),
      /malformed/,
    ),
    oddWith(
      "distribution points that are none",
      craftExtension("2.5.29.31", der.sequence(der.nullValue())),
      /malformed/,
    ),
    oddWith(
      "name constraints in another order",
      craftExtension("2.5.29.30", der.sequence(hex("a100"), hex("a000"))),
      /malformed/,
    ),
  ];
}

/** Every form. */
export const LEAF_FORMS: readonly LeafForm[] = [
  ...ordinaryForms(),
  ...otherVersions(),
  ...badlyEncoded(),
  ...oddKeys(),
  ...oddExtensions(),
];
