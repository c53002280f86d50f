/**
 * Trust: certificates, private keys, signatures, CA directories, DNs.
 *
 * @module
 */
export {
  type Certificate,
  expiresWithin,
  isSelfIssued,
  parseCertificate,
  publicKeyOf,
} from "./certificate/certificate.ts";
export {
  readAuthorities,
  readCertificates,
  writeCertificates,
} from "./certificate/certificate_file.ts";
export { verifyChain, type VerifyChainOptions } from "./path/chain.ts";
export type {
  CertificateSource,
  Missing,
  TrustFile,
  Verdict,
} from "./path/verdict.ts";
export { type Crl, isRevoked, parseCrl, readCrls } from "./revocation/crl.ts";
export { dnSpellings, formatDn, isAmbiguousDn } from "./certificate/dn.ts";
export { normaliseDn } from "./certificate/dn_normalise.ts";
export { type Extensions, KEY_USAGE } from "./certificate/extensions.ts";
export type { GeneralName } from "./certificate/general_name.ts";
export { type HostNameOptions, isForHost } from "./certificate/host_name.ts";
export {
  type Name,
  type NameAttribute,
  readName,
  sameName,
} from "./certificate/name.ts";
export type { Purpose } from "./path/path_rules.ts";
export { keyMatches, loadPrivateKey, PrivateKey } from "./key/private.ts";
export {
  type Signed,
  verifySignature,
  type VerifySignatureOptions,
} from "./signature/verify.ts";
export { SignatureCache } from "./signature/cache.ts";
export { type SignatureScheme, signatureScheme } from "./signature/scheme.ts";
export { oldSubjectHash, subjectHash } from "./directory/subject_hash.ts";
export {
  type StoreVerifyOptions,
  TrustStore,
  type TrustStoreOptions,
} from "./directory/trust_store.ts";
