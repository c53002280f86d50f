/**
 * Warnings of values that can be used, but may not mean what their author thinks.
 *
 * @module
 */
import { type ConfigPlace, placeText } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { findKey, keyPlace, type Table } from "../schema/keys.ts";

/**
 * One warning for each such value of the keys of `tables`. A value itself is
 * quoted only by its kind: it may be a password.
 */
export function valueWarnings(
  ini: Ini,
  tables: Readonly<Record<string, Table>>,
): string[] {
  const warnings: string[] = [];
  for (const [section, table] of Object.entries(tables)) {
    for (const key of Object.values(table)) {
      const option = findKey(ini, section, key);
      if (option === undefined) continue;
      const text = ini.get(section, option.name) ?? "";
      const place = keyPlace(ini, section, key);
      const remark = key.remark(text);
      if (remark !== undefined) {
        warnings.push(`Odd value of ${placeText(place)}: ${remark}`);
      }
      warnings.push(...takenLiterally(text, place));
    }
  }
  return warnings;
}

/** Python's parser, and so this one, knows neither quotes nor comments behind a value. */
function takenLiterally(text: string, place: ConfigPlace): string[] {
  const warnings: string[] = [];
  if (/^(["'])[^]*\1$/.test(text) && text.length > 1) {
    warnings.push(
      `Quotes around the value of ${
        placeText(place)
      }: they are part of it, leave them out`,
    );
  }
  const [, sign] = /[ \t]([#;])/.exec(text) ?? [];
  if (sign !== undefined) {
    warnings.push(
      `${sign} in the value of ${
        placeText(place)
      }: what follows is part of it, a comment needs a line of its own`,
    );
  }
  return warnings;
}
