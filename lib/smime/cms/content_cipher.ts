/**
 * The ciphers of the content: AES through WebCrypto, which alone knows all key
 * sizes; triple DES, for peers of the oldest generation, through node:crypto.
 *
 * Contents may be large: CBC works on them in their own place, piece by piece.
 *
 * @module
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { concatBytes } from "../../bytes.ts";
import { SsmError } from "../../errors.ts";
import type { ContentCipher } from "./algorithms.ts";
import type { Authentication, Envelope } from "./enveloped_data.ts";

/** What a cipher works with besides the content. */
export interface CipherKey {
  readonly key: Uint8Array<ArrayBuffer>;
  /** The IV of CBC, the nonce of GCM. */
  readonly iv: Uint8Array;
}

/** A plaintext, in the place of the ciphertext that will be made of it. */
export interface Unsealed {
  /** As large as {@linkcode ciphertextLength} says; ends up all ciphertext. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** Bytes of plaintext, at the start of the content. */
  readonly length: number;
}

/** What a cipher made. */
type SealedContent = Pick<Envelope, "ciphertext" | "authentication">;

const AES_BLOCK_BYTES = 16;
const DES_BLOCK_BYTES = 8;

/**
 * Whole blocks. Small enough for triple DES, a twentieth of a second's work: it
 * is so slow that heart-beats would be missed if all were done at once.
 */
const PIECE_BYTES = 1 << 19;

/** Bytes that CBC makes of `length` bytes: its padding is never empty (RFC 5652 §6.3). */
export function ciphertextLength(
  { mode }: ContentCipher,
  length: number,
): number {
  const block = mode === "AES-CBC" ? AES_BLOCK_BYTES : DES_BLOCK_BYTES;
  return length - length % block + block;
}

/** CBC with PKCS #7 padding (RFC 5652 §6.3), in place. */
export async function encryptContent(
  cipher: ContentCipher,
  { key, iv }: CipherKey,
  { content, length }: Unsealed,
): Promise<void> {
  if (cipher.mode === "DES-EDE3-CBC") {
    const stream = createCipheriv("des-ede3-cbc", key, iv);
    await run(stream, content, length);
    return;
  }
  const name = cipher.mode;
  const handle = await importAes(key, name, ["encrypt"]);
  let chained = iv.slice();
  for (let at = 0; at < content.length; at += PIECE_BYTES) {
    const piece = content.subarray(at, Math.min(at + PIECE_BYTES, length));
    const sealed = new Uint8Array(
      await crypto.subtle.encrypt({ name, iv: chained }, handle, piece),
    ).subarray(0, PIECE_BYTES);
    // Without the block of padding after a whole piece: only the last piece,
    // which is shorter, and may be empty, keeps its padding.
    content.set(sealed, at);
    chained = sealed.slice(-AES_BLOCK_BYTES);
  }
}

/**
 * Overwrites the ciphertext, even when it fails.
 *
 * Rejects when padding or authentication code are wrong.
 */
export async function decryptContent(
  cipher: ContentCipher,
  { key, iv }: CipherKey,
  { ciphertext, authentication }: SealedContent,
): Promise<Uint8Array> {
  if (cipher.mode === "DES-EDE3-CBC") {
    // Not even padding: node:crypto does not mind.
    if (ciphertext.length === 0) {
      throw new SsmError("DECRYPT", "Cannot decrypt content: it is empty");
    }
    const stream = createDecipheriv("des-ede3-cbc", key, iv);
    return await run(stream, ciphertext, ciphertext.length);
  }
  return authentication
    ? await decryptGcm({ key, iv }, ciphertext, authentication)
    : await decryptCbc({ key, iv }, ciphertext);
}

async function decryptCbc(
  { key, iv }: CipherKey,
  content: Uint8Array,
): Promise<Uint8Array> {
  const name = "AES-CBC";
  const handle = await importAes(key, name, ["encrypt", "decrypt"]);
  const piece = new Uint8Array(
    Math.min(PIECE_BYTES, content.length) + AES_BLOCK_BYTES,
  );
  let chained = iv.slice();
  let at = 0;
  for (; content.length - at > PIECE_BYTES; at += PIECE_BYTES) {
    const end = at + PIECE_BYTES;
    const last = content.slice(end - AES_BLOCK_BYTES, end);
    // Every piece must end with padding: this is the block of it that follows.
    const padding = await crypto.subtle.encrypt(
      { name, iv: last },
      handle,
      new Uint8Array(),
    );
    piece.set(content.subarray(at, end));
    piece.set(new Uint8Array(padding), PIECE_BYTES);
    const opened = await crypto.subtle.decrypt(
      { name, iv: chained },
      handle,
      piece,
    );
    content.set(new Uint8Array(opened), at);
    chained = last;
  }
  const rest = content.subarray(at);
  piece.set(rest);
  const opened = await crypto.subtle.decrypt(
    { name, iv: chained },
    handle,
    piece.subarray(0, rest.length),
  );
  content.set(new Uint8Array(opened), at);
  return content.subarray(0, at + opened.byteLength);
}

/** In one piece, since nothing of it may be used before all is authenticated. */
async function decryptGcm(
  { key, iv }: CipherKey,
  ciphertext: Uint8Array,
  { tag, additionalData }: Authentication,
): Promise<Uint8Array> {
  const sealed = concatBytes([ciphertext, tag]);
  return new Uint8Array(
    await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: iv.slice(),
        additionalData: additionalData.slice(),
        tagLength: tag.length * 8,
      },
      await importAes(key, "AES-GCM", ["decrypt"]),
      sealed,
    ),
  );
}

function importAes(
  key: Uint8Array<ArrayBuffer>,
  name: string,
  uses: KeyUsage[],
): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, name, false, uses);
}

/** In place: a cipher never gives more than it was given, but for the padding at the end. */
async function run(
  stream: ReturnType<typeof createCipheriv | typeof createDecipheriv>,
  content: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  let done = 0;
  const put = (bytes: Uint8Array) => {
    content.set(bytes, done);
    done += bytes.length;
  };
  for (let at = 0; at < length; at += PIECE_BYTES) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    put(
      stream.update(content.subarray(at, Math.min(at + PIECE_BYTES, length))),
    );
  }
  put(stream.final());
  return content.subarray(0, done);
}
