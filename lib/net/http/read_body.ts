/**
 * The body of an answer, whole but limited.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { concatBytes } from "../../bytes.ts";
import { quoted, SsmError } from "../../errors.ts";

/**
 * Reads a body. It is never unpacked, so the limit holds for what is kept.
 *
 * @throws {SsmError} `LIMIT` when it is longer, `HTTP_PROTOCOL` when it is packed
 */
export async function readBody(
  response: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array> {
  const packing = response.headers["content-encoding"] ?? "identity";
  if (packing.toLowerCase() !== "identity") {
    throw new SsmError(
      "HTTP_PROTOCOL",
      `Cannot read the answer: it is packed (${
        quoted(packing.slice(0, 40))
      }), which was not asked for`,
    );
  }
  if (Number(response.headers["content-length"]) > maxBytes) {
    throw tooLong(maxBytes);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong(maxBytes);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function tooLong(maxBytes: number): SsmError {
  return new SsmError(
    "LIMIT",
    `Cannot read the answer: it is longer than ${maxBytes} bytes`,
  );
}
