/**
 * How the embedded broker speaks TLS, and which clients it trusts.
 *
 * @module
 */
import type { StompserverConfig } from "../config/mod.ts";
import { reason, SsmError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ServerTlsOptions } from "../net/mod.ts";
import {
  type Certificate,
  type CertificateSource,
  decodePem,
  parseCertificate,
  parseCrl,
  readCertificates,
  sameName,
  type Verdict,
  verifyChain,
} from "../pki/mod.ts";
import { loadIdentity } from "./identity.ts";
import { openTrustStore } from "./trust.ts";

/** Judges a client's certificate. */
type Judge = (
  leaf: Certificate,
  others: readonly Certificate[],
) => Promise<Verdict>;

/**
 * What the listener is told of TLS; `undefined` without.
 *
 * @throws {SsmError} when certificate, key or CA cannot be used.
 */
export function brokerTls(
  config: StompserverConfig,
  log: Logger,
): ServerTlsOptions | undefined {
  const { tls, certificate, key, keyPassphraseFile } = config;
  if (tls === "off") return undefined;
  const { keyPair } = loadIdentity({
    certificate: certificate!,
    key: key!,
    keyPassphraseFile,
  }, new Date());
  if (tls === "on") return { keyPair, clientCertificate: "none" };
  const judge = config.caFile === undefined
    ? judgeByDirectory(config, log)
    : judgeByFile(config.caFile, config);
  return {
    keyPair,
    clientCertificate: "required",
    verify: async ({ leaf, others }) => {
      const verdict = await judge(
        parseCertificate(leaf),
        others.map(parseCertificate),
      );
      if (!verdict.ok) {
        throw new SsmError("TRUST", `Cannot trust client: ${verdict.reason}`);
      }
    },
  };
}

function judgeByDirectory(
  { capath, checkCrls }: StompserverConfig,
  log: Logger,
): Judge {
  const trust = openTrustStore(capath!, (words) => log.warning(words));
  return (leaf, others) =>
    trust.verify(leaf, others, { checkCrls, purpose: "clientAuth" });
}

function judgeByFile(path: string, { checkCrls }: StompserverConfig): Judge {
  const source = readSource(path);
  return (leaf, others) =>
    verifyChain(leaf, others, {
      source,
      checkCrls,
      purpose: "clientAuth",
      now: new Date(),
    });
}

/** The certificates and CRLs of one file, as it is now. */
function readSource(path: string): CertificateSource {
  try {
    const pem = Deno.readTextFileSync(path);
    const certificates = readCertificates(pem);
    const crls = decodePem(pem)
      .filter(({ label }) => label === "X509 CRL")
      .map(({ bytes }) => parseCrl(bytes));
    return {
      find: (subject) =>
        certificates.filter((ca) => sameName(ca.subject, subject)),
      crls: (issuer) => crls.filter((crl) => sameName(crl.issuer, issuer)),
    };
  } catch (cause) {
    throw new SsmError("TRUST", `Cannot use ${path}: ${reason(cause)}`, {
      cause,
    });
  }
}
