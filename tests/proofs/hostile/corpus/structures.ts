/**
 * ASN.1: lengths, depth and sizes that are to cost more than they are worth.
 *
 * @module
 */
import { der, TAG } from "../../../../lib/asn1/mod.ts";
import { OID } from "../../../../lib/smime/cms/algorithms.ts";
import {
  craftCertificate,
  craftCommonName,
} from "../../../kit/pki/craft_certificate.ts";
import { opaque, signedData } from "../../../kit/smime/forge.ts";
import {
  ASN1,
  CERTIFICATE,
  type Chapter,
  clear,
  ENTITY,
  forged,
  inside,
  signedWith,
} from "../message.ts";
import { bytes } from "../../../kit/text.ts";

/** A ContentInfo of this content. */
function contentInfo(...content: Uint8Array[]): Uint8Array {
  return der.sequence(der.oid(OID.signedData), der.context(0, ...content));
}

/** `innermost` in so many sequences. */
function nested(innermost: Uint8Array, depth: number): Uint8Array {
  let bomb = innermost;
  for (let i = 0; i < depth; i++) bomb = der.sequence(bomb);
  return bomb;
}

/** A structure with its last byte gone. */
function cutOff(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, -1);
}

export const LENGTHS: Chapter = {
  title: "BER, lengths and depth",
  messages: [
    {
      name: "an honest message of indefinite lengths",
      make: signedWith(({ honest }) => [honest], "-nodetach", "-stream"),
    },
    {
      name: "an indefinite length without an end",
      error: `${ASN1}data ends inside an element header`,
      make: () => opaque(Uint8Array.fromHex("308006012a")),
    },
    {
      name: "an indefinite length of a primitive",
      error: `${ASN1}a primitive element has an indefinite length`,
      make: () => opaque(Uint8Array.of(0x30, 0x80, 0x04, 0x80, 0, 0, 0, 0)),
    },
    {
      name: "a length of four gigabytes",
      error: `${ASN1}length says 4294967295 bytes, 1 are there`,
      make: () => opaque(Uint8Array.fromHex("3084ffffffff00")),
    },
    {
      name: "a length of 127 octets",
      error: `${ASN1}length has more than four octets`,
      make: () =>
        opaque(new Uint8Array([0x30, 0xff, ...new Uint8Array(127).fill(255)])),
    },
    {
      name: "a structure that is cut off",
      error: /^Failed to verify message: Cannot read ASN\.1 data: length says/,
      make: ({ honest }) =>
        opaque(
          cutOff(
            signedData({
              contentType: OID.data,
              content: bytes(ENTITY),
              certificates: [honest.certificate.raw],
              signerInfos: [],
            }),
          ),
        ),
    },
    {
      name: "bytes behind the structure",
      error: `${ASN1}2 bytes follow the last element`,
      make: ({ honest }) =>
        opaque(
          new Uint8Array([
            ...signedData({
              contentType: OID.data,
              content: bytes(ENTITY),
              certificates: [honest.certificate.raw],
              signerInfos: [],
            }),
            ...der.nullValue(),
          ]),
        ),
    },
    forged(
      "an indefinite length inside of a certificate",
      `${CERTIFICATE}Cannot read ASN.1 data: an indefinite length is not DER`,
      () => ({ certificates: [Uint8Array.of(0x30, 0x80, 0, 0)] }),
    ),
    forged(
      "an over-long length inside of a certificate",
      `${CERTIFICATE}Cannot read ASN.1 data: an over-long length is not DER`,
      () => ({ certificates: [Uint8Array.of(0x30, 0x81, 0x02, 0x05, 0)] }),
    ),
    {
      name: "two thousand sequences in each other",
      error: `${ASN1}object identifier has tag 0x30 instead of 0x06`,
      make: () => opaque(nested(der.nullValue(), 2000)),
    },
    {
      name: "two thousand sequences in each other, where a certificate belongs",
      error:
        `${CERTIFICATE}Cannot read ASN.1 data: certificate is not a triple`,
      make: ({ honest }) =>
        clear(honest, { certificates: [nested(der.nullValue(), 2000)] }),
    },
    {
      name: "a hundred thousand beginnings of indefinite length",
      error: `${ASN1}nesting is too deep`,
      make: () =>
        opaque(
          Uint8Array.from({ length: 200_000 }, (_, i) => i % 2 ? 0x80 : 0x30),
        ),
    },
    {
      name: "octet strings in each other, around the content",
      error: `${ASN1}nesting is too deep`,
      make: ({ honest }) => {
        let content: Uint8Array = der.octetString(bytes(ENTITY));
        for (let i = 0; i < 40; i++) content = der.element(0x24, content);
        return opaque(
          contentInfo(
            der.sequence(
              der.integer(1),
              der.setOf(),
              der.sequence(der.oid(OID.data), der.context(0, content)),
              der.context(0, honest.certificate.raw),
              der.setOf(der.sequence()),
            ),
          ),
        );
      },
    },
  ],
};

export const SIZES: Chapter = {
  title: "sizes",
  messages: [
    {
      name: "three hundred thousand elements",
      error: `${ASN1}there are too many elements`,
      make: () =>
        opaque(
          der.sequence(new Uint8Array(600_000).map((_, i) => i % 2 ? 0 : 5)),
        ),
    },
    {
      // Its dotted form alone would take gigabytes.
      name: "an identifier of five million arcs",
      error: `${ASN1}object identifier is too long`,
      make: () =>
        opaque(
          der.sequence(
            der.element(TAG.oid, new Uint8Array(5_000_000).fill(0x7f)),
            der.context(0, der.nullValue()),
          ),
        ),
    },
    {
      // A comparison of names would take hours.
      name: "a name of four hundred thousand blanks",
      error:
        /^Failed to verify message: Cannot read certificate: .*name has 4000\d\d bytes, at most 16384 are allowed$/,
      make: (site) =>
        clear(site.honest, {
          certificates: [
            site.honest.certificate.raw,
            craftCertificate({
              subject: craftCommonName(`a${" ".repeat(400_000)}b`),
            }),
          ],
        }),
    },
    {
      name: "a name of 100 KB",
      error:
        /^Failed to verify message: Cannot read certificate: .*name has 1000\d\d bytes, at most 16384 are allowed$/,
      make: (site) =>
        clear(site.honest, {
          certificates: [
            craftCertificate({ subject: craftCommonName("x".repeat(100_000)) }),
          ],
        }),
    },
    {
      name: "a bag of two megabytes",
      error:
        /^Failed to verify message: Cannot read message: bytes of signature: 2\d{6}, at most 1048576 are allowed$/,
      make: ({ honest }) =>
        inside(honest, {
          certificates: [
            honest.certificate.raw,
            der.sequence(der.octetString(new Uint8Array(2 << 20))),
          ],
        }),
    },
  ],
};
