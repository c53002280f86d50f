/**
 * Signers: who signed, and whether it can be told at all.
 *
 * @module
 */
import { der } from "../../../../lib/asn1/mod.ts";
import { forgeSignedData } from "../../../kit/smime/forge.ts";
import { bytes } from "../../../kit/text.ts";
import {
  CERTIFICATE,
  type Chapter,
  clear,
  clearSigned,
  ENTITY,
  forged,
  inside,
  notListed,
  READ,
  sidOf,
  SIGNATURE,
  signedWith,
  UNVERIFIED,
} from "../message.ts";
import { dnOf, nameOf } from "../site.ts";

export const SIGNERS: Chapter = {
  title: "forged signers",
  messages: [
    { name: "an honest message", make: ({ honest }) => clear(honest) },
    { name: "an honest opaque message", make: ({ honest }) => inside(honest) },
    {
      name: "an honest message with another's certificate first in the bag",
      make: ({ honest, victim }) =>
        clear(honest, {
          certificates: [victim.certificate.raw, honest.certificate.raw],
        }),
    },
    {
      name: "a listed signer's certificate first in a stranger's bag",
      ...notListed("unlisted"),
      make: ({ unlisted, victim }) =>
        clear(unlisted, {
          certificates: [victim.certificate.raw, unlisted.certificate.raw],
        }),
    },
    {
      name: "a stranger's signature that names a listed signer",
      error: `${SIGNATURE}it was not made by the signer's key`,
      make: (site) =>
        clear(site.unlisted, {
          sid: sidOf(site.victim),
          certificates: [site.victim.certificate.raw],
        }),
    },
    {
      name:
        "a certificate with a listed signer's name, issuer and number, self-made",
      error: `${UNVERIFIED}the signature on ${
        dnOf("victim")
      } is not of its issuer`,
      make: (site) => {
        const { serial } = site.victim.certificate;
        const rogue = site.authority(nameOf("Root"));
        return clear(site.issue(nameOf("victim"), { serial }, rogue));
      },
    },
    {
      name: "the same beside the true one",
      error: `${READ}several certificates fit the signer`,
      make: (site) => {
        const { certificate } = site.victim;
        const rogue = site.authority(nameOf("Root"));
        const { serial } = certificate;
        const twin = site.issue(nameOf("victim"), { serial }, rogue);
        return clear(twin, {
          certificates: [certificate.raw, twin.certificate.raw],
        });
      },
    },
    {
      name: "a listed signer's own signature over another text",
      error: `${SIGNATURE}the content was changed after signing`,
      make: async ({ victim }) =>
        clearSigned(
          ENTITY,
          await forgeSignedData(
            victim,
            bytes("Content-Type: text/plain\r\n\r\nx"),
          ),
        ),
    },
    {
      name: "two signers",
      error: `${READ}it has several signers`,
      make: signedWith(({ honest, victim }) => [honest, victim]),
    },
    forged(
      "one signer twice",
      `${READ}it has several signers`,
      () => ({ signerInfos: (one) => [one, one] }),
    ),
    forged("no signer", `${READ}it has no signer`, () => ({
      signerInfos: () => [],
    })),
    {
      name: "no certificate",
      error: `${READ}the signer's certificate is not included`,
      make: signedWith(({ honest }) => [honest], "-nocerts"),
    },
    forged(
      "only another's certificate",
      `${READ}the signer's certificate is not included`,
      ({ victim }) => ({ certificates: [victim.certificate.raw] }),
    ),
    forged(
      "a broken certificate in the bag",
      `${CERTIFICATE}Cannot read ASN.1 data: certificate is not a triple`,
      ({ honest }) => ({
        certificates: [honest.certificate.raw, der.sequence(der.nullValue())],
      }),
    ),
    forged(
      "51 certificates",
      `${READ}certificates: 51, at most 50 are allowed`,
      ({ honest }) => ({
        certificates: Array<Uint8Array>(51).fill(honest.certificate.raw),
      }),
    ),
  ],
};
