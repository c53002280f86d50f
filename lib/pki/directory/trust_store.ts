/**
 * The CA directory: certificates and CRLs in files named by the hash of their
 * subject, as `openssl rehash` and the IGTF packages lay them out.
 *
 * Files are read when they are asked for and kept until they change, so that a
 * new CRL counts from the moment it is there.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { readAuthorities } from "../certificate/certificate_file.ts";
import {
  type CertificateSource,
  type Verdict,
  verifyChain,
  type VerifyChainOptions,
} from "../path/chain.ts";
import { type Crl, readCrls } from "../revocation/crl.ts";
import { type Name, sameName } from "../certificate/name.ts";
import { SignatureCache } from "../signature/cache.ts";
import { oldSubjectHash, subjectHash } from "./subject_hash.ts";

/** Settings of {@linkcode TrustStore}. */
export interface TrustStoreOptions {
  /** @default the system's clock */
  clock?: (() => Date) | undefined;
  /** Told about each file that cannot be read or understood, and then ignored. */
  onBadFile?: ((path: string, error: SsmError) => void) | undefined;
}

/** Settings of {@linkcode TrustStore.verify}. */
export type StoreVerifyOptions = Omit<
  VerifyChainOptions,
  "now" | "signatures"
>;

/** The largest CRL of the grid has some megabytes. */
const MAX_FILE_BYTES = 64 << 20;
/**
 * Time stamps of files advance in steps; what changed this short a time ago may
 * have changed again under the same stamp. In milliseconds.
 */
const UNSETTLED_MS = 2000;

/** What was read, and how to tell that it is still there. */
interface Kept<T> {
  readonly stamp: string;
  readonly settled: boolean;
  readonly value: T;
}

/** The trusted authorities, with their CRLs. */
export class TrustStore implements CertificateSource {
  readonly #dir: string;
  readonly #clock: () => Date;
  readonly #onBadFile: (path: string, error: SsmError) => void;
  readonly #signatures = new SignatureCache();
  readonly #certificates = new Map<string, Kept<readonly Certificate[]>>();
  readonly #crls = new Map<string, Kept<readonly Crl[]>>();
  /** What was last complained about, by path. */
  readonly #complaints = new Map<string, string>();
  #listing: Kept<ReadonlySet<string>> | undefined;

  /** Opens a directory; nothing is read yet. */
  constructor(dir: string, options: TrustStoreOptions = {}) {
    const { clock = () => new Date(), onBadFile = () => {} } = options;
    this.#dir = dir;
    this.#clock = clock;
    this.#onBadFile = onBadFile;
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
      now: this.#clock(),
      signatures: this.#signatures,
    });
  }

  /**
   * Certificates with this subject.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  find(subject: Name): readonly Certificate[] {
    return this.#byHash(
      subject,
      "",
      (file) =>
        this.#load(file, this.#certificates, readAuthorities)
          .filter((certificate) => sameName(certificate.subject, subject)),
    );
  }

  /**
   * CRLs of this issuer.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read.
   */
  crls(issuer: Name): readonly Crl[] {
    return this.#byHash(
      issuer,
      "r",
      (file) =>
        this.#load(file, this.#crls, readCrls)
          .filter((crl) => sameName(crl.issuer, issuer)),
    );
  }

  /**
   * Makes sure that there is something to trust in.
   *
   * @throws {SsmError} `TRUST` when the directory cannot be read, or has no file
   * that is named as a certificate of an authority is.
   */
  assertUsable(): void {
    for (const name of this.#names()) {
      if (/^[0-9a-f]{8}\.\d+$/.test(name)) return;
    }
    throw new SsmError(
      "TRUST",
      `Cannot use CA directory "${this.#dir}": no file is named by hash, such as 1a2b3c4d.0`,
      { hint: `Run: openssl rehash ${this.#dir}` },
    );
  }

  /** `HASH.0`, `HASH.1`, ... without a gap; by the old hash if the new one has none. */
  #byHash<T>(
    name: Name,
    infix: string,
    load: (file: string) => readonly T[],
  ): readonly T[] {
    const names = this.#names();
    for (const hash of [subjectHash, oldSubjectHash]) {
      const found: T[] = [];
      const stem = `${hash(name)}.${infix}`;
      for (let n = 0; names.has(`${stem}${n}`); n++) {
        found.push(...load(`${stem}${n}`));
      }
      if (found.length > 0) return found;
    }
    return [];
  }

  #names(): ReadonlySet<string> {
    try {
      const stat = Deno.statSync(this.#dir);
      const stamp = stampOf(stat);
      if (!this.#listing?.settled || this.#listing.stamp !== stamp) {
        const settled = this.#isSettled(stat);
        const value = new Set(
          Array.from(Deno.readDirSync(this.#dir), ({ name }) => name),
        );
        this.#listing = { stamp, settled, value };
      }
      return this.#listing.value;
    } catch (cause) {
      throw new SsmError(
        "TRUST",
        `Cannot read CA directory "${this.#dir}": ${reason(cause)}`,
        { cause },
      );
    }
  }

  #load<T>(
    file: string,
    kept: Map<string, Kept<readonly T[]>>,
    read: (bytes: Uint8Array) => readonly T[],
  ): readonly T[] {
    const path = `${this.#dir}/${file}`;
    const before = kept.get(file);
    try {
      const stat = Deno.statSync(path);
      const stamp = stampOf(stat);
      if (before?.settled && before.stamp === stamp) return before.value;
      const settled = this.#isSettled(stat);
      // A file that is not understood is not read again until it changes.
      kept.set(file, { stamp, settled, value: [] });
      if (stat.size > MAX_FILE_BYTES) {
        throw new SsmError("LIMIT", "Cannot read file: it is too large");
      }
      const value = read(Deno.readFileSync(path));
      kept.set(file, { stamp, settled, value });
      this.#complaints.delete(path);
      return value;
    } catch (cause) {
      // What could not be read at all may be readable next time.
      if (!isSsmError(cause)) kept.delete(file);
      this.#complain(path, cause);
      return [];
    }
  }

  /** Once for each new fault, not at each lookup. */
  #complain(path: string, cause: unknown): void {
    const words = reason(cause);
    if (this.#complaints.get(path) === words) return;
    this.#complaints.set(path, words);
    const code = isSsmError(cause) ? cause.code : "TRUST";
    this.#onBadFile(
      path,
      new SsmError(code, `Cannot use "${path}": ${words}`, { cause }),
    );
  }

  #isSettled({ mtime }: Deno.FileInfo): boolean {
    return mtime !== null &&
      Math.abs(this.#clock().getTime() - mtime.getTime()) > UNSETTLED_MS;
  }
}

function stampOf({ mtime, size, ino, dev }: Deno.FileInfo): string {
  return `${mtime?.getTime()}:${size}:${dev}:${ino}`;
}
