/**
 * Trust in one authority of a test.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { SsmError } from "../../../lib/errors.ts";
import type { PeerVerifier } from "../../../lib/net/mod.ts";

/** Trusts whom this authority (PEM) has signed itself, under the names that it wrote. */
export function trustIn(authorityPem: string): PeerVerifier {
  const { publicKey } = new X509Certificate(authorityPem);
  return ({ leaf }, host) => {
    const certificate = new X509Certificate(leaf);
    const isNamed = isIP(host) === 0
      ? certificate.checkHost(host)
      : certificate.checkIP(host);
    if (isNamed !== undefined && certificate.verify(publicKey)) return;
    throw new SsmError("TRUST", `Cannot trust "${host}": the test does not`);
  };
}
