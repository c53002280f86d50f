/**
 * What values are to Python 2. SSM1 never ran on another, and its files are written
 * accordingly.
 *
 * @module
 */
import { type ConfigPlace, placeText } from "../config_error.ts";
import type { Ini } from "./parse.ts";

/** A file as Python 2 reads its values. */
export interface Python2Values {
  readonly ini: Ini;
  /** One for each comment behind a value. */
  readonly warnings: readonly string[];
}

/**
 * Takes away comments behind values: what follows a `;` after white space, on the
 * line of the key, if it is the first `;` there. Where there is no `%(name)s`, a
 * percent sign is a percent sign.
 */
export function asPython2(ini: Ini): Python2Values {
  const warnings: string[] = [];
  const read = ini.map(({ name, raw, line }, section) => {
    const [first = "", ...others] = raw.split("\n");
    const comment = /^[^;]*\s(?=;)/.exec(first)?.[0];
    if (comment !== undefined) {
      const place: ConfigPlace = { file: ini.file, line, section, key: name };
      warnings.push(
        `Comment behind the value of ${placeText(place)}: it is left out`,
      );
    }
    const value = [comment?.trimEnd() ?? first, ...others].join("\n");
    return value.includes("%(") ? value : value.replaceAll("%", "%%");
  });
  return { ini: read, warnings };
}
