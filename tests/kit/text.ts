/**
 * Text as bytes, and bytes as text.
 *
 * @module
 */

/** UTF-8 of `text`. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** `data` as UTF-8; nothing is the empty text. */
export function text(data?: Uint8Array): string {
  return new TextDecoder().decode(data);
}
