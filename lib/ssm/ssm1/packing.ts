/**
 * How SSM1 wraps a file before it is signed: zlib, then base64 in lines of 76
 * digits. Any bytes travel, and come back as they were.
 *
 * node:zlib rather than a library of JavaScript: it is part of Deno, works in
 * another thread, and stops at the limit of a bomb before it has unpacked it.
 *
 * @module
 */
import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import { reason, SsmError, systemCode } from "../../errors.ts";
import { decodeBase64, encodeBase64 } from "../../smime/mod.ts";

const COLUMNS = 76;

const deflateAsync = promisify(deflate) as (
  bytes: Uint8Array,
) => Promise<Uint8Array>;
const inflateAsync = promisify(inflate) as (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
) => Promise<Uint8Array>;

/** What SSM1 signs for a file. */
export async function pack(payload: Uint8Array): Promise<Uint8Array> {
  return encodeBase64(await deflateAsync(payload), COLUMNS);
}

/**
 * The file that was packed.
 *
 * @param maxBytes the largest file that is wanted
 * @throws {SsmError} `MIME` when it is no base64 or no zlib data; `LIMIT`
 */
export async function unpack(
  packed: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  const compressed = decodeBase64(packed);
  try {
    return await inflateAsync(compressed, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (systemCode(cause) === "ERR_BUFFER_TOO_LARGE") {
      throw new SsmError(
        "LIMIT",
        `Cannot unpack message: it is larger than ${maxBytes} bytes`,
      );
    }
    throw new SsmError("MIME", `Cannot unpack message: ${reason(cause)}`, {
      cause,
    });
  }
}
