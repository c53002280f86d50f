/**
 * Certificates that hold no more, or for something else.
 *
 * @module
 */
import { der } from "../../../../lib/asn1/mod.ts";
import { craftExtension } from "../../../kit/pki/craft_certificate.ts";
import {
  type Chapter,
  clear,
  type HostileMessage,
  UNVERIFIED,
} from "../message.ts";
import {
  dnOf,
  HOST_EXTENSIONS,
  type IssueOptions,
  keyUsage,
  nameOf,
} from "../site.ts";

const PAST = der.time(new Date("2021-01-01T00:00:00Z"));
const FUTURE = der.time(new Date("2039-01-01T00:00:00Z"));

/** A certificate of the root for a listed name that differs in this. */
function leaf(
  name: string,
  error: string,
  options: IssueOptions,
): HostileMessage {
  return {
    name,
    error,
    make: (site) => clear(site.issue(nameOf("honest"), options)),
  };
}

export const HOLDERS: Chapter = {
  title: "certificates that hold no more, or for something else",
  messages: [
    {
      name: "a revoked signer",
      error: `${UNVERIFIED}${dnOf("revoked")} is revoked`,
      make: ({ revoked }) => clear(revoked),
    },
    leaf(
      "an expired signer",
      `${UNVERIFIED}${dnOf("honest")} has expired on 2021-01-01T00:00:00.000Z`,
      { notAfter: PAST },
    ),
    leaf(
      "a signer of the future",
      `${UNVERIFIED}${
        dnOf("honest")
      } is not valid before 2039-01-01T00:00:00.000Z`,
      { notBefore: FUTURE },
    ),
    {
      // RFC 8550 §4.4.2 would have it refused; the originals take it, and a host
      // that could send yesterday must not be turned away by a replacement.
      name: "a signer whose key is for encryption",
      make: (site) =>
        clear(
          site.issue(nameOf("honest"), {
            extensions: [HOST_EXTENSIONS[0]!, keyUsage(0x20)],
          }),
        ),
    },
    {
      name: "a signer whose key is for signatures that last",
      make: (site) =>
        clear(
          site.issue(nameOf("honest"), {
            extensions: [HOST_EXTENSIONS[0]!, keyUsage(0x40)],
          }),
        ),
    },
    leaf(
      "a signer with a critical extension that nobody knows",
      `${UNVERIFIED}${
        dnOf("honest")
      } has a critical extension that is unknown: 1.2.3`,
      {
        extensions: [
          ...HOST_EXTENSIONS,
          craftExtension("1.2.3", der.nullValue(), true),
        ],
      },
    ),
    leaf(
      "a proxy certificate",
      `${UNVERIFIED}${dnOf("honest")} is a proxy certificate`,
      {
        extensions: [
          ...HOST_EXTENSIONS,
          craftExtension("1.3.6.1.5.5.7.1.14", der.sequence(), true),
        ],
      },
    ),
    {
      name: "a self-signed certificate of a listed name",
      error: `${UNVERIFIED}self-signed certificate ${
        dnOf("honest")
      } is not in the CA directory`,
      make: (site) =>
        clear(
          site.authority(nameOf("honest"), { extensions: HOST_EXTENSIONS }),
        ),
    },
  ],
};
