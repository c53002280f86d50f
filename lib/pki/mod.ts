/**
 * Trust: certificates, private keys, signatures, CA directories, DNs.
 *
 * @module
 */
export * from "./algorithm.ts";
export {
  type Certificate,
  expiresWithin,
  isSelfIssued,
  parseCertificate,
  publicKeyOf,
  readCertificates,
} from "./certificate.ts";
export {
  type CertificateSource,
  type Verdict,
  verifyChain,
  type VerifyChainOptions,
} from "./chain.ts";
export { type Crl, isRevoked, parseCrl, readCrls } from "./crl.ts";
export {
  contextTag,
  derError,
  DerNode,
  readDer,
  type ReadDerOptions,
  TAG,
} from "./der.ts";
export * from "./der_value.ts";
export * as der from "./der_write.ts";
export { dnSpellings, formatDn, isAmbiguousDn } from "./dn.ts";
export { normaliseDn } from "./dn_normalise.ts";
export { type Extensions, KEY_USAGE } from "./extensions.ts";
export type { GeneralName } from "./general_name.ts";
export { type HostNameOptions, isForHost } from "./host_name.ts";
export { type Name, type NameAttribute, readName, sameName } from "./name.ts";
export type { Purpose } from "./path_rules.ts";
export { decodePem, encodePem, type PemBlock } from "./pem.ts";
export { keyMatches, loadPrivateKey, PrivateKey } from "./private_key.ts";
export {
  type Signed,
  verifySignature,
  type VerifySignatureOptions,
} from "./signature.ts";
export { SignatureCache } from "./signature_cache.ts";
export { type SignatureScheme, signatureScheme } from "./signature_scheme.ts";
export { oldSubjectHash, subjectHash } from "./subject_hash.ts";
export {
  type StoreVerifyOptions,
  TrustStore,
  type TrustStoreOptions,
} from "./trust_store.ts";
