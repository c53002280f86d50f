/**
 * What the formats of accounting messages have in common: something before the
 * records, the records, something after them.
 *
 * @module
 */

/**
 * Where the records of a document are, in bytes.
 *
 * Everything up to the end of a record that is not the record before belongs to it:
 * so head, records and tail are all of the document, except for the separators.
 */
export interface Outline {
  /** End of what stands before the first record, and is repeated in every part. */
  readonly headEnd: number;
  /** The end of each record, in order; after the last one the tail begins, which is repeated, too. */
  readonly ends: readonly number[];
  /** How many bytes between two records are neither's. */
  readonly separatorBytes: number;
}

/** Why a document cannot be split; completes "it cannot be split: …". */
export interface Unsplittable {
  readonly why: string;
}

/** Thrown within this folder where a scanner does not go on; a value everywhere else. */
export class NotUnderstood extends Error {
  override name = "NotUnderstood";
}

/** The outline that `scan` finds. */
export function outlineOf(scan: () => Outline): Outline | Unsplittable {
  try {
    const outline = scan();
    return outline.ends.length === 0 ? { why: "it has no records" } : outline;
  } catch (error) {
    if (error instanceof NotUnderstood) return { why: error.message };
    throw error;
  }
}

/** Whether a byte is white space to XML, JSON and the text format alike. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The first byte at or after `at` that is no white space, or the end. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  while (isSpace(bytes[at])) at++;
  return at;
}

/** A name from a document, for a sentence of the log. */
export function shown(name: string): string {
  return name.replaceAll(/[^\w:.-]/g, "?").slice(0, 60);
}
