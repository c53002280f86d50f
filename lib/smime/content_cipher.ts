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
    return finish(createCipheriv("des-ede3-cbc", key, iv), plaintext);
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
    return finish(createDecipheriv("des-ede3-cbc", key, iv), ciphertext);
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

/** Into one buffer: these may be large. */
function finish(
  stream: ReturnType<typeof createCipheriv | typeof createDecipheriv>,
  input: Uint8Array,
): Uint8Array {
  const body = stream.update(input);
  const tail = stream.final();
  const output = new Uint8Array(body.length + tail.length);
  output.set(body);
  output.set(tail, body.length);
  return output;
}

/** WebCrypto wants it said that a view is not on shared memory. */
function asBufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
}
