/**
 * The ciphers of the content: AES through WebCrypto, which alone knows all key
 * sizes; triple DES, for peers of the oldest generation, through node:crypto.
 *
 * @module
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { ContentCipher } from "./algorithms.ts";
import type { Envelope } from "./enveloped_data.ts";

/** What a cipher made. */
type SealedContent = Pick<Envelope, "ciphertext" | "authentication">;

/** CBC with PKCS #7 padding (RFC 5652 §6.3). */
export async function encryptContent(
  cipher: ContentCipher,
  key: Uint8Array<ArrayBuffer>,
  iv: Uint8Array<ArrayBuffer>,
  plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  if (cipher.mode === "DES-EDE3-CBC") {
    return await run(createCipheriv("des-ede3-cbc", key, iv), plaintext);
  }
  const handle = await importAes(key, cipher.mode, "encrypt");
  return new Uint8Array(
    await crypto.subtle.encrypt({ name: cipher.mode, iv }, handle, plaintext),
  );
}

/** Rejects when padding or authentication code are wrong. */
export async function decryptContent(
  cipher: ContentCipher,
  key: Uint8Array<ArrayBuffer>,
  iv: Uint8Array,
  { ciphertext, authentication }: SealedContent,
): Promise<Uint8Array> {
  if (cipher.mode === "DES-EDE3-CBC") {
    return await run(createDecipheriv("des-ede3-cbc", key, iv), ciphertext);
  }
  const handle = await importAes(key, cipher.mode, "decrypt");
  if (!authentication) {
    return new Uint8Array(
      await crypto.subtle.decrypt(
        { name: cipher.mode, iv: iv.slice() },
        handle,
        asBufferSource(ciphertext),
      ),
    );
  }
  const { tag, additionalData } = authentication;
  const sealed = new Uint8Array(ciphertext.length + tag.length);
  sealed.set(ciphertext);
  sealed.set(tag, ciphertext.length);
  return new Uint8Array(
    await crypto.subtle.decrypt(
      {
        name: cipher.mode,
        iv: iv.slice(),
        additionalData: additionalData.slice(),
        tagLength: tag.length * 8,
      },
      handle,
      sealed,
    ),
  );
}

function importAes(
  key: Uint8Array<ArrayBuffer>,
  name: string,
  use: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, name, false, [use]);
}

const DES_BLOCK_BYTES = 8;

/** A tenth of a second's work. */
const PIECE_BYTES = 1 << 20;

/**
 * Into one buffer: these may be large. Piece by piece, because triple DES is so
 * slow that heart-beats would be missed meanwhile.
 */
async function run(
  stream: ReturnType<typeof createCipheriv | typeof createDecipheriv>,
  input: Uint8Array,
): Promise<Uint8Array> {
  const output = new Uint8Array(input.length + DES_BLOCK_BYTES);
  let length = 0;
  const put = (bytes: Uint8Array) => {
    output.set(bytes, length);
    length += bytes.length;
  };
  for (let at = 0; at < input.length; at += PIECE_BYTES) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    put(stream.update(input.subarray(at, at + PIECE_BYTES)));
  }
  put(stream.final());
  return output.subarray(0, length);
}

/** WebCrypto wants it said that a view is not on shared memory. */
function asBufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
}
