/**
 * Python's `BasicInterpolation`: `%(name)s` and `%%`.
 *
 * @module
 */

/** Python's `MAX_INTERPOLATION_DEPTH`. */
const MAX_DEPTH = 10;

/**
 * Bounds what nested references can grow into, which Python does not.
 * No sane value is near it.
 */
const MAX_LENGTH = 1 << 20;

/** The same for references to nothing but references, which add no length. */
const MAX_REFERENCES = 10_000;

/** A value, or what is wrong with it. */
export type Interpolated =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly problem: string };

/** Replaces the references in `raw` by what `lookup` finds for them. */
export function interpolate(
  raw: string,
  lookup: (name: string) => string | undefined,
): Interpolated {
  let value = "";
  let references = 0;

  /** Returns what is wrong, if anything. */
  function expand(text: string, depth: number): string | undefined {
    if (depth > MAX_DEPTH) return "its %(…)s refer to each other without end";
    let at = 0;
    while (at < text.length) {
      const percent = text.indexOf("%", at);
      const until = percent < 0 ? text.length : percent;
      value += text.slice(at, until);
      if (value.length > MAX_LENGTH) return "its %(…)s make it too long";
      if (percent < 0) break;
      if (text[percent + 1] === "%") {
        value += "%";
        at = percent + 2;
        continue;
      }
      if (text[percent + 1] !== "(") {
        // Not what follows: it may be the rest of a password.
        const found = text.slice(percent, percent + 2);
        return `a % must be followed by % or (, found "${found}"`;
      }
      const reference = /^%\(([^)]+)\)s/.exec(text.slice(percent));
      const name = reference?.[1];
      if (reference === null || name === undefined) {
        return "%( must be followed by a name and )s";
      }
      if (++references > MAX_REFERENCES) return "it has too many %(…)s";
      const found = lookup(name);
      if (found === undefined) return `%(${name})s refers to nothing`;
      if (found.includes("%")) {
        const problem = expand(found, depth + 1);
        if (problem !== undefined) return problem;
      } else {
        value += found;
      }
      at = percent + reference[0].length;
    }
    return undefined;
  }

  const problem = expand(raw, 1);
  return problem === undefined ? { ok: true, value } : { ok: false, problem };
}
