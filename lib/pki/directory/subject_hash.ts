/**
 * The file names of a CA directory: hashes of names, as `openssl rehash` makes them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { canonicalName, type Name } from "../certificate/name.ts";

/** `openssl x509 -subject_hash`: eight hexadecimal digits. */
export function subjectHash(name: Name): string {
  return firstWord(createHash("sha1").update(canonicalName(name)).digest());
}

/** `openssl x509 -subject_hash_old`, as OpenSSL 0.9 had it. */
export function oldSubjectHash(name: Name): string {
  return firstWord(createHash("md5").update(name.raw).digest());
}

/** The first four octets as a little-endian number. */
function firstWord(digest: Uint8Array): string {
  return digest.slice(0, 4).reverse().toHex();
}
