/**
 * Warnings of what in an SSM1 file may not mean what its author thinks.
 *
 * @module
 */
import { placeText } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { findKey, type Key, keyPlace } from "../schema/keys.ts";
import { valueWarnings } from "../files/value_warnings.ts";
import { unknownKeys } from "../files/unknown_keys.ts";
import { SSM1_TABLES } from "./tables.ts";

/** Keys of a sender's file that mean nothing here. */
const WITHOUT_EFFECT = {
  split:
    "SSM1 never splits a file, for its consumer acknowledges the whole by its digest",
};

/** One warning for each such place. @throws {ConfigError} as `Ini.get` does. */
export function ssm1FileWarnings(ini: Ini): string[] {
  return [
    ...unknownKeys(ini, { roles: [SSM1_TABLES], reasons: WITHOUT_EFFECT }),
    ...valueWarnings(ini, SSM1_TABLES),
    ...unusualNames(ini),
    ...looseWords(ini),
  ];
}

function unusualNames(ini: Ini): string[] {
  const key = { name: "capath", aliases: [] };
  if (!findKey(ini, "certificates", key)) return [];
  const place = placeText(keyPlace(ini, "certificates", key));
  return [`Unusual key ${place}: it is taken for "cadir"`];
}

/** Where the original compares with one word, and every other word is its opposite. */
const LOOSE: readonly (readonly [section: string, key: Key<boolean>])[] = [
  ["broker", SSM1_TABLES.broker.useTls],
  ["broker", SSM1_TABLES.broker.usePassword],
  ["certificates", SSM1_TABLES.certificates.checkCrls],
  ["messagedb", SSM1_TABLES.messagedb.test],
];

function looseWords(ini: Ini): string[] {
  return LOOSE.flatMap(([section, key]) => {
    const name = findKey(ini, section, key)?.name ?? key.name;
    const written = ini.get(section, name) ?? "";
    const value = key.parse(written)?.value;
    if (value === undefined || written === String(value)) return [];
    const place = placeText(keyPlace(ini, section, key));
    return [
      `Loose value of ${place}: "${written}" is taken for ${value}, write true or false`,
    ];
  });
}
