/**
 * Until when certificates and CRLs are good. Nothing is verified here, and no key is read.
 *
 * @module
 */
import { quoted, reason, SsmError } from "../../errors.ts";
import {
  CRL_DATES_BYTES,
  type CrlDates,
  formatDn,
  readCertificates,
  readCrlDates,
} from "../../pki/mod.ts";
import type { CertificateStatus, CrlsStatus } from "./document.ts";

/**
 * The certificate of a host in a file that may hold those of its authorities, too.
 *
 * @throws {SsmError} `CERTIFICATE` when it cannot be read
 */
export function certificatePart(path: string, now: number): CertificateStatus {
  const all = readCertificates(read(path));
  const hosts = all.filter(({ extensions }) =>
    !extensions.basicConstraints?.ca
  );
  // After a renewal with the same key a file may have the old one, too.
  const { subject, notAfter } = (hosts.length > 0 ? hosts : all)
    .reduce((best, one) => one.notAfter > best.notAfter ? one : best);
  return {
    path,
    dn: formatDn(subject),
    not_after: notAfter.toISOString(),
    seconds_left: secondsUntil(notAfter, now),
  };
}

function read(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    throw new SsmError("CERTIFICATE", `Cannot read ${quoted(path)}`, { cause });
  }
}

/** Files are named by the hash of the issuer, as `openssl rehash` does. */
const CRL_FILE = /^[0-9a-f]{8}\.r\d+$/;

/**
 * The CRLs of a CA directory. A file that is no CRL counts as one that has expired.
 *
 * @throws {SsmError} `TRUST` when the directory cannot be read
 */
export function crlsPart(path: string, now: number): CrlsStatus {
  let files = 0;
  let expired = 0;
  let first: (CrlDates & { nextUpdate: Date }) | undefined;
  const seen = new Set<string>();
  for (const name of namesIn(path).filter((name) => CRL_FILE.test(name))) {
    // One file may have the name by the old hash as well.
    const file = Deno.realPathSync(`${path}/${name}`);
    if (seen.has(file)) continue;
    seen.add(file);
    files++;
    const dates = datesIn(file);
    const { nextUpdate } = dates ?? {};
    if (!dates || (nextUpdate && nextUpdate.getTime() <= now)) expired++;
    if (!dates || !nextUpdate) continue;
    if (!first || nextUpdate < first.nextUpdate) {
      first = { ...dates, nextUpdate };
    }
  }
  return {
    ...{ path, files, expired },
    first: first === undefined ? null : {
      issuer: formatDn(first.issuer),
      next_update: first.nextUpdate.toISOString(),
      seconds_left: secondsUntil(first.nextUpdate, now),
    },
  };
}

function namesIn(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
  } catch (cause) {
    throw new SsmError(
      "TRUST",
      `Cannot read CA directory ${quoted(path)}: ${reason(cause)}`,
      { cause },
    );
  }
}

function datesIn(path: string): CrlDates | undefined {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(CRL_DATES_BYTES);
    return readCrlDates(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch {
    return undefined;
  }
}

function secondsUntil(time: Date, now: number): number {
  return Math.floor((time.getTime() - now) / 1000);
}
