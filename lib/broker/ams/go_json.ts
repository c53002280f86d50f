/**
 * JSON as a server in Go reads it into a structure: names of members in any case,
 * `null` as if there were nothing, unknown members ignored, every other value of
 * another type an error (encoding/json, Unmarshal).
 *
 * @module
 */

/** Members of an object, by their names in small letters. */
export type Members = ReadonlyMap<string, unknown>;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads an object. @throws {SyntaxError} on anything else but `null` */
export function readMembers(bytes: Uint8Array): Members {
  // A body that is nested too deeply is a RangeError.
  try {
    return membersOf(JSON.parse(decoder.decode(bytes)));
  } catch (error) {
    throw new SyntaxError("it is not the JSON that is expected", {
      cause: error,
    });
  }
}

/** The members of what is expected to be an object. @throws {SyntaxError} if it is something else */
export function membersOf(value: unknown): Members {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) throw wrongType();
  return new Map(
    Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]),
  );
}

/** A text; `undefined` when it is not there. @throws {SyntaxError} if it is something else */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongType();
  return value;
}

/** A whole number; `undefined` when it is not there. @throws {SyntaxError} if it is something else */
export function integerOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value)) throw wrongType();
  return value as number;
}

/** A list; `undefined` when it is not there. @throws {SyntaxError} if it is something else */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType();
  return value;
}

/** Texts by name, as they are spelled. @throws {SyntaxError} if it is something else */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrongType();
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, textOf(text) ?? ""]),
  );
}

function wrongType(): SyntaxError {
  return new SyntaxError("it has a value of another type");
}
