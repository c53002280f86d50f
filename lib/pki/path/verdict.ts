/**
 * What is said of a certificate: good, bad, or that it cannot be told now.
 *
 * @module
 */
import type { Certificate } from "../certificate/certificate.ts";
import type { Name } from "../certificate/name.ts";
import type { Crl } from "../crl/crl.ts";

/** Kinds of files in a CA directory. */
export type TrustFile = "CA" | "CRL";

/** Where paths find what is trusted: the CA directory. */
export interface CertificateSource {
  /** Certificates with this subject. The self-signed among them are trusted. */
  find(subject: Name): readonly Certificate[];
  /** Revocation lists of this issuer. */
  crls(issuer: Name): readonly Crl[];
  /**
   * Why the answer for this name may be another one soon: a file that cannot be
   * read, a directory that has just been emptied. `undefined` when it is final.
   */
  unread?(kind: TrustFile, name: Name): string | undefined;
}

/** What is not in the CA directory, or not in order there, for the moment. */
export interface Missing {
  readonly what: TrustFile;
  /** The DN of the authority whose it is. */
  readonly authority: string;
}

/**
 * The outcome: the path from the certificate to its root, or why there is none.
 *
 * With `missing` it cannot be told now: something is not in the CA directory, and
 * that is not the fault of the peer that showed the certificate. Once it is there,
 * the same certificate may be good, and should be judged again. Without `missing`
 * the certificate is bad.
 */
export type Verdict =
  | { readonly ok: true; readonly chain: readonly Certificate[] }
  | ({ readonly ok: false } & Fault);

/** Why a path is not valid. */
export interface Fault {
  readonly reason: string;
  /** What would perhaps mend that. */
  readonly missing?: Missing | undefined;
}
