/**
 * Trusted CAs in one file, in the place of a directory.
 *
 * @module
 */
import { quoted, reason, SsmError } from "../errors.ts";
import { decodePem } from "../asn1/mod.ts";
import {
  type CertificateSource,
  parseCrl,
  readAuthorities,
  sameName,
  type TrustStore,
  verifyChain,
} from "../pki/mod.ts";
import { type Clock, systemClock } from "../time/mod.ts";

/** What judges certificates, wherever its CAs are. */
export type Trust = Pick<TrustStore, "verify">;

/**
 * Trusts the certificates in a file, and knows the CRLs in it, as they are now.
 *
 * @throws {SsmError} `TRUST` when there is no certificate in it
 */
export function openCaFile(path: string, clock: Clock = systemClock): Trust {
  try {
    const file = Deno.readFileSync(path);
    const certificates = readAuthorities(file);
    const crls = decodePem(file)
      .filter(({ label }) => label === "X509 CRL")
      .map(({ bytes }) => parseCrl(bytes));
    const source = {
      find: (subject) =>
        certificates.filter((ca) => sameName(ca.subject, subject)),
      crls: (issuer) => crls.filter((crl) => sameName(crl.issuer, issuer)),
    } satisfies CertificateSource;
    return {
      verify: (leaf, others = [], options = {}) =>
        verifyChain(leaf, others, { ...options, source, now: clock.date() }),
    };
  } catch (cause) {
    throw new SsmError(
      "TRUST",
      `Cannot use ${quoted(path)}: ${reason(cause)}`,
      {
        cause,
      },
    );
  }
}
