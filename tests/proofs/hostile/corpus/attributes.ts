/**
 * What is signed: digests, attributes, content types and algorithms.
 *
 * @module
 */
import { der } from "../../../../lib/asn1/mod.ts";
import { OID } from "../../../../lib/smime/cms/algorithms.ts";
import { attribute } from "../../../kit/smime/forge.ts";
import { bytes } from "../../../kit/text.ts";
import {
  type Chapter,
  clear,
  forged,
  inside,
  READ,
  sidOf,
  SIGNATURE,
  signedWith,
} from "../message.ts";

const WRONG_HASH = der.octetString(new Uint8Array(32));
const SHA384 = "2.16.840.1.101.3.4.2.2";

export const ATTRIBUTES: Chapter = {
  title: "digests, attributes and content types",
  messages: [
    {
      name: "a signature without signed attributes",
      make: signedWith(({ honest }) => [honest], "-noattr"),
    },
    forged(
      "a wrong digest",
      `${SIGNATURE}the content was changed after signing`,
      () => ({
        attributes: ([type]) => [
          type!,
          attribute(OID.messageDigest, WRONG_HASH),
        ],
      }),
    ),
    forged(
      "no message digest",
      `${READ}a mandatory signed attribute is missing`,
      () => ({ attributes: ([type]) => [type!] }),
    ),
    forged(
      "no content type",
      `${READ}a mandatory signed attribute is missing`,
      () => ({ attributes: ([, digest]) => [digest!] }),
    ),
    forged(
      "no attribute in the set",
      `${READ}a mandatory signed attribute is missing`,
      () => ({ attributes: () => [] }),
    ),
    forged("the digest twice", `${READ}a signed attribute is repeated`, () => ({
      attributes: ([type, digest]) => [type!, digest!, digest!],
    })),
    forged(
      "a wrong digest, then the right one",
      `${READ}a signed attribute is repeated`,
      () => ({
        attributes: ([type, digest]) => [
          ...[type!, attribute(OID.messageDigest, WRONG_HASH), digest!],
        ],
      }),
    ),
    forged(
      "a digest of two values",
      `${READ}a signed attribute has not exactly one value`,
      () => ({
        attributes: ([type]) => [
          type!,
          attribute(OID.messageDigest, WRONG_HASH, WRONG_HASH),
        ],
      }),
    ),
    forged(
      "a signed content type that is not the content's",
      `${READ}the signed content type is not that of the content`,
      () => ({
        attributes: ([, digest]) => [
          attribute(OID.contentType, der.oid(OID.signedData)),
          digest!,
        ],
      }),
    ),
    forged(
      "a content that says to be signed data itself",
      `${READ}the signed content is not plain data`,
      () => ({ contentType: OID.signedData }),
    ),
    forged(
      "a content that says to be an envelope",
      `${READ}the signed content is not plain data`,
      () => ({ contentType: OID.envelopedData }),
    ),
    forged("a second content inside", `${READ}it has two contents`, () => ({
      content: bytes("Content-Type: text/plain\r\n\r\nother"),
    })),
    {
      name: "no content at all",
      error: `${READ}it has a signature but no content`,
      make: ({ honest }) => inside(honest, { content: undefined! }),
    },
    forged(
      "another certificate's hash among the attributes",
      `${SIGNATURE}it was made with another certificate`,
      () => ({
        attributes: (honest) => [
          ...honest,
          attribute(
            OID.signingCertificateV2,
            der.sequence(der.sequence(der.sequence(WRONG_HASH))),
          ),
        ],
      }),
    ),
  ],
};

export const DIGESTS: Chapter = {
  title: "weak and contradicting algorithms",
  messages: [
    {
      name: "SHA-1",
      error: `${SIGNATURE}digest sha1 is too weak`,
      make: signedWith(({ receiver }) => [receiver], "-md", "sha1"),
    },
    {
      name: "MD5",
      error: `${SIGNATURE}digest md5 is too weak`,
      make: signedWith(({ receiver }) => [receiver], "-md", "md5"),
    },
    forged(
      "an unknown digest",
      `${READ}the digest algorithm is not supported`,
      () => ({ digestAlgorithm: der.sequence(der.oid("1.2.3.4")) }),
    ),
    forged(
      "another digest than the signature's",
      `${SIGNATURE}it names both sha256 and sha384 as digest`,
      () => ({
        digestAlgorithm: der.sequence(der.oid(SHA384)),
        attributes: null,
      }),
    ),
    {
      name: "a signature of another kind than the key",
      error: `${SIGNATURE}a key of type ec cannot have made it`,
      make: ({ receiver, honest }) =>
        clear(receiver, {
          sid: sidOf(honest),
          certificates: [honest.certificate.raw],
        }),
    },
    {
      name: "PSS with the defaults of old",
      error: `${SIGNATURE}digest sha1 is too weak`,
      make: signedWith(
        ({ receiver }) => [receiver],
        ...["-md", "sha1", "-keyopt", "rsa_padding_mode:pss"],
      ),
    },
  ],
};
