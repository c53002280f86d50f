/**
 * The names under which messages travel.
 *
 * The service writes attributes into its records as they come. A quotation mark, a
 * backslash or a control character in one of them makes a record that nobody can
 * read, and no pull gets past it.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Longest id, in characters. */
export const MOST_EMPAID = 200;

/** What travels as it is: names of a dirq, and most names of files. */
const SAFE = /^[A-Za-z0-9._/-]+$/;

/** How much of another name is still readable in the id that replaces it. */
const READABLE = 60;

/** 96 bits: no two names of a site meet. */
const DIGEST_DIGITS = 24;

/**
 * The id under which a file of this name travels.
 *
 * Derived from the name alone, so that a file that is sent again, after a crash and
 * signed anew, has the same id. That files of one name have one id is nothing new: the
 * receiver tells them apart by what is in them.
 */
export function empaidOf(name: string): string {
  if (SAFE.test(name) && name.length <= MOST_EMPAID) return name;
  const readable = name.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, READABLE);
  const digest = createHash("sha256").update(name).digest("hex");
  return `${readable}-${digest.slice(0, DIGEST_DIGITS)}`;
}
