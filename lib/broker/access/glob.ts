/**
 * Patterns as an administrator writes them: `*` is anything, `?` any one character.
 *
 * @module
 */

/** Makes a pattern of such a text; upper and lower case are the same. */
export function glob(pattern: string): (text: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`, "is");
  return (text) => expression.test(text);
}
