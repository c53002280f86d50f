/**
 * The CA directory: certificates and CRLs in files named by the hash of their
 * subject, as `openssl rehash` and the IGTF packages lay them out.
 *
 * Files are read when they are asked for and kept until they change, so that a
 * new CRL counts from the moment it is there.
 *
 * @module
 */
import { quoted, SsmError } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { readAuthorities } from "../certificate/certificate_file.ts";
import { verifyChain, type VerifyChainOptions } from "../path/chain.ts";
import type { CertificateSource, TrustFile, Verdict } from "../path/verdict.ts";
import { type CurrentCrl, currentCrl } from "../path/revocation.ts";
import { type Crl, readCrls } from "../crl/crl.ts";
import { type Name, sameName } from "../certificate/name.ts";
import { SignatureCache } from "../signature/cache.ts";
import { CaFiles, CaListing, type Content } from "./ca_files.ts";
import { oldSubjectHash, subjectHash } from "./subject_hash.ts";

/** Settings of {@linkcode TrustStore}. */
export interface TrustStoreOptions {
  /** @default the system's clock */
  clock?: Clock | undefined;
  /** Told about each file that cannot be read or understood, and then ignored. */
  onBadFile?: ((path: string, error: SsmError) => void) | undefined;
}

/** Settings of {@linkcode TrustStore.verify}. */
export type StoreVerifyOptions = Omit<
  VerifyChainOptions,
  "now" | "signatures"
>;

/** A file that is named as a certificate of an authority is. */
const CA_FILE = /^[0-9a-f]{8}\.\d+$/;
/** The same, or a CRL. */
const HASHED_FILE = /^[0-9a-f]{8}\.r?\d+$/;

/** The trusted authorities, with their CRLs. */
export class TrustStore implements CertificateSource {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #signatures = new SignatureCache();
  readonly #listing: CaListing;
  readonly #certificates: CaFiles<Certificate>;
  readonly #crls: CaFiles<Crl>;
  /** Hashes of the subjects that were found here. */
  readonly #seen = new Set<string>();

  /** Opens a directory; nothing is read yet. */
  constructor(dir: string, options: TrustStoreOptions = {}) {
    const { clock = systemClock, onBadFile = () => {} } = options;
    const fileOptions = { clock, onBadFile };
    this.#dir = dir;
    this.#clock = clock;
    this.#listing = new CaListing(dir, fileOptions);
    this.#certificates = new CaFiles(dir, readAuthorities, fileOptions);
    this.#crls = new CaFiles(dir, readCrls, fileOptions);
  }

  /**
   * Does a valid path lead from `leaf` to a root of this directory, now?
   *
   * @param intermediates Certificates that came along; helpful, never trusted.
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  async verify(
    leaf: Certificate,
    intermediates: readonly Certificate[] = [],
    options: StoreVerifyOptions = {},
  ): Promise<Verdict> {
    return await verifyChain(leaf, intermediates, {
      ...options,
      source: this,
      now: this.#clock.date(),
      signatures: this.#signatures,
    });
  }

  /**
   * Certificates with this subject.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  find(subject: Name): readonly Certificate[] {
    const { found } = this.#authorities(subject);
    if (found.length > 0) this.#seen.add(subjectHash(subject));
    return found;
  }

  /**
   * CRLs of this issuer.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  crls(issuer: Name): readonly Crl[] {
    return this.#revocations(issuer).found;
  }

  /**
   * The certificates in all files that are named as those of authorities are.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  authorities(): Certificate[] {
    const found = [...this.#listing.names()].filter((name) =>
      CA_FILE.test(name)
    ).sort().flatMap((file) => this.#certificates.read(file).found);
    // Files by the old hash are often links to those by the new one.
    return [
      ...new Map(found.map((one) => [one.raw.toHex(), one])).values(),
    ];
  }

  /**
   * The CRL of an authority that counts now, or why there is none.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  async currentCrl(authority: Certificate): Promise<CurrentCrl> {
    return await currentCrl(authority, {
      source: this,
      now: this.#clock.date(),
      signatures: this.#signatures,
    });
  }

  /**
   * Why more than is found now may be found soon: a file of that name cannot be
   * used, the directory has been emptied, or an authority has gone from it since
   * it was used last, as when a package is being updated.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  unread(kind: TrustFile, name: Name): string | undefined {
    if (kind === "CRL") return this.#revocations(name).unread;
    const { found, unread } = this.#authorities(name);
    if (found.length > 0 || unread !== undefined) return unread;
    if (!this.#hasAuthorities()) {
      return `no file in CA directory ${quoted(this.#dir)} is named by hash`;
    }
    return this.#seen.has(subjectHash(name))
      ? `it has gone from CA directory ${quoted(this.#dir)}`
      : undefined;
  }

  /**
   * What the directory looks like from outside: another text when a file in it has
   * come, gone or changed.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  state(): string {
    return this.#listing.state((name) => HASHED_FILE.test(name));
  }

  /**
   * Makes sure that there is something to trust in.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read, or has no file
   * that is named as a certificate of an authority is.
   */
  assertUsable(): void {
    if (this.#hasAuthorities()) return;
    throw new SsmError(
      "TRUST",
      `Cannot use CA directory ${
        quoted(this.#dir)
      }: no file is named by hash, such as 1a2b3c4d.0`,
      { hint: `Run: openssl rehash ${this.#dir}` },
    );
  }

  #hasAuthorities(): boolean {
    return [...this.#listing.names()].some((name) => CA_FILE.test(name));
  }

  #authorities(subject: Name): Content<Certificate> {
    return this.#byHash(
      subject,
      "",
      (file) => this.#certificates.read(file),
      (certificate) => sameName(certificate.subject, subject),
    );
  }

  #revocations(issuer: Name): Content<Crl> {
    return this.#byHash(
      issuer,
      "r",
      (file) => this.#crls.read(file),
      (crl) => sameName(crl.issuer, issuer),
    );
  }

  /** `HASH.0`, `HASH.1`, ... without a gap; by the old hash if the new one has none. */
  #byHash<T>(
    name: Name,
    infix: string,
    read: (file: string) => Content<T>,
    fits: (item: T) => boolean,
  ): Content<T> {
    const names = this.#listing.names();
    let unread: string | undefined;
    for (const hash of [subjectHash, oldSubjectHash]) {
      const found: T[] = [];
      const stem = `${hash(name)}.${infix}`;
      for (let n = 0; names.has(`${stem}${n}`); n++) {
        const content = read(`${stem}${n}`);
        found.push(...content.found.filter(fits));
        unread ??= content.unread;
      }
      if (found.length > 0) return { found, unread };
    }
    return { found: [], unread };
  }
}
