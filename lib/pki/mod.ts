/**
 * Trust: certificates, private keys, signatures, CA directories, DNs.
 *
 * @module
 */
export {
  type Certificate,
  expiresWithin,
  parseCertificate,
} from "./certificate/certificate.ts";
export {
  readAuthorities,
  readCertificates,
  writeCertificates,
} from "./certificate/certificate_file.ts";
export { verifyChain } from "./path/chain.ts";
export type { CertificateSource, Missing, Verdict } from "./path/verdict.ts";
export { parseCrl } from "./crl/crl.ts";
export {
  CRL_DATES_BYTES,
  type CrlDates,
  readCrlDates,
} from "./crl/crl_dates.ts";
export { dnSpellings, formatDn, isAmbiguousDn } from "./certificate/dn.ts";
export { normaliseDn } from "./certificate/dn_normalise.ts";
export { isForHost } from "./certificate/host_name.ts";
export { sameName } from "./certificate/name.ts";
export { keyMatches, loadPrivateKey, PrivateKey } from "./key/private.ts";
export { verifySignature } from "./signature/verify.ts";
export { subjectHash } from "./directory/subject_hash.ts";
export { TrustStore } from "./directory/trust_store.ts";
