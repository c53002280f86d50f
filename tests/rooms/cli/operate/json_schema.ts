/**
 * The documents for programs as docs/operating.md describes them.
 *
 * @module
 */
import assert from "node:assert/strict";

/** What one field is to be, by its path, such as `reject.groups[].count`. */
export type Schema = ReadonlyMap<string, string>;

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Whether a value is of a kind. */
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  "text": (value) => typeof value === "string",
  "number": (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  "time": (value) => typeof value === "string" && ISO.test(value),
  "yes or no": (value) => typeof value === "boolean",
  "object": (value) => typeof value === "object" && value !== null,
  "null": (value) => value === null,
};

/** The tables of the page, by the command in their headings. */
export async function readSchemas(): Promise<ReadonlyMap<string, Schema>> {
  const page = new URL("../../../../docs/operating.md", import.meta.url);
  const schemas = new Map<string, Schema>();
  const sections = (await Deno.readTextFile(page)).split(/^### /m).slice(1);
  for (const section of sections) {
    const [heading = ""] = section.split("\n");
    const rows = section.matchAll(/^\| `([^`]+)` +\| ([^|]*?) +\|/gm);
    const schema = new Map(
      Array.from(rows, ([, path, type]) => [path!, type!]),
    );
    for (const [, command] of heading.matchAll(/`([^`]+)`/g)) {
      schemas.set(command!, schema);
    }
  }
  return schemas;
}

/**
 * Every field is in the table, and of its kind; and every field of the table is there, unless it says "if".
 *
 * @returns the paths of what is there
 */
export function assertSchema(
  document: unknown,
  schema: Schema,
): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (value: unknown, path: string) => {
    const type = schema.get(path);
    seen.add(path);
    if (type !== undefined) {
      const [kinds = ""] = type.split(", if ");
      const isOne = kinds.split(/ or (?!no)/).some((kind) =>
        (KINDS[kind] ?? assert.fail(`no kind of value: ${kind}`))(value)
      );
      assert.ok(isOne, `${path} is to be ${type}: ${JSON.stringify(value)}`);
    }
    if (Array.isArray(value)) {
      for (const one of value) visit(one, `${path}[]`);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        visit(inner, path === "" ? name : `${path}.${name}`);
      }
    } else assert.ok(type !== undefined, `${path} is not in the table`);
  };
  visit(document, "");
  for (const [path, type] of schema) {
    // A list without members tells nothing of them.
    if (type.includes(", if ") || path.includes("[]")) continue;
    assert.ok(
      seen.has(path),
      `${path} is in the table, and not in the document`,
    );
  }
  return seen;
}
