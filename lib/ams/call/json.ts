/**
 * JSON as Go writes and reads it: a key is found whatever its case, `null` is
 * nothing, and what comes from a server may have any shape.
 *
 * @module
 */

/** The value that some text is in JSON; `undefined` when it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * The value of a key; the one in exactly this case before others.
 *
 * @returns `undefined` when there is none, when it is `null`, or when `value` is no object
 */
export function field(value: unknown, name: string): unknown {
  return member(value, name) ?? undefined;
}

/** The list of a key, empty for `null`, which Go writes for a list of nothing; `undefined` when there is none. */
export function listField(
  value: unknown,
  name: string,
): readonly unknown[] | undefined {
  const found = member(value, name);
  if (found === null) return [];
  return Array.isArray(found) ? found : undefined;
}

/** The text of a key; `undefined` when it is no text. */
export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === "string" ? found : undefined;
}

/** A whole number that is not negative, as a number or as text; `undefined` when it is none. */
export function countField(value: unknown, name: string): bigint | undefined {
  const found = field(value, name);
  if (typeof found === "string") return count(found);
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0
    ? BigInt(found)
    : undefined;
}

/** The number that some digits are, up to what 64 bits with a sign hold; `undefined` for anything else. */
export function count(digits: string): bigint | undefined {
  if (!/^\d{1,19}$/.test(digits)) return undefined;
  const value = BigInt(digits);
  return value < 1n << 63n ? value : undefined;
}

/** Whether it is an object with keys, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(value: unknown, name: string): unknown {
  if (!isRecord(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  const wanted = name.toLowerCase();
  const key = Object.keys(value).find((key) => key.toLowerCase() === wanted);
  return key === undefined ? undefined : value[key];
}
