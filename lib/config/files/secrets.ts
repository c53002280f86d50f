/**
 * Passwords and the like that stand in a configuration file itself.
 *
 * @module
 */
import type { Ini } from "../ini/parse.ts";
import { findKey, type Table } from "../schema/keys.ts";

/** The keys of `tables` with a secret in the file, as they are called there. */
export function secretsIn(
  ini: Ini,
  tables: Readonly<Record<string, Table>>,
): string[] {
  return Object.entries(tables).flatMap(([section, table]) =>
    Object.values(table)
      .filter((key) => key.isSecret)
      .map((key) => findKey(ini, section, key)?.name)
      .filter((name) => name !== undefined)
      .filter((name) => ini.get(section, name) !== "")
  );
}
