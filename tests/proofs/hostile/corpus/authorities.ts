/**
 * Authorities: certificates that nobody should have issued.
 *
 * @module
 */
import { der } from "../../../../lib/asn1/mod.ts";
import type { Signer } from "../../../../lib/smime/mod.ts";
import {
  craftExtension,
  craftName,
} from "../../../kit/pki/craft_certificate.ts";
import {
  type Chapter,
  clear,
  type HostileMessage,
  UNVERIFIED,
} from "../message.ts";
import {
  AUTHORITY_EXTENSIONS,
  authorityConstraints,
  dnOf,
  type HostileSite,
  type IssueOptions,
  keyUsage,
  nameOf,
} from "../site.ts";

const PAST = der.time(new Date("2021-01-01T00:00:00Z"));

/** A certificate of the first of `chain` that says to be a listed signer's, and the chain. */
function signedBelow(
  site: HostileSite,
  ...chain: readonly [Signer, ...Signer[]]
): Promise<Uint8Array> {
  const signer = site.issue(nameOf("honest"), {}, chain[0]);
  return clear(signer, {
    certificates: [signer, ...chain].map(({ certificate }) => certificate.raw),
  });
}

/** An authority below the root, whose operators publish CRLs. */
function below(
  site: HostileSite,
  name: string,
  options: IssueOptions = {},
  issuer?: Signer,
): Signer {
  const authority = site.issue(
    nameOf(name),
    { extensions: AUTHORITY_EXTENSIONS, ...options },
    issuer,
  );
  site.publishCrl(authority);
  return authority;
}

/** A listed name, certified by an authority below the root that differs in this. */
function under(
  name: string,
  error: string | undefined,
  options: IssueOptions,
): HostileMessage {
  return {
    name,
    ...error === undefined ? {} : { error: `${UNVERIFIED}${error}` },
    make: (site) => signedBelow(site, below(site, name, options)),
  };
}

function permitted(...subtree: Uint8Array[]): Uint8Array {
  return craftExtension(
    "2.5.29.30",
    der.sequence(der.context(0, der.sequence(...subtree))),
    true,
  );
}

/** O=Hostile is not below it. */
const ELSEWHERE = der.context(
  4,
  craftName([["2.5.4.6", 0x13, "UK"]], [["2.5.4.10", 0x0c, "Elsewhere"]]),
);

export const AUTHORITIES: Chapter = {
  title: "abuse of authorities",
  messages: [
    under("an authority below the root", undefined, {}),
    {
      name: "a host as an authority",
      error: `${UNVERIFIED}${
        dnOf("unlisted")
      } is not allowed to sign certificates`,
      make: (site) => signedBelow(site, site.unlisted),
    },
    {
      name: "a proxy that a host has issued",
      error: `${UNVERIFIED}${
        dnOf("victim")
      } is not allowed to sign certificates`,
      make: (site) => signedBelow(site, site.victim),
    },
    under(
      "an authority without the mark of one",
      "/C=UK/O=Hostile/CN=an authority without the mark of one is not a certificate authority",
      { extensions: AUTHORITY_EXTENSIONS.slice(1) },
    ),
    under(
      "an authority that may sign CRLs only",
      `${
        dnOf("an authority that may sign CRLs only")
      } is not allowed to sign certificates`,
      { extensions: [AUTHORITY_EXTENSIONS[0]!, keyUsage(0x02)] },
    ),
    {
      name: "an authority below one that allows none",
      error: `${UNVERIFIED}${
        dnOf("no further")
      } allows 0 authorities below itself, not 1`,
      make: (site) => {
        const upper = below(site, "no further", {
          extensions: [authorityConstraints(0), AUTHORITY_EXTENSIONS[1]!],
        });
        return signedBelow(site, below(site, "further", {}, upper), upper);
      },
    },
    under(
      "an authority for other names",
      `${dnOf("honest")} has a name that its authority does not permit`,
      { extensions: [...AUTHORITY_EXTENSIONS, permitted(ELSEWHERE)] },
    ),
    under(
      "an expired authority",
      `${dnOf("an expired authority")} has expired on 2021-01-01T00:00:00.000Z`,
      { notAfter: PAST },
    ),
    {
      name: "a revoked authority",
      error: `${UNVERIFIED}${dnOf("a revoked authority")} is revoked`,
      make: (site) => {
        const authority = below(site, "a revoked authority");
        site.revoke(authority);
        return signedBelow(site, authority);
      },
    },
    {
      name: "an authority without a CRL",
      error: `${UNVERIFIED}no CRL of ${dnOf("silent")} is in the CA directory`,
      make: (site) =>
        signedBelow(
          site,
          site.issue(nameOf("silent"), { extensions: AUTHORITY_EXTENSIONS }),
        ),
    },
    {
      name: "an authority of an attacker",
      error: `${UNVERIFIED}self-signed certificate ${
        dnOf("Mallory")
      } is not in the CA directory`,
      make: (site) => signedBelow(site, site.authority(nameOf("Mallory"))),
    },
    {
      name: "an authority of the root's name",
      error: `${UNVERIFIED}the signature on ${
        dnOf("honest")
      } is not of its issuer`,
      make: (site) => signedBelow(site, site.authority(nameOf("Root"))),
    },
    {
      name: "two authorities that certify each other",
      error: `${UNVERIFIED}no valid issuer ${dnOf("A")} of ${
        dnOf("B")
      } is known`,
      make: (site) => {
        const a = site.authority(nameOf("A"));
        const options = { extensions: AUTHORITY_EXTENSIONS };
        const b = site.issue(nameOf("B"), options, a);
        const again = { ...options, key: a.key.keyObject };
        return signedBelow(site, site.issue(nameOf("A"), again, b), b);
      },
    },
    {
      name: "a chain of thirteen",
      error: `${UNVERIFIED}the chain has more than 12 certificates`,
      make: (site) => {
        const chain = [below(site, "link 0")];
        while (chain.length < 12) {
          const name = `link ${chain.length}`;
          chain.unshift(below(site, name, {}, chain[0]));
        }
        return signedBelow(site, chain[0]!, ...chain.slice(1));
      },
    },
  ],
};
