/**
 * Line ends: CRLF for what is signed and encrypted, LF for what is on disk.
 *
 * Transports and tools change line ends freely, so S/MIME digests text with
 * every line end made CRLF (RFC 8551 §3.1.1). Like OpenSSL, any run of CRs
 * before an LF counts as one line end with it; a CR elsewhere is a plain byte.
 *
 * @module
 */

const CR = 0x0d;
const LF = 0x0a;
/** Large enough to keep calls rare, small enough to stay in the cache. */
const CHUNK_BYTES = 1 << 16;

/** Feeds `bytes` with CRLF line ends to `sink`, in chunks that are valid only during the call. */
export function feedCanonical(
  bytes: Uint8Array,
  sink: (chunk: Uint8Array<ArrayBuffer>) => void,
): void {
  feedWithLineEnd(bytes, true, sink);
}

/** `bytes` with CRLF line ends. */
export function toCanonical(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(canonicalLength(bytes));
  put(result, bytes, true);
  return result;
}

/** Size of {@linkcode toCanonical}'s result. */
export function canonicalLength(bytes: Uint8Array): number {
  let length = bytes.length;
  let crs = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === CR) crs++;
    else {
      // One CR in place of all that come before the LF.
      if (byte === LF) length += 1 - crs;
      crs = 0;
    }
  }
  return length;
}

/** Puts {@linkcode toCanonical}'s result at the start of `target`. */
export function putCanonical(target: Uint8Array, bytes: Uint8Array): void {
  put(target, bytes, true);
}

/** `bytes` with LF line ends; the same array when it has no CR. */
export function toLf(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(CR)) return bytes;
  const result = new Uint8Array(bytes.length);
  return result.subarray(0, put(result, bytes, false));
}

/** Returns how many bytes were put. */
function put(target: Uint8Array, bytes: Uint8Array, crlf: boolean): number {
  let at = 0;
  feedWithLineEnd(bytes, crlf, (chunk) => {
    target.set(chunk, at);
    at += chunk.length;
  });
  return at;
}

/** The inner loop of signing and verifying: plain, for speed. */
function feedWithLineEnd(
  bytes: Uint8Array,
  crlf: boolean,
  sink: (chunk: Uint8Array<ArrayBuffer>) => void,
): void {
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, 2 * bytes.length + 2));
  const full = chunk.length - 1;
  let used = 0;
  let pendingCrs = 0;
  for (let i = 0; i < bytes.length; i++) {
    // Room for CR and LF.
    if (used >= full) {
      sink(chunk.subarray(0, used));
      used = 0;
    }
    const byte = bytes[i]!;
    if (byte === CR) {
      pendingCrs++;
    } else if (byte === LF) {
      if (crlf) chunk[used++] = CR;
      chunk[used++] = LF;
      pendingCrs = 0;
    } else if (pendingCrs > 0) {
      // They were plain bytes: one now, and the loop comes here again.
      chunk[used++] = CR;
      pendingCrs--;
      i--;
    } else chunk[used++] = byte;
  }
  if (used > 0) sink(chunk.subarray(0, used));
  chunk.fill(CR);
  for (; pendingCrs > 0; pendingCrs -= chunk.length) {
    sink(chunk.subarray(0, pendingCrs));
  }
}
